// Rules of a pool, from and to their message. A field that is left out has the default of
// sched::Rules and PoolLimits, so that those who use nothing new read and write what they did.
#include "base/limits.hpp"
#include "core/centre.hpp"

#include <fmt/format.h>

namespace suan::core {
namespace {

using sched::Rules;

Duration span(std::int64_t ms, Duration otherwise) {
    return ms == 0 ? otherwise : Duration::milliseconds(ms);
}
std::int64_t ms_unless(Duration value, Duration otherwise) {
    return value == otherwise ? 0 : value.us / 1'000;
}

Verdict check_spans(const PoolRules& rules, const std::string& prefix) {
    constexpr std::int64_t ms_max = limits::walltime_us_max / 1'000;
    const std::pair<const char*, std::int64_t> spans[] = {
        {"usage_half_life_ms", rules.usage_half_life_ms()},
        {"usage_horizon_ms", rules.usage_horizon_ms()},
        {"min_runtime_ms", rules.min_runtime_ms()},
        {"walltime_default_ms", rules.walltime_default_ms()},
        {"walltime_max_ms", rules.walltime_max_ms()},
        {"meter_interval_ms", rules.meter_interval_ms()},
        {"quote_valid_ms", rules.quote_valid_ms()},
        {"reserve_after_ms", rules.reserve_after_ms()},
        {"overdue_after_ms", rules.overdue_after_ms()},
        {"reclaim_after_ms", rules.reclaim_after_ms()},
        {"reclaim_within_ms", rules.reclaim_within_ms()},
        {"spot_within_ms", rules.spot_within_ms()},
        {"resize_within_ms", rules.resize_within_ms()},
        {"spot_period_ms", rules.spot_period_ms()},
    };
    for (const auto& [field, value] : spans) {
        if (value >= 0 && value <= ms_max) continue;
        return reject(
            RejectionCode::invalid_field, prefix + field,
            fmt::format("{} must be 0 (the default) to {} ms, got {}", field, ms_max, value));
    }
    return std::nullopt;
}

Verdict check_counts(const PoolRules& rules, const std::string& prefix) {
    const struct {
        const char* field;
        std::uint32_t value, max;
    } counts[] = {
        {"reservations_max", rules.reservations_max(), limits::reservations_per_pool_max},
        {"quote_compensation_permille", rules.quote_compensation_permille(), 1'000},
        {"expected_permille", rules.expected_permille(), 1'000},
        {"expected_behind_milli", rules.expected_behind_milli(), 1'000'000},
        {"gang_nodes_min", rules.gang_nodes_min(), limits::nodes_max},
        {"reclaim_ratio_milli", rules.reclaim_ratio_milli(), 1'000'000},
        {"spot_ratio_milli", rules.spot_ratio_milli(), 1'000'000},
        {"stops_max", rules.stops_max(), 1'000'000},
    };
    for (const auto& [field, value, max] : counts) {
        if (value <= max) continue;
        return reject(RejectionCode::invalid_field, prefix + field,
                      fmt::format("{} must be 0 to {}, got {}", field, max, value));
    }
    return std::nullopt;
}

// What only makes sense together.
Verdict check_together(const PoolRules& rules, const std::string& prefix) {
    const auto bad = [&](const char* field, std::string message) {
        return reject(RejectionCode::invalid_field, prefix + field, std::move(message));
    };
    const bool learns = rules.expected_permille() != 0;
    if (!learns && rules.expected_behind_milli() != 0) {
        return bad("expected_behind_milli",
                   "expected_behind_milli needs expected_permille: nothing is learnt without it");
    }
    if (!learns && rules.ends() == "expected") {
        return bad("ends", "ends expected needs expected_permille: nothing is learnt without it");
    }
    if (rules.reclaim_within_ms() != 0 && rules.reclaim_within_ms() < rules.reclaim_after_ms()) {
        return bad("reclaim_within_ms", "reclaim_within_ms must be at least reclaim_after_ms");
    }
    return std::nullopt;
}

}  // namespace

Verdict check_pool_rules(const PoolRules& rules, const std::string& prefix) {
    const auto bad = [&](const char* field, std::string message) {
        return reject(RejectionCode::invalid_field, prefix + field, std::move(message));
    };
    if (Verdict wrong = check_spans(rules, prefix)) return wrong;
    if (Verdict wrong = check_counts(rules, prefix)) return wrong;
    if (rules.meter_interval_ms() != 0 && rules.meter_interval_ms() < 1'000) {
        return bad("meter_interval_ms",
                   "meter_interval_ms must be 0 (the default) or at least 1000");
    }
    if (rules.usage_half_life_ms() != 0 && rules.usage_half_life_ms() < 60'000) {
        return bad("usage_half_life_ms",
                   "usage_half_life_ms must be 0 (the default) or at least 60000");
    }
    if (rules.spot_period_ms() != 0 &&
        rules.spot_period_ms() < limits::spot_period_us_min / 1'000) {
        return bad("spot_period_ms",
                   fmt::format("spot_period_ms must be 0 (no market) or at least {}",
                               limits::spot_period_us_min / 1'000));
    }
    if (!rules.order().empty() && rules.order() != "fair" && rules.order() != "fifo" &&
        rules.order() != "shortest") {
        return bad("order", "order must be fair, fifo or shortest");
    }
    if (!rules.ends().empty() && rules.ends() != "limit" && rules.ends() != "expected") {
        return bad("ends", "ends must be limit or expected");
    }
    if (!rules.placement().empty() && rules.placement() != "fragments" &&
        rules.placement() != "tight") {
        return bad("placement", "placement must be fragments or tight");
    }
    return check_together(rules, prefix);
}

sched::Rules sched_rules_from(const PoolRules& rules) {
    Rules out;
    out.usage_half_life = span(rules.usage_half_life_ms(), out.usage_half_life);
    out.usage_horizon = span(rules.usage_horizon_ms(), out.usage_horizon);
    out.min_runtime = span(rules.min_runtime_ms(), out.min_runtime);
    if (rules.reservations_max() != 0) out.reservations_max = rules.reservations_max();
    if (rules.order() == "fifo") out.order = Rules::Order::fifo;
    if (rules.order() == "shortest") out.order = Rules::Order::shortest;
    if (rules.no_backfill()) out.backfill = Rules::Backfill::off;
    if (rules.no_preemption()) out.preemption = Rules::Preemption::off;
    out.expected_behind_milli = rules.expected_behind_milli();
    if (rules.ends() == "expected") out.ends = Rules::Ends::by_expected;
    if (rules.gang_nodes_min() != 0) out.gang_nodes_min = rules.gang_nodes_min();
    out.reserve_after = span(rules.reserve_after_ms(), out.reserve_after);
    out.overdue_after = span(rules.overdue_after_ms(), out.overdue_after);
    out.reclaim_ratio_milli = rules.reclaim_ratio_milli();
    out.reclaim_after = span(rules.reclaim_after_ms(), out.reclaim_after);
    out.reclaim_within = span(rules.reclaim_within_ms(), out.reclaim_within);
    out.spot_ratio_milli = rules.spot_ratio_milli();
    out.spot_within = span(rules.spot_within_ms(), out.spot_within);
    if (rules.placement() == "tight") out.place = Rules::Place::tight;
    out.stops_max = rules.stops_max();
    out.resize_within = span(rules.resize_within_ms(), out.resize_within);
    return out;
}

PoolLimits limits_from(const PoolRules& rules) {
    PoolLimits out;
    out.walltime_default = span(rules.walltime_default_ms(), out.walltime_default);
    out.walltime_max = span(rules.walltime_max_ms(), out.walltime_max);
    out.grace_default = span(rules.grace_default_ms(), out.grace_default);
    out.meter_interval = span(rules.meter_interval_ms(), out.meter_interval);
    out.quote_compensation_permille = rules.quote_compensation_permille();
    out.quote_valid = span(rules.quote_valid_ms(), out.quote_valid);
    out.expected_permille = rules.expected_permille();
    out.spot_period = Duration::milliseconds(rules.spot_period_ms());
    return out;
}

PoolRules rules_to_proto(const Pool& pool) {
    const Rules defaults;
    const Rules& rules = pool.rules;
    PoolRules out;
    out.set_usage_half_life_ms(rules.usage_half_life.us / 1'000);
    out.set_usage_horizon_ms(rules.usage_horizon.us / 1'000);
    out.set_min_runtime_ms(rules.min_runtime.us / 1'000);
    out.set_reservations_max(rules.reservations_max);
    out.set_order(rules.order == Rules::Order::fifo       ? "fifo"
                  : rules.order == Rules::Order::shortest ? "shortest"
                                                          : "fair");
    out.set_no_backfill(rules.backfill == Rules::Backfill::off);
    out.set_no_preemption(rules.preemption == Rules::Preemption::off);
    out.set_walltime_default_ms(pool.limits.walltime_default.us / 1'000);
    out.set_walltime_max_ms(pool.limits.walltime_max.us / 1'000);
    out.set_grace_default_ms(static_cast<std::uint32_t>(pool.limits.grace_default.us / 1'000));
    out.set_meter_interval_ms(pool.limits.meter_interval.us / 1'000);
    out.set_quote_compensation_permille(pool.limits.quote_compensation_permille);
    out.set_quote_valid_ms(pool.limits.quote_valid.us / 1'000);
    out.set_expected_permille(pool.limits.expected_permille);
    out.set_expected_behind_milli(rules.expected_behind_milli);
    if (rules.ends == Rules::Ends::by_expected) out.set_ends("expected");
    if (rules.gang_nodes_min != defaults.gang_nodes_min)
        out.set_gang_nodes_min(rules.gang_nodes_min);
    out.set_reserve_after_ms(ms_unless(rules.reserve_after, defaults.reserve_after));
    out.set_overdue_after_ms(ms_unless(rules.overdue_after, defaults.overdue_after));
    out.set_reclaim_ratio_milli(rules.reclaim_ratio_milli);
    out.set_reclaim_after_ms(ms_unless(rules.reclaim_after, defaults.reclaim_after));
    out.set_reclaim_within_ms(ms_unless(rules.reclaim_within, defaults.reclaim_within));
    out.set_spot_ratio_milli(rules.spot_ratio_milli);
    out.set_spot_within_ms(ms_unless(rules.spot_within, defaults.spot_within));
    if (rules.place != defaults.place) out.set_placement("tight");
    out.set_stops_max(rules.stops_max);
    out.set_resize_within_ms(rules.resize_within.us / 1'000);
    out.set_spot_period_ms(pool.limits.spot_period.us / 1'000);
    return out;
}

}  // namespace suan::core
