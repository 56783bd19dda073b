#include "sim/traces/trace.hpp"

#include "base/assert.hpp"

#include <charconv>
#include <numeric>

namespace suan::sim {

static_assert(sizeof(TraceJob) == 64, "the memory bound of the header rests on it");

const char* to_string(Tier tier) {
    switch (tier) {
        case Tier::reserved:
            return "reserved";
        case Tier::standard:
            return "standard";
        case Tier::spot:
            return "spot";
    }
    return "?";
}

std::optional<Tier> tier_from(std::string_view text) {
    for (const Tier tier : {Tier::reserved, Tier::standard, Tier::spot}) {
        if (text == to_string(tier)) return tier;
    }
    return std::nullopt;
}

const char* to_string(SkipReason reason) {
    switch (reason) {
        case SkipReason::outside_window:
            return "outside_window";
        case SkipReason::other_org:
            return "other_org";
        case SkipReason::no_devices:
            return "no_devices";
        case SkipReason::never_started:
            return "never_started";
        case SkipReason::no_duration:
            return "no_duration";
        case SkipReason::partial_run:
            return "partial_run";
        case SkipReason::dependency_gone:
            return "dependency_gone";
    }
    return "?";
}

std::optional<std::int64_t> Trace::header_number(std::string_view key) const {
    for (const auto& [name, value] : header) {
        if (name != key) continue;
        std::int64_t number = 0;
        const auto [end, failure] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        if (failure == std::errc{}) return number;
    }
    return std::nullopt;
}

std::int64_t Trace::skipped_rows(SkipReason reason) const {
    for (const Skipped& skip : skipped) {
        if (skip.reason == reason) return skip.rows;
    }
    return 0;
}

GangShape split_gang(std::uint64_t devices, std::uint32_t devices_per_node) {
    SUAN_ASSERT(devices >= 1);
    SUAN_ASSERT(devices_per_node >= 1);
    if (devices <= devices_per_node) return {1, static_cast<std::uint32_t>(devices)};
    const auto each =
        static_cast<std::uint32_t>(std::gcd(devices, std::uint64_t{devices_per_node}));
    return {devices / each, each};
}

}  // namespace suan::sim
