#include "train/memory.hpp"

#include "train/step.hpp"

#include <algorithm>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

// Bytes a token and layer keeps, by what divides them.
struct TokenBytes {
    double outside = 0;  // divided by tp only under sequence parallelism
    double whole = 0;    // not divided by tp
    double inside = 0;   // divided by tp
    double scores = 0;   // of standard attention: divided by tp, dropped by selective recompute
    double routed = 0;   // in experts, divided by their tensor degree
    double copies = 0;   // of tokens as they enter and leave experts: whole on each of those ranks
};

// Bytes of an element that a matrix product keeps for its backward pass: 8 bits, or 4 and a scale
// of 8 for each 16 of them (NVFP4), where the software keeps what it multiplied.
double input_bytes(const Execution& run, const StateWidths& w) {
    if (w.quantized == Quantized::for_products) return 2;
    if (run.precision == Precision::fp8) return 1;
    return run.precision == Precision::fp4 ? 0.5625 : 2;
}

void add_attention(TokenBytes& b, const ModelShape& m, const Execution& run, const StateWidths& w) {
    const double a = real(m.heads);
    const double q = real(m.query_dim());
    const double v = real(m.value_dim());
    const double input = input_bytes(run, w);
    if (m.attention == Attention::shared) {
        b.inside += 2 * q * (a + 2 * real(m.kv_heads));
    } else {
        const bool kept = w.latent_heads == LatentHeads::kept;
        if (kept) b.inside += 2 * a * (2 * q + v);
        b.outside += (2 + input) * real(m.latent.query_rank + m.latent.key_value_rank);
    }
    // What attention returns is kept in 16 bits, and again where its product quantizes it.
    b.inside += a * v * (input < 2 ? 2 + input : 2);
    if (run.attention == AttentionKernel::standard) b.scores = 5 * a * real(run.seq);
    if (run.attention == AttentionKernel::fused) b.inside += 4 * a;  // sums of exponentials
}

void add_mlp(TokenBytes& b, const ModelShape& m, const Execution& run, const StateWidths& w,
             LayerKind kind) {
    // Of one inner element: what the activation reads, and its result, which a product reads. A
    // gate without a kernel of its own keeps its two factors besides.
    const double gated = w.kernels == Kernels::fused ? 4 : 6;
    const double inner = (m.mlp == Mlp::gated ? gated : 2) + input_bytes(run, w);
    const double h = real(m.hidden);
    if (kind == LayerKind::dense) {
        b.inside += real(m.ffn_hidden) * inner;
        return;
    }
    const double width = real(m.expert_ffn);
    const double out = w.expert_outputs == ExpertOutputs::kept ? 2 : 0;
    b.inside += real(m.shared_experts) * width * inner;
    b.routed = real(m.experts_per_token) * width * inner;
    b.copies = real(m.experts_per_token) * (input_bytes(run, w) + out) * h;
}

TokenBytes token_bytes(const ModelShape& m, const Execution& run, const StateWidths& w,
                       LayerKind kind) {
    TokenBytes b;
    const double h = real(m.hidden);
    // Inputs of two norms, of attention and of the MLP; and two dropout masks.
    b.outside = h * (m.mlp == Mlp::gated || w.dropout == Dropout::none ? 4 : 6);
    (w.gathered_inputs == GatheredInputs::kept ? b.whole : b.outside) +=
        h * 2 * input_bytes(run, w);
    if (w.kernels == Kernels::plain) b.outside += h * 8;
    add_attention(b, m, run, w);
    add_mlp(b, m, run, w, kind);
    return b;
}

// Gradients that live together in the backward pass of a token, at its widest: of the MLP's inner
// activations, or of attention's scores and their softmax. Divided by tp. Not from a paper: the
// tensors that autograd holds while it runs those products.
double widest_gradient(const ModelShape& m, const Execution& run, LayerKind kind) {
    const double up = m.mlp == Mlp::gated ? 2 : 1;
    const double experts = real(m.experts_per_token + m.shared_experts) * real(m.expert_ffn);
    const double width = kind == LayerKind::dense ? real(m.ffn_hidden) : experts;
    const double mlp = 2 * width * (up + 1);
    if (run.attention == AttentionKernel::fused) return mlp;
    return std::max(mlp, 4 * real(m.heads) * real(run.seq));
}

