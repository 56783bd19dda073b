#include "train/model.hpp"

#include <fmt/format.h>

namespace suan::train {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

struct Range {
    const char* field;
    std::int64_t value;
    std::int64_t min;
    std::int64_t max;
};

Result<void> check_range(const ModelShape& m, const Range& r) {
    if (r.value >= r.min && r.value <= r.max) return {};
    return bad(fmt::format("model {}: {} is {}; it must be {} to {}", m.name, r.field, r.value,
                           r.min, r.max));
}

// Attention matrices of one layer: what the tensor degree divides, and what every rank keeps.
LayerParameters attention_parameters(const ModelShape& m) {
    const auto h = static_cast<double>(m.hidden);
    const auto a = static_cast<double>(m.heads);
    LayerParameters p;
    if (m.attention == Attention::shared) {
        const auto kv = static_cast<double>(m.kv_heads);
        p.tensor = h * static_cast<double>(m.head_dim) * (2 * a + 2 * kv);
        return p;
    }
    const LatentAttention& l = m.latent;
    const auto q = static_cast<double>(l.plain_dim + l.rotary_dim);
    const auto v = static_cast<double>(l.value_dim);
    const auto rank = static_cast<double>(l.key_value_rank);
    const auto query_rank = static_cast<double>(l.query_rank);
    p.replicated = h * (rank + static_cast<double>(l.rotary_dim)) + h * query_rank;
    const double queries = (l.query_rank > 0 ? query_rank : h) * a * q;
    p.tensor = queries + rank * a * (static_cast<double>(l.plain_dim) + v) + a * v * h;
    return p;
}

double mlp_parameters(const ModelShape& m, double width) {
    return static_cast<double>(m.hidden) * width * (m.mlp == Mlp::gated ? 3 : 2);
}

Result<void> check_attention(const ModelShape& m) {
    if (m.attention == Attention::latent) {
        const LatentAttention& l = m.latent;
        for (const Range& r : {Range{"latent.query_rank", l.query_rank, 0, 1 << 20},
                               Range{"latent.key_value_rank", l.key_value_rank, 1, 1 << 20},
                               Range{"latent.plain_dim", l.plain_dim, 1, 1 << 14},
                               Range{"latent.rotary_dim", l.rotary_dim, 0, 1 << 14},
                               Range{"latent.value_dim", l.value_dim, 1, 1 << 14}})
            if (auto ok = check_range(m, r); !ok) return std::move(ok).error();
        return {};
    }
    if (auto ok = check_range(m, {"head_dim", m.head_dim, 1, 1 << 14}); !ok) return ok;
    if (auto ok = check_range(m, {"kv_heads", m.kv_heads, 1, m.heads}); !ok) return ok;
    if (m.heads % m.kv_heads != 0)
        return bad(fmt::format("model {}: heads {} is not a multiple of kv_heads {}", m.name,
                               m.heads, m.kv_heads));
    return {};
}

Result<void> check_experts(const ModelShape& m) {
    for (const Range& r : {Range{"experts_per_token", m.experts_per_token, 1, m.experts},
                           Range{"expert_ffn", m.expert_ffn, 1, 1 << 24},
                           Range{"shared_experts", m.shared_experts, 0, 1024},
                           Range{"dense_layers", m.dense_layers, 0, m.layers - 1},
                           Range{"expert_period", m.expert_period, 1, m.layers}})
        if (auto ok = check_range(m, r); !ok) return ok;
    return {};
}

}  // namespace

std::int64_t ModelShape::expert_layers() const {
    if (!is_moe()) return 0;
    return (layers - dense_layers) / expert_period;
}

std::int64_t ModelShape::query_dim() const {
    return attention == Attention::latent ? latent.plain_dim + latent.rotary_dim : head_dim;
}

std::int64_t ModelShape::value_dim() const {
    return attention == Attention::latent ? latent.value_dim : head_dim;
}

std::int64_t ModelShape::vocab_padded(std::int64_t tp) const {
    const std::int64_t unit = vocab_multiple * tp;
    return (vocab + unit - 1) / unit * unit;
}

