#include "api/usage.hpp"

#include "base/money.hpp"

#include <algorithm>

namespace suan::api {
namespace {

constexpr std::uint32_t charges_at_once = 10'000;

std::int64_t start_of_step(const UsageRange& range, Time at) {
    return at.us - at.us % range.step.us;
}

// Of `amount` used from `begin` to `end`, what was used before `at`.
std::int64_t used_before(Time begin, Time end, std::int64_t amount, std::int64_t at_us) {
    if (at_us <= begin.us) return 0;
    if (at_us >= end.us) return amount;
    return static_cast<std::int64_t>(int128{amount} * (at_us - begin.us) / (end.us - begin.us));
}

// each(start of step, part of the amount) for every step that the span touches.
template <typename Each>
void for_each_step(const UsageRange& range, Time begin, Time end, std::int64_t amount, Each each) {
    if (end.us <= begin.us) return each(start_of_step(range, end), amount);
    std::int64_t before = 0;
    for (std::int64_t step = start_of_step(range, begin); step < end.us; step += range.step.us) {
        const std::int64_t until = used_before(begin, end, amount, step + range.step.us);
        each(step, until - before);
        before = until;
    }
}

}  // namespace

Time UsageRange::from(Time now) const {
    return Time{start_of_step(*this, now) - (std::int64_t{steps} - 1) * step.us};
}

void spread(const UsageRange& range, Time now, Time begin, Time end, std::int64_t amount,
            std::vector<std::int64_t>& steps) {
    steps.resize(range.steps);
    const Time from = range.from(now);
    for_each_step(range, begin, end, amount, [&](std::int64_t step, std::int64_t part) {
        const std::int64_t place = (step - from.us) / range.step.us;
        if (step >= from.us && place < range.steps) steps[static_cast<std::size_t>(place)] += part;
    });
}

void Usage::add(Table& table, const UsageRange& range, const runtime::ChargeRow& charge) {
    const Part part{charge.org, charge.pool, charge.tier};
    const auto add_up = [&](std::int64_t amount, std::int64_t Sum::*sum) {
        for_each_step(range, charge.from, charge.to, amount,
                      [&](std::int64_t step, std::int64_t share) {
                          table[{step, part}].*sum += share;
                      });
    };
    add_up(charge.milli_device_ms, &Sum::milli_device_ms);
    add_up(charge.micro_yuan.micro_yuan, &Sum::micro_yuan);
}

Result<void> Usage::refresh(const runtime::History& history, Time now) {
    const std::lock_guard lock(mutex_);
    runtime::MoneyFilter filter;
    filter.from = usage_month.from(now);
    filter.limit = charges_at_once;
    while (true) {
        filter.after = after_;
        const auto charges = history.charges(filter);
        if (!charges) return charges.error();
        for (const runtime::ChargeRow& charge : *charges) {
            add(day_, usage_day, charge);
            add(month_, usage_month, charge);
            after_ = charge.number;
        }
        if (charges->size() < charges_at_once) break;
    }
    day_.erase(day_.begin(), day_.lower_bound({usage_day.from(now).us, {}}));
    month_.erase(month_.begin(), month_.lower_bound({usage_month.from(now).us, {}}));
    return {};
}

UsageSums Usage::sums(const UsageRange& range, OrgId org, Time now) const {
    const std::lock_guard lock(mutex_);
    UsageSums out;
    const Time from = range.from(now);
    const Table& table = table_of(range);
    for (auto at = table.lower_bound({from.us, {}}); at != table.end(); ++at) {
        const auto& [step, part] = at->first;
        if (org && part.org != org) continue;
        UsageSteps& sums = out[{part.pool, part.tier}];
        sums.milli_device_ms.resize(range.steps);
        sums.micro_yuan.resize(range.steps);
        const std::int64_t place = (step - from.us) / range.step.us;
        if (place >= range.steps) continue;
        sums.milli_device_ms[static_cast<std::size_t>(place)] += at->second.milli_device_ms;
        sums.micro_yuan[static_cast<std::size_t>(place)] += at->second.micro_yuan;
    }
    return out;
}

}  // namespace suan::api
