#include "train/step.hpp"

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

constexpr std::array<const char*, term_count> term_names = {
    "products", "attention", "elementwise", "launch",  "recompute",
    "tensor",   "experts",   "context",     "sends",   "gather",
    "bubble",   "gradients", "optimizer",   "offload", "overhead"};

// Host launches run ahead of the device: the device waits only where a pass is shorter than the
// time to launch it. Where launches block (CUDA_LAUNCH_BLOCKING) it waits at every kernel.
double launch_seconds(double kernels, double busy, Launches launches, const Constants& c) {
    const double gaps = kernels * c.gap_us * 1e-6;
    const double host = kernels * c.launch_us * 1e-6;
    if (launches == Launches::blocking) return gaps + host;
    return gaps + std::max(0.0, host - busy - gaps);
}

Group tensor_group(const Layout& l) {
    return {l.tp, 1};
}

// Experts are spread over the ranks next to a tensor group first (Megatron's order tp-cp-ep-dp-pp).
Group expert_group(const Layout& l) {
    return {l.ep, l.etp > 1 ? l.tp : 1};
}

PassTime forward_pass(const Operators& ops, const Layout& l, Launches launches, const Machine& m) {
    PassTime pass;
    for (const Gemm& g : ops.gemms())
        pass.products += gemm_seconds(g, m.rates, m.rates.flop_s);
    for (const Gemm& g : ops.score_gemms())
        pass.attention += gemm_seconds(g, m.rates, std::min(m.rates.flop_s, m.rates.flop16_s));
    if (ops.attention_flop > 0)
        pass.attention +=
            attention_seconds(ops.attention_flop, ops.attention_seq, ops.attention_width, m.rates);
    const double permuted = ops.permute_bytes * m.constants.permute_passes;
    pass.elementwise = vector_seconds(ops.vector_bytes + permuted, m.rates);
    pass.launch = launch_seconds(ops.kernels, pass.compute(), launches, m.constants);
    if (ops.tensor_collectives > 0)
        pass.tensor = ops.tensor_collectives * m.constants.tensor_exposed *
                      all_reduce_seconds(ops.tensor_bytes, tensor_group(l), m.links);
    if (ops.expert_exchanges > 0)
        pass.experts =
            ops.expert_exchanges * m.constants.expert_exposed *
            all_to_all_seconds(ops.expert_bytes, ops.expert_copies, expert_group(l), m.links);
    if (ops.context_bytes > 0) {
        const Group ring{l.cp, l.tp};
        const double bandwidth =
            ring.domains(m.links) > 1 ? m.links.network_bytes_s : m.links.fast_bytes_s;
        pass.context = std::max(0.0, ops.context_bytes / bandwidth - pass.attention);
    }
    return pass;
}

PassTime backward_pass(const Operators& ops, const PassTime& forward, Launches launches,
                       const Machine& m) {
    PassTime pass = forward;
    pass.products = 0;
    for (const Gemm& g : ops.gemms()) {
        pass.products += gemm_seconds(Gemm{g.m, g.k, g.n, g.count}, m.rates, m.rates.flop_s);
        pass.products += gemm_weight_gradient_seconds(g, m.rates, m.rates.flop_s);
    }
    // Fused attention computes its scores again: five products to the forward pass's two.
    pass.attention = forward.attention * (ops.attention_flop > 0 ? 2.5 : 2);
    const double permuted = ops.permute_bytes * m.constants.permute_passes;
    pass.elementwise = vector_seconds(ops.vector_bytes_backward + permuted, m.rates);
    pass.launch = 0;
    pass.launch = launch_seconds(ops.kernels_backward, pass.compute(), launches, m.constants);
    pass.context = forward.context * 2;
    return pass;
}

// ZeRO-3: a layer's parameters are gathered before each pass, its gradients scattered after
// (Rajbhandari 2020, section 7.2.2: 3 passes of the parameters a step, here a micro-batch). Under a
// pipeline they stay gathered for the whole step, and travel at its end as in ZeRO 2.
void add_gathers(LayerTime& time, double bytes, const Layout& l, const Machine& m) {
    const std::int64_t shards = l.zero_group > 0 ? l.zero_group : l.dp * l.cp;
    if (l.zero_stage < 3 || shards <= 1 || l.pp > 1) return;
    const double once = bucketed_gather_seconds(bytes, Group{shards, l.tp}, m.links);
    const double overlap = m.constants.gather_overlap;
    const auto exposed = [&](double wanted, double compute) {
        return std::max(0.0, wanted - overlap * compute);
    };
    time.forward.gather = exposed(once, time.forward.total());
    time.backward.gather = exposed(2 * once, time.backward.total() + time.again.total());
}

