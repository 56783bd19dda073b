// parse_layout.
#include "train/layout.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace suan::train {
namespace {

struct Degree {
    std::string_view name;
    std::int64_t Layout::*value;
};

constexpr std::array degrees = {Degree{"tp", &Layout::tp},
                                Degree{"pp", &Layout::pp},
                                Degree{"dp", &Layout::dp},
                                Degree{"cp", &Layout::cp},
                                Degree{"ep", &Layout::ep},
                                Degree{"etp", &Layout::etp},
                                Degree{"vpp", &Layout::vpp},
                                Degree{"mbs", &Layout::micro_batch},
                                Degree{"zero-group", &Layout::zero_group}};

Error bad(std::string_view part, const std::string& problem) {
    return Error{ErrorCode::invalid, fmt::format("layout: '{}': {}", part, problem)};
}

std::optional<std::int64_t> whole(std::string_view text) {
    std::int64_t value = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || stop != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

struct Part {
    std::string_view text;
    std::string_view name;
    std::string_view value;
};

Result<void> apply_degree(const Part& part, Layout& layout) {
    const auto value = whole(part.value);
    if (!value) return bad(part.text, "needs a whole number");
    for (const Degree& d : degrees)
        if (d.name == part.name) {
            layout.*d.value = *value;
            return {};
        }
    if (part.name != "zero")
        return bad(
            part.text,
            "use tp, pp, dp, cp, ep, etp, vpp, mbs, zero, zero-group, recompute, sp, offload");
    if (*value > 3) return bad(part.text, "must be 0 to 3");
    layout.zero_stage = static_cast<int>(*value);
    return {};
}

Result<void> apply(const Part& part, Layout& layout, bool& sp_given) {
    if (part.name == "sp") {
        sp_given = true;
        const bool on = part.value.empty() || part.value == "on";
        if (!on && part.value != "off") return bad(part.text, "use sp or sp=off");
        layout.sequence_parallel = on ? SequenceParallel::on : SequenceParallel::off;
        return {};
    }
    if (part.name == "offload") {
        layout.offload = Offload::optimizer;
        return {};
    }
    if (part.name == "recompute") {
        auto recompute = parse_recompute(std::string(part.value));
        if (!recompute) return bad(part.text, recompute.error().context);
        layout.recompute = *recompute;
        return {};
    }
    return apply_degree(part, layout);
}

}  // namespace

Result<Layout> parse_layout(const std::string& text, std::int64_t global_batch) {
    Layout layout;
    layout.global_batch = global_batch;
    bool sp_given = false;
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string_view token = rest.substr(0, comma);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        const auto equals = token.find('=');
        const bool has_value = equals != std::string_view::npos;
        const Part part{token, token.substr(0, equals),
                        has_value ? token.substr(equals + 1) : std::string_view()};
        if (auto ok = apply(part, layout, sp_given); !ok) return std::move(ok).error();
    }
    if (!sp_given && layout.tp > 1) layout.sequence_parallel = SequenceParallel::on;
    return layout;
}

}  // namespace suan::train