struct LayerBytes {
    double kept = 0;     // by every micro-batch in flight
    double working = 0;  // once more: the layer that is being recomputed, its widest gradients
};

LayerBytes layer_bytes(const ModelShape& m, const Layout& l, const Execution& run,
                       const StateWidths& w, LayerKind kind) {
    const TokenBytes b = token_bytes(m, run, w, kind);
    const double words = word_bytes(run.precision) / 2;
    const double tokens = words * real(l.micro_batch) * real(run.seq) / real(l.cp);
    const double t = real(l.tp);
    const double outside_share = l.sequence_parallel == SequenceParallel::on ? 1 / t : 1;
    const double scores = l.recompute == Recompute::selective ? 0 : b.scores;
    const double again = tokens * (b.scores - scores) / t;
    const double routed = (b.routed + b.copies * real(l.etp)) / t;
    const double all = tokens * (b.outside * outside_share + b.whole + (b.inside + scores) / t +
                                 routed * run.expert_imbalance);
    const bool selective = l.recompute == Recompute::selective && b.scores <= 0;
    const double widest = tokens * widest_gradient(m, run, kind) / t + again;
    if (selective) return {all * w.selective_keeps, all * (1 - w.selective_keeps) + widest};
    if (l.recompute != Recompute::full) return {all, widest};
    return {tokens * 2 * real(m.hidden) * outside_share, all + widest};
}

LayerBytes mean_layer(const ModelShape& m, const Layout& l, const Execution& run,
                      const StateWidths& w) {
    const double share = real(m.expert_layers()) / real(m.layers);
    LayerBytes mean;
    if (share < 1) {
        const LayerBytes d = layer_bytes(m, l, run, w, LayerKind::dense);
        mean.kept += (1 - share) * d.kept;
        mean.working = d.working;
    }
    if (share > 0) {
        const LayerBytes e = layer_bytes(m, l, run, w, LayerKind::moe);
        mean.kept += share * e.kept;
        mean.working = std::max(mean.working, e.working);
    }
    return mean;
}

// Micro-batches that a stage holds: stage i of 1F1B min(p - i, m); interleaving keeps
// 1 + (p-1)/(p v) times as much on the first (Korthikanti 2022, section 4.2.3).
double in_flight(const Layout& l, std::int64_t stage) {
    const double wanted = real(l.pp - stage);
    const double most = std::min(wanted, real(l.micro_batches()));
    if (l.vpp == 1) return most;
    const double p = real(l.pp);
    const double chunks = wanted + (p - 1) / real(l.vpp);
    return std::min(chunks, real(l.micro_batches()));
}

double shards_of(const Layout& l) {
    return real(l.zero_group > 0 ? l.zero_group : l.dp * l.cp);
}

// Parameters of a stage with `layers` layers, besides what the embedding adds.
struct Held {
    double dense = 0;
    double experts = 0;
};

Held stage_parameters(const ModelShape& m, const Layout& l, double layers) {
    const double share = real(m.expert_layers()) / real(m.layers);
    const LayerParameters d = layer_parameters(m, LayerKind::dense);
    const LayerParameters e = layer_parameters(m, LayerKind::moe);
    Held held;
    if (share < 1) held.dense += layers * (1 - share) * (d.tensor / real(l.tp) + d.replicated);
    if (share > 0) {
        held.dense += layers * share * (e.tensor / real(l.tp) + e.replicated);
        held.experts = layers * share * e.experts / real(l.etp * l.ep);
    }
    return held;
}

void add_states(MemoryUse& use, double parameters, double shards, const Layout& l,
                const StateWidths& w) {
    const auto share = [&](int from_stage) { return l.zero_stage >= from_stage ? shards : 1; };
    use.weights += parameters * (l.zero_stage < 3 ? w.weight : w.weight_shard / shards);
    const double gradients = parameters * w.gradient / share(2);
    use.gradients += gradients;
    if (w.gradients == Gradients::allocated) use.allocated_gradients += gradients;
    if (l.zero_stage < 3) use.gradients += parameters * w.unsharded_gradient;
    use.optimizer += l.offload == Offload::optimizer ? 0 : parameters * w.optimizer / share(1);
}

