// step_time: the pipeline schedule, and what follows the last backward pass.
#include "train/step.hpp"

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

// One micro-batch through one stage, forward and backward.
struct StagePass {
    PassTime forward;
    PassTime backward;
    double again = 0;

    double total() const { return forward.total() + backward.total() + again; }
};

// A layer of the mean kind: stages hold dense and expert layers in the model's proportion.
LayerTime mean_layer(const ModelShape& model, const LayerTimes& times) {
    const double share = real(model.expert_layers()) / real(model.layers);
    LayerTime mean;
    mean.forward = times.dense.forward * (1 - share);
    mean.forward += times.moe.forward * share;
    mean.backward = times.dense.backward * (1 - share);
    mean.backward += times.moe.backward * share;
    mean.again = times.dense.again * (1 - share);
    mean.again += times.moe.again * share;
    return mean;
}

enum class Head { without, with };

StagePass stage_pass(const LayerTime& layer, const LayerTime& head, double layers, Head with,
                     double heads) {
    StagePass pass{layer.forward * layers, layer.backward * layers, layer.again.total() * layers};
    if (with == Head::with) {
        pass.forward += head.forward * heads;
        pass.backward += head.backward * heads;
    }
    return pass;
}

struct Pipeline {
    StagePass busiest;
    double sum = 0;  // of all stages' passes of one micro-batch
};

Pipeline pipeline_of(const ModelShape& model, const Layout& l, const LayerTimes& times) {
    const StageLayers split = split_layers(model, l);
    const LayerTime layer = mean_layer(model, times);
    const double heads = 1 + real(model.predict_layers);
    const StagePass last = stage_pass(layer, times.head, split.last, Head::with, heads);
    Pipeline p{last, layer.total() * split.all + heads * times.head.total()};
    if (l.pp == 1) return p;
    for (const double layers : {split.first, split.middle}) {
        const StagePass pass = stage_pass(layer, times.head, layers, Head::without, 0);
        if (pass.total() > p.busiest.total()) p.busiest = pass;
    }
    return p;
}

void add_passes(StepTime& step, const StagePass& pass, double count) {
    for (const PassTime* p : {&pass.forward, &pass.backward}) {
        step[Term::products] += count * p->products;
        step[Term::attention] += count * p->attention;
        step[Term::elementwise] += count * p->elementwise;
        step[Term::launch] += count * p->launch;
        step[Term::tensor] += count * p->tensor;
        step[Term::experts] += count * p->experts;
        step[Term::context] += count * p->context;
        step[Term::gather] += count * p->gather;
    }
    step[Term::recompute] += count * pass.again;
}

// What crosses a stage boundary each way for one micro-batch: activations, divided by
// the tensor degree where the software scatters them (SC'21, section 4.1).
double send_once(const ModelShape& model, const Layout& l, const Execution& run, const Machine& m) {
    double bytes = word_bytes(run.precision) * real(l.micro_batch) * real(run.seq) / real(l.cp) *
                   real(model.hidden);
    if (l.sequence_parallel == SequenceParallel::on || run.sends == Sends::scattered)
        bytes /= real(l.tp);
    return send_seconds(bytes, l.tp * l.cp * l.dp, m.links);
}

// Bytes of a gradient and of a parameter as they travel.
struct Widths {
    double gradient = 2;
    double parameter = 2;
};

Widths widths(const Execution& run) {
    Widths w;
    if (run.precision != Precision::fp16) w.gradient = 4;  // kept and reduced in 32 bits
    if (run.precision == Precision::fp32) w.parameter = 4;
    return w;
}

// Data-parallel traffic after the last micro-batch: gradients reduced, parameters gathered.
struct Reduction {
    double gradients = 0;
    double parameters = 0;
};

// ZeRO 1 and 2 scatter the gradients and gather the parameters, the volume of an all-reduce
// (Rajbhandari 2020, section 7.2.1); with shards smaller than the group the rest is an all-reduce
// of what a shard holds.
Reduction reduction(double held, const Group& group, const Layout& l, const Widths& w,
                    const Links& links) {
    Reduction r;
    if (group.size <= 1 || (l.zero_stage >= 3 && l.pp == 1)) return r;
    std::int64_t shards = l.zero_stage == 0 ? 1 : group.size;
    if (l.zero_stage > 0 && l.zero_group > 0) shards = std::min(l.zero_group, group.size);
    if (shards <= 1) {
        r.gradients = all_reduce_seconds(w.gradient * held, group, links);
        return r;
    }
    const Group inner{shards, group.stride};
    r.gradients = bucketed_gather_seconds(w.gradient * held, inner, links);
    r.parameters = bucketed_gather_seconds(w.parameter * held, inner, links);
    if (shards < group.size) {
        const Group outer{group.size / shards, group.stride * shards};
        r.gradients += all_reduce_seconds(w.gradient * held / real(shards), outer, links);
    }
    return r;
}

