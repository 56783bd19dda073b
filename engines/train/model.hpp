// The shape of a transformer, dense or mixture of experts, and its parameter counts.
// A value type; nothing here knows of devices. Sizes are counts of elements unless a name says
// otherwise. Read from YAML (docs/formats/training-plan.md), from a built-in name, or from a table.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace suan::train {

enum class Mlp { plain, gated };          // two matrices, or three (SwiGLU and its kin)
enum class Attention { shared, latent };  // MHA, GQA and MQA; or MLA of DeepSeek-V2
enum class Embeddings { separate, tied };
enum class Positions { rotary, learned };

// Latent attention (arXiv:2405.04434, section 2.1): queries and keys/values pass through low-rank
// projections; a head has a rotary and a plain part for scores, and its own width for values.
struct LatentAttention {
    std::int64_t query_rank = 0;      // 0: queries are projected directly
    std::int64_t key_value_rank = 0;  // of the shared latent
    std::int64_t plain_dim = 0;       // per head, scores without positions
    std::int64_t rotary_dim = 0;      // per head, scores with positions
    std::int64_t value_dim = 0;       // per head
};

struct ModelShape {
    std::string name;
    std::int64_t layers = 0;
    std::int64_t hidden = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t ffn_hidden = 0;  // of a dense layer; 0 where every layer has experts
    std::int64_t vocab = 0;
    std::int64_t vocab_multiple = 128;  // padded to this times the tensor degree, as Megatron does
    std::int64_t seq = 0;               // tokens of a sequence
    Mlp mlp = Mlp::plain;
    Attention attention = Attention::shared;
    LatentAttention latent{};
    std::int64_t attention_window = 0;  // tokens that a query sees at most; 0: all before it
    Embeddings embeddings = Embeddings::tied;
    Positions positions = Positions::rotary;

    // Mixture of experts; experts == 0 means dense.
    std::int64_t experts = 0;
    std::int64_t experts_per_token = 0;
    std::int64_t expert_ffn = 0;
    std::int64_t shared_experts = 0;
    std::int64_t dense_layers = 0;   // leading layers without experts
    std::int64_t expert_period = 1;  // every n-th layer after those has experts
    // Passes over memory of an expert's activation, relative to one fused kernel.
    double activation_passes = 1;
    std::int64_t predict_layers = 0;  // multi-token prediction depth (arXiv:2412.19437, 2.2)

    bool is_moe() const { return experts > 0; }
    std::int64_t expert_layers() const;
    // Width of the queries' and of the values' heads: equal but for latent attention.
    std::int64_t query_dim() const;
    std::int64_t value_dim() const;
    std::int64_t vocab_padded(std::int64_t tp) const;
};

// Parameters of one layer by how they are divided among devices: by the tensor degree, by nothing,
// or by the experts' own tensor and expert degrees.
struct LayerParameters {
    double tensor = 0;      // attention, dense MLP, shared experts
    double replicated = 0;  // norms, router, latent down-projections
    double experts = 0;     // routed experts
};

enum class LayerKind { dense, moe };

LayerParameters layer_parameters(const ModelShape& model, LayerKind kind);
double embedding_parameters(const ModelShape& model);  // one vocabulary matrix, unpadded

struct ParameterCount {
    double total = 0;
    double active = 0;  // that one token passes through
};
ParameterCount count_parameters(const ModelShape& model);

// Model FLOP of one token, forward and backward, without recomputation: 6 per matrix parameter that
// it meets and 12 layers x heads x head_dim x seq for attention, halved where `causal_half` says
// that masked scores are not counted (PaLM, arXiv:2204.02311, appendix B).
enum class Masked { counted, skipped };
double model_flop_per_token(const ModelShape& model, Masked masked);

// Every size is checked; the error names the field.
Result<void> check_model(const ModelShape& model);

Result<ModelShape> parse_model(std::string_view yaml, const std::string& where);
// A file, or one of `model_names()`.
Result<ModelShape> load_model(const std::string& name_or_path);
std::vector<std::string> model_names();

}  // namespace suan::train
