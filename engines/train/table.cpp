#include "train/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace suan::train {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

std::optional<double> number(const std::string& text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, value);
    if (ec != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

// Reads numbers of one row; the first error is kept.
class Cells {
public:
    explicit Cells(const TableRow& row) : row_(row) {}

    std::int64_t whole(const char* column, std::int64_t otherwise) {
        const std::string& text = row_.at(column);
        if (text.empty()) return otherwise;
        const auto value = number(text);
        if (!value || *value != std::floor(*value) || *value < 0 || *value > 1e12) {
            fail(fmt::format("{}: '{}' is not a whole number", column, text));
            return otherwise;
        }
        return static_cast<std::int64_t>(*value);
    }
    std::int64_t required(const char* column) {
        if (row_.at(column).empty()) fail(fmt::format("{}: is missing", column));
        return whole(column, 1);
    }
    // A degree or a count of devices: at least 1.
    std::int64_t degree(const char* column, std::int64_t otherwise) {
        const std::int64_t value = whole(column, otherwise);
        if (value < 1) fail(fmt::format("{}: is {}; it must be 1 or more", column, value));
        return value;
    }
    std::int64_t required_degree(const char* column) {
        if (row_.at(column).empty()) fail(fmt::format("{}: is missing", column));
        return degree(column, 1);
    }
    double real(const char* column, double otherwise) {
        const std::string& text = row_.at(column);
        if (text.empty()) return otherwise;
        const auto value = number(text);
        if (!value || *value <= 0) fail(fmt::format("{}: '{}' is not a number", column, text));
        return value.value_or(otherwise);
    }
    const std::string& text(const char* column) const { return row_.at(column); }
    void fail(std::string problem) {
        if (!error_) error_ = bad(std::move(problem));
    }
    Result<void> finish() {
        if (error_) return *error_;
        return {};
    }

private:
    const TableRow& row_;
    std::optional<Error> error_;
};

// Public shapes of models that tables name without printing every size. 0: as the rules below say.
struct KnownShape {
    const char* label;  // part of the row's model, in lower case
    std::int64_t heads, kv_heads, head_dim, ffn_hidden, vocab;
};

constexpr std::array known_shapes = {
    KnownShape{"glm2_6b", 32, 2, 128, 13696, 65024},
    KnownShape{"glm3_6b", 32, 2, 128, 13696, 65024},
    KnownShape{"llama2_70b", 0, 0, 0, 28672, 32000},
    KnownShape{"codellama_34b", 0, 0, 0, 22016, 32016},
    KnownShape{"baichuan2_13b", 0, 0, 0, 13696, 125696},
    KnownShape{"baichuan2", 0, 0, 0, 0, 125696},
    KnownShape{"baichuan", 0, 0, 0, 0, 64000},
    KnownShape{"aquila", 0, 0, 0, 0, 100008},
    KnownShape{"bloom", 0, 0, 0, 0, 250880},
    KnownShape{"internlm", 0, 0, 0, 0, 103168},
    KnownShape{"qwen-14b", 0, 0, 0, 0, 152064},
    KnownShape{"qwen", 0, 0, 0, 0, 151936},
    KnownShape{"llama3", 0, 0, 0, 0, 128256},
    KnownShape{"llama-3", 0, 0, 0, 0, 128256},
    KnownShape{"gemma", 0, 0, 0, 0, 256000},
    KnownShape{"yi", 0, 0, 0, 0, 64000},
};

KnownShape known_shape(std::string label) {
    for (char& c : label)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    for (const KnownShape& k : known_shapes)
        if (label.find(k.label) != std::string::npos) return k;
    return {"", 0, 0, 0, 0, 0};
}

// A gated MLP of width 8h/3 rounded up to 256, as LLaMA's code does; a plain one of 4h.
std::int64_t usual_ffn(const ModelShape& m) {
    if (m.mlp == Mlp::plain) return 4 * m.hidden;
    return (8 * m.hidden / 3 + 255) / 256 * 256;
}

void read_heads(Cells& cells, ModelShape& m, const KnownShape& known) {
    m.heads = cells.whole("heads", known.heads);
    if (m.heads == 0) cells.fail("heads: is missing, and the model is not known by its name");
    m.kv_heads = cells.whole("kv_heads", known.kv_heads > 0 ? known.kv_heads : m.heads);
    const std::string& width = cells.text("head_dim");
    if (cells.text("attn_type") == "mla") {
        // Ranks of DeepSeek-V2/V3 and their kin; the table prints widths as qk/v.
        m.attention = Attention::latent;
        m.latent = LatentAttention{1536, 512, 128, 64, 128};
        return;
    }
    const std::int64_t usual = m.heads > 0 ? m.hidden / m.heads : 0;
    m.head_dim = width.empty() ? (known.head_dim > 0 ? known.head_dim : usual)
                               : cells.whole("head_dim", usual);
}

void read_experts(Cells& cells, ModelShape& m) {
    if (cells.text("arch") != "moe") return;
    m.experts = cells.required("experts");
    m.experts_per_token = cells.required("topk");
    m.expert_ffn = cells.required("moe_ffn_hidden");
    m.shared_experts = cells.whole("shared_experts", 0);
    m.dense_layers = cells.whole("dense_layers", 0);
    // DeepSeek-V3 trains one prediction module unless the row says that it is left out.
    // GPT-OSS clamps its gated activation and adds biases by expert, for which there is no kernel.
    if (m.name.starts_with("GPT OSS")) m.activation_passes = 5;
    const bool without = m.name.find("w/o MTP") != std::string::npos;
    if (m.name.starts_with("DeepSeekV3") && !without) m.predict_layers = 1;
}

ModelShape read_model(Cells& cells) {
    ModelShape m;
    m.name = cells.text("model");
    const KnownShape known = known_shape(m.name);
    m.layers = cells.required("layers");
    m.hidden = cells.required("hidden");
    m.seq = cells.required("seq");
    read_heads(cells, m, known);
    m.mlp = cells.text("gated_mlp") == "1" ? Mlp::gated : Mlp::plain;
    m.ffn_hidden =
        cells.whole("ffn_hidden", known.ffn_hidden > 0 ? known.ffn_hidden : usual_ffn(m));
    m.vocab = cells.whole("vocab", known.vocab > 0 ? known.vocab : 32000);
    m.embeddings = m.mlp == Mlp::gated ? Embeddings::separate : Embeddings::tied;
    m.positions = m.mlp == Mlp::gated ? Positions::rotary : Positions::learned;
    if (m.name.starts_with("Mistral-7B")) m.attention_window = 4096;  // its public config.json
    read_experts(cells, m);
    return m;
}

void read_zero(Cells& cells, Layout& l) {
    const std::string& text = cells.text("zero_stage");
    if (text.empty()) return;
    if (text[0] < '0' || text[0] > '3') {
        cells.fail(fmt::format("zero_stage: '{}' is not 0 to 3", text));
        return;
    }
    l.zero_stage = text[0] - '0';
    const auto group = text.find("(group=");
    if (group == std::string::npos) return;
    const char* begin = text.c_str() + group + 7;
    const auto [stop, ec] = std::from_chars(begin, text.c_str() + text.size(), l.zero_group);
    if (ec != std::errc() || *stop != ')' || l.zero_group < 1)
        cells.fail(fmt::format("zero_stage: '{}': the group must be a count of ranks", text));
}

Layout read_layout(Cells& cells, const ModelShape& m) {
    Layout l;
    l.tp = cells.required_degree("tp");
    l.pp = cells.required_degree("pp");
    l.cp = cells.degree("cp", 1);
    l.ep = cells.degree("ep", 1);
    l.vpp = cells.degree("vpp", 1);
    const std::int64_t devices = cells.required_degree("num_gpus");
    const std::int64_t mesh = std::max<std::int64_t>(1, l.tp * l.pp * l.cp);
    l.dp = cells.whole("dp", devices / mesh);
    if (l.devices() != devices)
        cells.fail(fmt::format("num_gpus: {} is not tp x pp x cp x dp = {}", devices, l.devices()));
    read_zero(cells, l);
    l.global_batch = cells.whole("gbs", 0);
    // Where no micro-batch is stated: under ZeRO-3 a rank's share, one piece for each stage;
    // else 1.
    const std::int64_t share =
        std::max<std::int64_t>(1, l.global_batch / std::max<std::int64_t>(1, l.dp));
    l.micro_batch =
        cells.whole("mbs", l.zero_stage == 3 ? std::max<std::int64_t>(1, share / l.pp) : 1);
    if (l.global_batch == 0) l.global_batch = l.dp * l.micro_batch * l.pp;
    // Experts are split by tensor degree only where expert parallelism does not spread them.
    l.etp = m.is_moe() && l.ep == 1 ? l.tp : 1;
    return l;
}

Result<Cluster> read_cluster(Cells& cells) {
    if (cells.text("gpu").empty()) return bad("gpu: is missing");
    auto cluster = server_of(cells.text("gpu"));
    if (!cluster) return std::move(cluster).error().wrap("gpu");
    cluster->devices = cells.whole("num_gpus", 1);
    cluster->devices_per_domain = cells.whole("gpus_per_node", 8);
    cluster->fast_gbytes_s = cells.real("intra_node_gbytes_s", cluster->fast_gbytes_s);
    cluster->network_gbytes_s =
        cells.real("inter_node_gbits_s_per_gpu", cluster->network_gbytes_s * 8) / 8;
    return cluster;
}

MemoryKind memory_kind(const std::string& text) {
    if (text.starts_with("weights+grads+optimizer")) return MemoryKind::states;
    if (text.starts_with("activations")) return MemoryKind::activations;
    return MemoryKind::all;
}

}  // namespace