LayerTime pass_times(const Operators& ops, const Layout& l, Launches launches, const Machine& m) {
    LayerTime time;
    time.forward = forward_pass(ops, l, launches, m);
    time.backward = backward_pass(ops, time.forward, launches, m);
    return time;
}

// Recomputation: the whole layer, or the attention core only (Korthikanti 2022, section 5). A
// fused kernel has no scores to save; what its selective mode repeats is a measured share.
void add_recompute(LayerTime& time, const Operators& ops, const Layout& l, const Machine& m) {
    if (l.recompute == Recompute::full) {
        time.again = time.forward;
        return;
    }
    if (l.recompute != Recompute::selective) return;
    if (ops.score_count > 0) {
        time.again.attention = time.forward.attention;
        time.again.elementwise = time.forward.elementwise * 0.5;
    } else {
        time.again = time.forward * m.constants.selective_share;
    }
}

}  // namespace

const char* to_string(Term term) {
    return term_names[static_cast<std::size_t>(term)];
}

double StepTime::total() const {
    double sum = 0;
    for (const double s : seconds)
        sum += s;
    return sum;
}

Machine make_machine(const Cluster& cluster, const Constants& constants, Precision precision) {
    return Machine{cluster, constants, links(cluster, constants),
                   rates(cluster.device, constants, precision)};
}

PassTime& PassTime::operator+=(const PassTime& o) {
    products += o.products;
    attention += o.attention;
    elementwise += o.elementwise;
    launch += o.launch;
    tensor += o.tensor;
    experts += o.experts;
    context += o.context;
    gather += o.gather;
    return *this;
}

PassTime operator*(PassTime p, double factor) {
    p.products *= factor;
    p.attention *= factor;
    p.elementwise *= factor;
    p.launch *= factor;
    p.tensor *= factor;
    p.experts *= factor;
    p.context *= factor;
    p.gather *= factor;
    return p;
}

LayerTime layer_time(const ModelShape& model, const Layout& l, const Execution& run,
                     const Machine& m, LayerKind kind) {
    const Operators ops = layer_operators(model, l, run, kind);
    LayerTime time = pass_times(ops, l, run.launches, m);
    add_recompute(time, ops, l, m);
    const LayerParameters p = layer_parameters(model, kind);
    const double held = p.tensor / real(l.tp) + p.replicated + p.experts / real(l.etp * l.ep);
    add_gathers(time, held * word_bytes(run.precision), l, m);
    return time;
}

LayerTime head_time(const ModelShape& model, const Layout& l, const Execution& run,
                    const Machine& m) {
    LayerTime time = pass_times(head_operators(model, l, run), l, run.launches, m);
    add_gathers(time, embedding_parameters(model) * word_bytes(run.precision) / real(l.tp), l, m);
    return time;
}

LayerTimes layer_times(const ModelShape& model, const Layout& layout, const Execution& run,
                       const Machine& machine) {
    LayerTimes times;
    if (model.expert_layers() < model.layers)
        times.dense = layer_time(model, layout, run, machine, LayerKind::dense);
    if (model.is_moe()) times.moe = layer_time(model, layout, run, machine, LayerKind::moe);
    times.head = head_time(model, layout, run, machine);
    return times;
}

StageLayers split_layers(const ModelShape& model, const Layout& l) {
    StageLayers s;
    s.all = real(model.layers + model.predict_layers);
    const double p = real(l.pp);
    if (l.pp == 1) {
        s.first = s.middle = s.last = s.all;
        return s;
    }
    const double slots = real(l.pp * l.vpp);
    const double longest = std::ceil(s.all / slots) * real(l.vpp);
    const double spare = longest * p - s.all;
    s.middle = longest;
    // What is missing to full stages is taken from the last stage and then from the first.
    s.last = longest - std::min(std::ceil(spare / 2), longest);
    s.first = longest - std::min(std::floor(spare / 2), longest);
    return s;
}

HeldParameters held_parameters(const ModelShape& model, const Layout& l) {
    const StageLayers split = split_layers(model, l);
    const double longest = std::max({split.first, split.middle, split.last});
    const double moe_share = real(model.expert_layers()) / real(model.layers);
    const LayerParameters d = layer_parameters(model, LayerKind::dense);
    const LayerParameters e = layer_parameters(model, LayerKind::moe);
    HeldParameters held;
    const double t = real(l.tp);
    const double dense = model.expert_layers() < model.layers ? d.tensor / t + d.replicated : 0;
    const double moe = model.is_moe() ? e.tensor / t + e.replicated : 0;
    held.dense = longest * ((1 - moe_share) * dense + moe_share * moe);
    held.experts = longest * moe_share * e.experts / real(l.etp * l.ep);
    const double copies = l.pp == 1 && model.embeddings == Embeddings::separate ? 2 : 1;
    held.dense += copies * embedding_parameters(model) / t;
    return held;
}

}  // namespace suan::train
