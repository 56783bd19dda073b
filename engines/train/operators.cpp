#include "train/operators.hpp"

#include <algorithm>

namespace suan::train {
namespace {

double real(std::int64_t value) {
    return static_cast<double>(value);
}

struct Builder {
    const ModelShape& model;
    const Layout& layout;
    const Execution& run;
    Operators ops{};
    double t;       // tensor degree
    double tokens;  // of a micro-batch on one rank
    double h;
    double word;  // bytes

    Builder(const ModelShape& m, const Layout& l, const Execution& r)
        : model(m),
          layout(l),
          run(r),
          t(real(l.tp)),
          tokens(real(l.micro_batch) * real(r.seq) / real(l.cp)),
          h(real(m.hidden)),
          word(word_bytes(r.precision)) {}

    // Tokens that element-wise kernels outside the tensor-parallel parts see: all of them, or with
    // sequence parallelism their share (Korthikanti 2022, section 4.2.2).
    double outside_tokens() const {
        return layout.sequence_parallel == SequenceParallel::on ? tokens / t : tokens;
    }

    void product(double m, double n, double k, double count = 1) {
        ops.products[ops.product_count++] = Gemm{m, n, k, count};
        // FP8 and FP4 products read their inputs through a cast: 2 bytes in, 1 out.
        const bool cast = run.precision == Precision::fp8 || run.precision == Precision::fp4;
        if (cast) ops.vector_bytes += 3 * m * k * count;
        if (cast) ops.vector_bytes_backward += 3 * m * n * count;
        ops.kernels += cast ? 2 : 1;
        ops.kernels_backward += cast ? 3 : 2;
    }

    // Bytes are those of a run in 16 bits.
    void elementwise(double bytes, double backward, double kernels) {
        ops.vector_bytes += bytes * word / 2;
        ops.vector_bytes_backward += backward * word / 2;
        ops.kernels += kernels;
        ops.kernels_backward += kernels;
    }