Result<Case> case_of(const TableRow& row) {
    if (!row.at("problem").empty()) return bad(row.at("problem"));
    Cells cells(row);
    Case c;
    c.row_id = row.at("row_id");
    c.source = row.at("source");
    c.model = read_model(cells);
    c.layout = read_layout(cells, c.model);
    auto cluster = read_cluster(cells);
    if (!cluster) return std::move(cluster).error();
    c.cluster = std::move(*cluster);
    if (auto ok = cells.finish(); !ok) return std::move(ok).error();
    auto precision = parse_precision(row.at("precision"));
    if (!precision) return std::move(precision).error();
    auto recompute = parse_recompute(row.at("recompute"));
    if (!recompute) return std::move(recompute).error();
    c.layout.recompute = *recompute;
    auto name = software_of(row.at("framework"), row.at("attention_kernel"));
    if (!name) return std::move(name).error();
    auto software = find_software(*name, *precision);
    if (!software) return std::move(software).error();
    c.software = std::move(*software);
    if (c.layout.recompute == Recompute::full) c.layout.recompute = c.software.recompute;
    c.layout.zero_stage = std::max(c.layout.zero_stage, c.software.zero_stage_min);
    const std::string& sp = row.at("seq_parallel");
    if (c.layout.tp > 1)
        c.layout.sequence_parallel = sp.empty()  ? c.software.sequence_parallel
                                     : sp == "0" ? SequenceParallel::off
                                                 : SequenceParallel::on;
    // Fused attention takes 16 bits only (FlashAttention's README).
    const bool standard = *precision == Precision::fp32 ||
                          row.at("attention_kernel").starts_with("standard") ||
                          row.at("attention_kernel").starts_with("fused-softmax");
    const Purpose purpose =
        c.model.name.find("finetune") == std::string::npos ? Purpose::pretrain : Purpose::finetune;
    c.run = Execution{*precision,
                      standard ? AttentionKernel::standard : AttentionKernel::fused,
                      c.model.seq,
                      c.software.sends,
                      purpose,
                      1,
                      c.software.launches,
                      c.software.reduces};
    c.memory_kind = memory_kind(row.at("mem_kind"));
    if (auto ok = check_model(c.model); !ok) return std::move(ok).error();
    if (auto ok = check_cluster(c.cluster); !ok) return std::move(ok).error();
    if (auto ok = check_layout(c.model, c.layout); !ok) return std::move(ok).error();
    return c;
}

Measured measured_of(const TableRow& row) {
    const auto positive = [&](const char* column) -> std::optional<double> {
        const auto value = number(row.at(column));
        return value && *value > 0 ? value : std::nullopt;
    };
    return {positive("step_time_s"), positive("tokens_per_s_per_gpu"), positive("mem_gib_per_gpu")};
}

}  // namespace suan::train
