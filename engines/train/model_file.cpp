// ModelShape from YAML.
#include "train/model.hpp"
#include "train/yaml.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace suan::train {
namespace {

template <typename Enum, std::size_t n>
void read_enum(Fields& fields, const char* field, Enum& value,
               const std::array<std::pair<const char*, Enum>, n>& choices) {
    if (!fields.has(field)) return;
    const std::string text = fields.text(field, "");
    std::string known;
    for (const auto& [name, choice] : choices) {
        if (text == name) {
            value = choice;
            return;
        }
        known += fmt::format("{}{}", known.empty() ? "" : " or ", name);
    }
    fields.fail(field, fmt::format("'{}' is not {}", text, known));
}

Result<void> read_latent(const YAML::Node& node, const std::string& where, LatentAttention& l) {
    Fields fields(node, where + ": latent");
    fields.read("query_rank", l.query_rank);
    fields.read("key_value_rank", l.key_value_rank);
    fields.read("plain_dim", l.plain_dim);
    fields.read("rotary_dim", l.rotary_dim);
    fields.read("value_dim", l.value_dim);
    return fields.finish();
}

void read_experts(Fields& fields, ModelShape& m) {
    fields.read("experts", m.experts);
    fields.read("experts_per_token", m.experts_per_token);
    fields.read("expert_ffn", m.expert_ffn);
    fields.read("shared_experts", m.shared_experts);
    fields.read("dense_layers", m.dense_layers);
    fields.read("expert_period", m.expert_period);
    fields.read("predict_layers", m.predict_layers);
}

void read_sizes(Fields& fields, ModelShape& m) {
    for (const char* field : {"layers", "hidden", "heads", "vocab", "seq"})
        fields.require(field);
    fields.read("layers", m.layers);
    fields.read("hidden", m.hidden);
    fields.read("heads", m.heads);
    m.kv_heads = m.heads;
    m.head_dim = m.heads > 0 ? m.hidden / m.heads : 0;
    fields.read("kv_heads", m.kv_heads);
    fields.read("head_dim", m.head_dim);
    fields.read("ffn_hidden", m.ffn_hidden);
    fields.read("vocab", m.vocab);
    fields.read("vocab_multiple", m.vocab_multiple);
    fields.read("seq", m.seq);
}

}  // namespace

Result<ModelShape> parse_model(std::string_view yaml, const std::string& where) {
    auto node = parse_yaml(yaml, where);
    if (!node) return std::move(node).error();
    Fields fields(*node, where);
    ModelShape m;
    m.name = fields.text("name", where);
    read_sizes(fields, m);
    read_enum(fields, "mlp", m.mlp,
              std::array{std::pair{"plain", Mlp::plain}, std::pair{"gated", Mlp::gated}});
    read_enum(
        fields, "attention", m.attention,
        std::array{std::pair{"shared", Attention::shared}, std::pair{"latent", Attention::latent}});
    read_enum(fields, "embeddings", m.embeddings,
              std::array{std::pair{"separate", Embeddings::separate},
                         std::pair{"tied", Embeddings::tied}});
    read_enum(fields, "positions", m.positions,
              std::array{std::pair{"rotary", Positions::rotary},
                         std::pair{"learned", Positions::learned}});
    if (fields.has("latent"))
        if (auto ok = read_latent(fields.node("latent"), where, m.latent); !ok)
            return std::move(ok).error();
    fields.read("attention_window", m.attention_window);
    fields.read("activation_passes", m.activation_passes);
    read_experts(fields, m);
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    if (auto ok = check_model(m); !ok) return std::move(ok).error().wrap(where);
    return m;
}

Result<ModelShape> load_model(const std::string& name_or_path) {
    auto text = read_data("models", name_or_path);
    if (!text) return std::move(text).error().wrap("model");
    return parse_model(*text, name_or_path);
}

std::vector<std::string> model_names() {
    return data_names("models");
}

}  // namespace suan::train
