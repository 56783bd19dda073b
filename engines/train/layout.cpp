#include "train/layout.hpp"

#include <fmt/format.h>

namespace suan::train {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, "layout: " + std::move(text)};
}

struct Degree {
    const char* field;
    std::int64_t value;
};

Result<void> divides(const char* what, std::int64_t value, const char* by, std::int64_t degree) {
    if (degree > 0 && value % degree == 0) return {};
    return bad(fmt::format("{} {} is not a multiple of {} {}", what, value, by, degree));
}

Result<void> check_degrees(const Layout& l) {
    constexpr std::int64_t most = 1 << 24;
    for (const Degree& d :
         {Degree{"tp", l.tp}, Degree{"pp", l.pp}, Degree{"dp", l.dp}, Degree{"cp", l.cp},
          Degree{"ep", l.ep}, Degree{"etp", l.etp}, Degree{"vpp", l.vpp},
          Degree{"micro_batch", l.micro_batch}, Degree{"global_batch", l.global_batch}})
        if (d.value < 1 || d.value > most)
            return bad(fmt::format("{} is {}; it must be 1 to {}", d.field, d.value, most));
    const double devices = static_cast<double>(l.tp) * static_cast<double>(l.pp) *
                           static_cast<double>(l.dp) * static_cast<double>(l.cp);
    if (devices > most)
        return bad(fmt::format("tp x pp x dp x cp is {:.3g} devices; at most {}", devices, most));
    if (l.zero_stage < 0 || l.zero_stage > 3)
        return bad(fmt::format("zero_stage is {}; it must be 0 to 3", l.zero_stage));
    return {};
}

Result<void> check_experts(const ModelShape& m, const Layout& l) {
    if (!m.is_moe()) {
        if (l.ep == 1 && l.etp == 1) return {};
        return bad(fmt::format("ep {} and etp {}, but the model has no experts", l.ep, l.etp));
    }
    if (auto ok = divides("experts", m.experts, "ep", l.ep); !ok) return ok;
    if (auto ok = divides("expert_ffn", m.expert_ffn, "etp", l.etp); !ok) return ok;
    return divides("tp x cp x dp", l.tp * l.cp * l.dp, "etp x ep", l.etp * l.ep);
}

}  // namespace

const char* to_string(Recompute recompute) {
    switch (recompute) {
        case Recompute::none:
            return "none";
        case Recompute::selective:
            return "selective";
        case Recompute::full:
            return "full";
    }
    return "?";
}

const char* to_string(Precision precision) {
    switch (precision) {
        case Precision::fp32:
            return "fp32";
        case Precision::fp16:
            return "fp16";
        case Precision::bf16:
            return "bf16";
        case Precision::fp8:
            return "fp8";
        case Precision::fp4:
            return "fp4";
    }
    return "?";
}

Result<Precision> parse_precision(const std::string& text) {
    const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
    if (has("fp4")) return Precision::fp4;
    if (has("fp8")) return Precision::fp8;
    if (has("bf16") || has("bfloat16") || text == "amp") return Precision::bf16;
    if (has("fp16") || has("float16")) return Precision::fp16;
    if (has("fp32") || has("float32")) return Precision::fp32;
    return Error{ErrorCode::invalid,
                 fmt::format("precision '{}': use fp32, fp16, bf16, fp8 or fp4", text)};
}

Result<Recompute> parse_recompute(const std::string& text) {
    if (text.starts_with("none") || text == "unspecified" || text.empty()) return Recompute::none;
    if (text.starts_with("full")) return Recompute::full;
    if (text.starts_with("selective") || text.starts_with("norm")) return Recompute::selective;
    return Error{ErrorCode::invalid,
                 fmt::format("recompute '{}': use none, selective or full", text)};
}

std::string to_text(const Layout& l) {
    std::string text = fmt::format("tp {} pp {} dp {}", l.tp, l.pp, l.dp);
    const auto add = [&](const char* name, std::int64_t value) {
        if (value > 1) text += fmt::format(" {} {}", name, value);
    };
    add("cp", l.cp);
    add("ep", l.ep);
    add("etp", l.etp);
    add("vpp", l.vpp);
    text += fmt::format(" mbs {}", l.micro_batch);
    if (l.sequence_parallel == SequenceParallel::on) text += " sp";
    if (l.recompute != Recompute::none)
        text += fmt::format(" {}-recompute", to_string(l.recompute));
    if (l.zero_stage > 0) text += fmt::format(" zero-{}", l.zero_stage);
    if (l.offload == Offload::optimizer) text += " offload";
    return text;
}

Result<void> check_layout(const ModelShape& m, const Layout& l) {
    if (auto ok = check_degrees(l); !ok) return ok;
    if (auto ok = divides("heads", m.heads, "tp", l.tp); !ok) return ok;
    if (l.pp * l.vpp > m.layers + m.predict_layers + 2)
        return bad(fmt::format("pp {} x vpp {} chunks for {} layers", l.pp, l.vpp, m.layers));
    if (l.vpp > 1 && l.pp == 1) return bad("vpp above 1 needs pp above 1");
    if (auto ok = divides("global_batch", l.global_batch, "dp x micro_batch", l.dp * l.micro_batch);
        !ok)
        return ok;
    if (auto ok = divides("seq", m.seq, "cp", l.cp); !ok) return ok;
    return check_experts(m, l);
}

}  // namespace suan::train