// What of the reduction is not hidden. Gradients hide behind the backward pass of the last
// micro-batch; with v chunks a stage, all but the first chunk's also behind the p micro-batches of
// each chunk that follow them in the interleaved order, and parameters behind the forward passes
// likewise. Software that reduces after the last backward pass hides nothing.
double exposed_reduction(double gradients, double parameters, const Layout& l, const Constants& c,
                         const StagePass& pass, Reduces reduces) {
    if (reduces == Reduces::after) return gradients + c.parameter_exposed * parameters;
    const double v = real(l.vpp);
    const double rounds = (1 + real(l.pp) * (v - 1)) / v;
    const double window = c.data_overlap * rounds * (pass.backward.total() + pass.again);
    const double ahead = real(l.pp) * (v - 1) / v * pass.forward.total();
    return std::max(gradients - window, 0.1 * gradients) +
           c.parameter_exposed * std::max(parameters / v, parameters - ahead);
}

void add_gradients(StepTime& step, const ModelShape& model, const Layout& l, const Execution& run,
                   const Machine& m, const StagePass& pass) {
    const HeldParameters held = held_parameters(model, l);
    const Widths w = widths(run);
    const Group ranks{l.dp * l.cp, l.tp};
    const Reduction dense = reduction(held.dense, ranks, l, w, m.links);
    const std::int64_t replicas = std::max<std::int64_t>(1, l.tp * l.dp * l.cp / (l.etp * l.ep));
    const Group expert_ranks{replicas, l.etp * l.ep};
    const Reduction experts = reduction(held.experts, expert_ranks, l, w, m.links);
    double seconds = dense.gradients + experts.gradients;
    // The two ends of a pipeline share a tied embedding and add up its gradients.
    if (l.pp > 1 && model.embeddings == Embeddings::tied)
        seconds += 2 * send_seconds(w.gradient * embedding_parameters(model) / real(l.tp),
                                    l.tp * l.cp * l.dp, m.links);
    step[Term::gradients] = exposed_reduction(seconds, dense.parameters + experts.parameters, l,
                                              m.constants, pass, run.reduces);

    // Adam in mixed precision reads and writes 32-bit weight and two moments, reads the gradient,
    // writes the 16-bit weight: 28 bytes; unscaling and the norm pass over the gradient: 8.
    const double shards =
        l.zero_stage >= 1 ? real(l.zero_group > 0 ? l.zero_group : l.dp * l.cp) : 1;
    const double expert_shards = l.zero_stage >= 1 ? real(replicas) : 1;
    const double updated = held.dense / shards + held.experts / expert_shards;
    step[Term::optimizer] = vector_seconds(36 * updated, m.rates);
    if (l.offload == Offload::optimizer) {
        // Gradients out and parameters back; the update itself runs on the host.
        step[Term::offload] =
            updated * (w.gradient + w.parameter) / (m.cluster.host_gbytes_s * 1e9);
    }
}

}  // namespace

// 1F1B (SC'21, section 2.2): the busiest stage works m times, the others once around it; with v
// chunks a stage the ramp is v times shorter. Uneven stages: the ramp is the sum of all stages,
// the steady state runs at the pace of the slowest.
StepTime step_time(const ModelShape& model, const Layout& l, const Execution& run, const Machine& m,
                   const LayerTimes& times) {
    const Pipeline pipe = pipeline_of(model, l, times);
    const double micro = real(l.micro_batches());
    StepTime step;
    add_passes(step, pipe.busiest, micro);
    // ZeRO-3 without a pipeline scatters the gradients of every micro-batch instead.
    if (l.zero_stage >= 1 && (l.zero_stage < 3 || l.pp > 1)) {
        const HeldParameters held = held_parameters(model, l);
        step[Term::elementwise] +=
            micro *
            vector_seconds(m.constants.accumulate_bytes * (held.dense + held.experts), m.rates);
    }
    if (l.pp > 1) {
        const double v = real(l.vpp);
        step[Term::bubble] = (pipe.sum - pipe.busiest.total()) / v;
        const double once = m.constants.pipeline_exposed * send_once(model, l, run, m);
        step[Term::bubble] += 2 * real(l.pp - 1) * once;
        step[Term::sends] = 2 * micro * v * once;
    }
    add_gradients(step, model, l, run, m, pipe.busiest);
    const double domains = std::max(1.0, real(l.devices()) / real(m.cluster.devices_per_domain));
    const double straggle = m.constants.straggle * std::log2(domains);
    const double tune_ms = run.purpose == Purpose::finetune ? m.constants.tune_ms : 0;
    step[Term::overhead] = step.total() * straggle + (m.constants.step_ms + tune_ms) * 1e-3;
    return step;
}

StepTime step_time(const ModelShape& model, const Layout& layout, const Execution& run,
                   const Machine& machine) {
    return step_time(model, layout, run, machine, layer_times(model, layout, run, machine));
}

}  // namespace suan::train