void add_gathered(MemoryUse& use, const ModelShape& m, const Layout& l, const StateWidths& w,
                  double held) {
    if (l.zero_stage < 3) return;
    const Held layer = stage_parameters(m, l, 1);
    const double embedding = embedding_parameters(m) / real(l.tp);
    // The layer in use, the next one on its way, and the gradients of one.
    use.gathered = std::max(layer.dense + layer.experts, embedding) * (2 * w.weight + w.gradient);
    use.gathered = std::max(use.gathered, w.gathered_bytes_min);
    // Under a pipeline the parameters of a stage stay gathered, and its gradients whole, until the
    // last micro-batch (PyTorch FSDP2 without resharding after the forward pass).
    if (l.pp > 1) use.gathered = held * (w.weight + w.gradient);
}

struct Stage {
    std::int64_t index;
    double layers;
    double embeddings;  // vocabulary matrices held
    double heads;       // 1 where the logits are computed
};

MemoryUse stage_use(const ModelShape& m, const Layout& l, const Execution& run,
                    const StateWidths& w, const Constants& c, const Stage& stage) {
    MemoryUse use;
    Held held = stage_parameters(m, l, stage.layers);
    held.dense += stage.embeddings * real(m.vocab_padded(l.tp)) * real(m.hidden) / real(l.tp);
    add_states(use, held.dense, shards_of(l), l, w);
    const double replicas = std::max(1.0, real(l.tp * l.dp * l.cp) / real(l.etp * l.ep));
    if (held.experts > 0) add_states(use, held.experts, replicas, l, w);
    add_gathered(use, m, l, w, held.dense + held.experts);
    const LayerBytes layer = mean_layer(m, l, run, w);
    use.activations = layer.kept * stage.layers * in_flight(l, stage.index);
    use.working = layer.working;
    const double tokens = real(l.micro_batch) * real(run.seq) / real(l.cp);
    use.head = stage.heads * tokens * real(m.vocab_padded(l.tp)) / real(l.tp) * w.logit;
    const double updated = use.optimizer / w.optimizer * w.step;
    use.update = std::max(0.0, updated - use.passing());
    use.reserve = c.reserve_gib * gib;
    use.fragmentation = c.fragmentation * use.fragmenting();
    return use;
}

}  // namespace

MemoryUse seen_within(MemoryUse use, double device_bytes) {
    use.fragmentation = std::min(use.fragmentation, std::max(0.0, device_bytes - use.need()));
    return use;
}

double layer_activation_bytes(const ModelShape& model, const Layout& layout, const Execution& run,
                              LayerKind kind) {
    return layer_bytes(model, layout, run, StateWidths{}, kind).kept;
}

MemoryUse memory_use(const ModelShape& m, const Layout& l, const Execution& run,
                     const StateWidths& w, const Constants& c) {
    StageLayers split = split_layers(m, l);
    const bool balanced = (m.layers + 2) % l.pp == 0;
    if (w.ends == Ends::same || (w.ends == Ends::weighed && !balanced))
        split.first = split.last = split.middle;
    if (l.pp == 1) {
        const double copies = m.embeddings == Embeddings::separate ? 2 : 1;
        return stage_use(m, l, run, w, c, {0, split.all, copies, 1});
    }
    MemoryUse most = stage_use(m, l, run, w, c, {0, split.first, 1, 0});
    const MemoryUse last = stage_use(m, l, run, w, c, {l.pp - 1, split.last, 1, 1});
    if (last.total() > most.total()) most = last;
    if (l.pp > 2) {
        const MemoryUse second = stage_use(m, l, run, w, c, {1, split.middle, 0, 0});
        if (second.total() > most.total()) most = second;
    }
    return most;
}

}  // namespace suan::train