LayerParameters layer_parameters(const ModelShape& m, LayerKind kind) {
    LayerParameters p = attention_parameters(m);
    const auto h = static_cast<double>(m.hidden);
    p.replicated += 2 * h * (m.mlp == Mlp::gated ? 1 : 2);  // RMS norms have no bias
    if (kind == LayerKind::dense) {
        p.tensor += mlp_parameters(m, static_cast<double>(m.ffn_hidden));
        // Plain MLPs come with biases: qkv 3h, out h, up f, down h.
        if (m.mlp == Mlp::plain) p.tensor += 5 * h + static_cast<double>(m.ffn_hidden);
        return p;
    }
    const auto width = static_cast<double>(m.expert_ffn);
    p.tensor += mlp_parameters(m, width * static_cast<double>(m.shared_experts));
    p.experts = mlp_parameters(m, width) * static_cast<double>(m.experts);
    p.replicated += h * static_cast<double>(m.experts);  // router
    return p;
}

double embedding_parameters(const ModelShape& m) {
    return static_cast<double>(m.vocab) * static_cast<double>(m.hidden);
}

ParameterCount count_parameters(const ModelShape& m) {
    const auto moe = static_cast<double>(m.expert_layers());
    const auto dense = static_cast<double>(m.layers) - moe;
    const LayerParameters d = layer_parameters(m, LayerKind::dense);
    const LayerParameters e = layer_parameters(m, LayerKind::moe);
    const double copies = m.embeddings == Embeddings::tied ? 1 : 2;
    const double positions = m.positions == Positions::learned
                                 ? static_cast<double>(m.seq) * static_cast<double>(m.hidden)
                                 : 0;
    ParameterCount count;
    const double common = dense * (dense > 0 ? d.tensor + d.replicated : 0) +
                          moe * (e.tensor + e.replicated) + copies * embedding_parameters(m) +
                          positions;
    count.total = common + moe * e.experts;
    const double share =
        m.is_moe() ? static_cast<double>(m.experts_per_token) / static_cast<double>(m.experts) : 0;
    count.active = common + moe * e.experts * share;
    return count;
}

double model_flop_per_token(const ModelShape& m, Masked masked) {
    const double positions = m.positions == Positions::learned
                                 ? static_cast<double>(m.seq) * static_cast<double>(m.hidden)
                                 : 0;
    // The input embedding is a table, not a product; a tied matrix is used as a product once.
    const double lookup = m.embeddings == Embeddings::tied ? 0 : embedding_parameters(m);
    const double matrices = count_parameters(m).active - positions - lookup;
    const double scores = static_cast<double>(m.layers) * static_cast<double>(m.heads) *
                          static_cast<double>(m.query_dim() + m.value_dim()) *
                          static_cast<double>(m.seq) * (masked == Masked::skipped ? 0.5 : 1);
    return 6 * matrices + 6 * scores;
}

Result<void> check_model(const ModelShape& m) {
    for (const Range& r :
         {Range{"layers", m.layers, 1, 10'000}, Range{"hidden", m.hidden, 1, 1 << 20},
          Range{"heads", m.heads, 1, 1 << 14}, Range{"vocab", m.vocab, 1, 1 << 26},
          Range{"vocab_multiple", m.vocab_multiple, 1, 1 << 20}, Range{"seq", m.seq, 1, 1 << 26},
          Range{"predict_layers", m.predict_layers, 0, 16},
          Range{"attention_window", m.attention_window, 0, 1 << 26},
          Range{"experts", m.experts, 0, 1 << 16}})
        if (auto ok = check_range(m, r); !ok) return ok;
    if (auto ok = check_attention(m); !ok) return ok;
    if (m.expert_layers() < m.layers || !m.is_moe())
        if (auto ok = check_range(m, {"ffn_hidden", m.ffn_hidden, 1, 1 << 24}); !ok) return ok;
    return m.is_moe() ? check_experts(m) : Result<void>{};
}

}  // namespace suan::train