    void projections();
    void core();
    void standard_core();
    void dense_mlp(double width);
    void experts();
    void around();
};

void Builder::projections() {
    const double a = real(model.heads) / t;
    if (model.attention == Attention::shared) {
        const double kv = std::max(real(model.kv_heads) / t, 1.0);
        const double d = real(model.head_dim);
        product(tokens, (a + 2 * kv) * d, h);
        product(tokens, h, a * d);
        elementwise(tokens * (a + 2 * kv) * d * 4, tokens * (a + 2 * kv) * d * 4, 2);
        return;
    }
    const LatentAttention& l = model.latent;
    const double q = real(l.plain_dim + l.rotary_dim);
    const double rank = real(l.key_value_rank);
    if (l.query_rank > 0) product(tokens, real(l.query_rank), h);
    product(tokens, a * q, l.query_rank > 0 ? real(l.query_rank) : h);
    product(tokens, rank + real(l.rotary_dim), h);
    product(tokens, a * real(l.plain_dim + l.value_dim), rank);
    product(tokens, h, a * real(l.value_dim));
    // Norms of the latents, rotary parts, and the copies that join plain and rotary halves.
    const double copied = tokens * (a * (2 * q + real(l.value_dim)) + rank + real(l.query_rank));
    elementwise(copied * 6, copied * 6, 8);
}

void Builder::standard_core() {
    const double batch = real(layout.micro_batch) * real(model.heads) / t;
    const double s = real(run.seq);
    const double own = s / real(layout.cp);
    const double d = real(model.query_dim());
    ops.scores[ops.score_count++] = Gemm{own, s, d, batch};
    ops.scores[ops.score_count++] = Gemm{own, real(model.value_dim()), s, batch};
    // Softmax reads and writes the scores (4 bytes), dropout reads, writes and keeps a mask (5);
    // backward does the same for the gradients, and reads both again.
    const double scores = batch * own * s;
    elementwise(scores * 9, scores * 13, 2);
    ops.kernels += 2;
    ops.kernels_backward += 4;
}

void Builder::core() {
    if (run.attention == AttentionKernel::standard) {
        standard_core();
        return;
    }
    const double s = real(run.seq);
    const double a = real(model.heads) / t;
    // Two products, of which a causal kernel does half (FlashAttention-2, arXiv:2307.08691, 3.1).
    const double widths = real(model.query_dim() + model.value_dim());
    const double window = real(model.attention_window);
    // A window of w in s tokens leaves w s - w^2/2 of the s^2/2 pairs.
    const double seen = window > 0 && window < s ? (2 * window - window * window / s) / s : 1;
    ops.attention_flop = tokens * s * a * widths * seen;
    ops.attention_seq = s / real(layout.cp);
    ops.attention_width = widths / 2;
    ops.kernels += 1;
    ops.kernels_backward += 2;
    const double kv = model.attention == Attention::latent
                          ? a * widths
                          : 2 * std::max(real(model.kv_heads) / t, 1.0) * real(model.head_dim);
    if (layout.cp > 1) ops.context_bytes = tokens * kv * word * real(layout.cp - 1);
}

void Builder::dense_mlp(double width) {
    const double wide = width / t;
    const double up = model.mlp == Mlp::gated ? 2 : 1;
    product(tokens, wide * up, h);
    product(tokens, h, wide);
    elementwise(tokens * wide * (2 * up + 2), tokens * wide * (4 * up + 2), 1);
}

// Routed experts. A rank of a tensor group dispatches its share of the tokens; experts that are
// themselves split over etp ranks gather the tokens of those ranks.
void Builder::experts() {
    const double routed = tokens / t * real(model.experts_per_token) * run.expert_imbalance;
    const double local = real(model.experts) / real(layout.ep);
    const double width = real(model.expert_ffn) / real(layout.etp);
    const double rows = routed * real(layout.etp) / local;
    const double up = model.mlp == Mlp::gated ? 2 : 1;
    product(outside_tokens(), real(model.experts), h);
    product(rows, width * up, h, local);
    product(rows, h, width, local);
    const double all = rows * local;
    const double passes = model.activation_passes;
    elementwise(all * width * (2 * up + 2) * passes, all * width * (4 * up + 2) * passes, passes);
    // Permute into experts' order and back, weighted: each reads and writes a copy.
    ops.permute_bytes = all * h * 5 * word;
    elementwise(0, 0, 12);
    if (layout.ep > 1) {
        ops.expert_bytes = routed * h * word;
        ops.expert_copies = real(model.experts_per_token);
        ops.expert_exchanges = 2;
    }
}

// Norms, residual sums and dropout (SC'21 fuses bias, dropout and sum into one kernel).
void Builder::around() {
    const double norms = model.mlp == Mlp::gated ? 20 : 22;
    elementwise(outside_tokens() * h * norms, outside_tokens() * h * (norms + 6), 4);
    ops.kernels += 2;
    ops.kernels_backward += 6;
    if (layout.tp > 1) {
        ops.tensor_bytes = tokens * h * word;
        ops.tensor_collectives = 2;
        ops.kernels += 2;
        ops.kernels_backward += 2;
    }
}

}  // namespace

double word_bytes(Precision precision) {
    return precision == Precision::fp32 ? 4 : 2;
}

Operators layer_operators(const ModelShape& model, const Layout& layout, const Execution& run,
                          LayerKind kind) {
    Builder b(model, layout, run);
    b.projections();
    b.core();
    if (kind == LayerKind::dense) {
        b.dense_mlp(real(model.ffn_hidden));
    } else {
        if (model.shared_experts > 0)
            b.dense_mlp(real(model.expert_ffn) * real(model.shared_experts));
        b.experts();
    }
    b.around();
    return b.ops;
}

Operators head_operators(const ModelShape& model, const Layout& layout, const Execution& run) {
    Execution head = run;
    // Vocabulary products stay in 16 bits.
    if (run.precision == Precision::fp8 || run.precision == Precision::fp4)
        head.precision = Precision::bf16;
    Builder b(model, layout, head);
    const double wide = real(model.vocab_padded(layout.tp)) / real(layout.tp);
    b.product(b.tokens, wide, b.h);
    // The loss passes over the logits in 32 bits: cast, maximum, exponential, sum; and once back.
    b.elementwise(b.tokens * wide * 18, b.tokens * wide * 10, 8);
    if (layout.tp > 1) b.ops.tensor_bytes = b.tokens * b.h * b.word;
    b.ops.tensor_collectives = layout.tp > 1 ? 1 : 0;
    return b.ops;
}

}  // namespace suan::train
