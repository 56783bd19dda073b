#include "core/reprice.hpp"

#include "base/limits.hpp"
#include "core/money.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

constexpr int128 milli_device_ms_per_hour = int128{1'000} * 3'600'000;

Money cut_to_64_bits(int128 micro_yuan) {
    return Money{
        static_cast<std::int64_t>(std::clamp(micro_yuan, int128{INT64_MIN}, int128{INT64_MAX}))};
}

Money cost(std::int64_t milli_device_ms, Money per_hour) {
    return cut_to_64_bits(int128{milli_device_ms} * per_hour.micro_yuan / milli_device_ms_per_hour);
}

Money cost(Service service, std::int64_t quantity, Money per_unit) {
    return cut_to_64_bits(int128{quantity} * per_unit.micro_yuan / service_unit(service));
}

Money sum(Money a, Money b) {
    return cut_to_64_bits(int128{a.micro_yuan} + b.micro_yuan);
}

void add_to(Repriced& to, const Repriced& more) {
    to.charges += more.charges;
    to.was = sum(to.was, more.was);
    to.would_be = sum(to.would_be, more.would_be);
}

void note(Repricing::Result& out, OrgId org, const Priced& by, const Repriced& what, bool kept) {
    add_to(out.all, what);
    add_to(out.by_line[by], what);
    add_to(out.by_org[org], what);
    if (kept) out.kept = sum(out.kept, what.was);
}

}  // namespace

std::optional<Rejection> Repricing::check(const State& state, const Lines& draft) {
    if (draft.empty() || static_cast<std::size_t>(draft.size()) > limits::price_lines_max) {
        return Rejection{RejectionCode::invalid_field, "lines",
                         fmt::format("lines must hold 1 to {} prices", limits::price_lines_max)};
    }
    return check_price_lines(state, draft, "lines");
}

Repricing::Repricing(const State& state, const Lines& draft) {
    for (const PriceLine& line : draft) {
        const bool is_service = line.service() != SERVICE_UNSPECIFIED;
        const Priced by = is_service
                              ? Priced{PoolId{}, TIER_UNSPECIFIED, line.service()}
                              : Priced{PoolId{line.pool_id()}, line.tier(), SERVICE_UNSPECIFIED};
        draft_[by] =
            Money{is_service ? line.micro_yuan_per_unit() : line.micro_yuan_per_device_hour()};
    }
    state.sheets.for_each([&](std::uint64_t, const PriceSheet& sheet) {
        for (const PriceLine& line : sheet.lines)
            past_[{sheet.id, line.line()}] = Money{line.micro_yuan_per_device_hour()};
    });
}

void Repricing::add(const PastCharge& charge) {
    if (charge.service != SERVICE_UNSPECIFIED) {
        bool kept = false;
        const Repriced what = of_service(charge, kept);
        note(services_, charge.org, {PoolId{}, TIER_UNSPECIFIED, charge.service}, what, kept);
        return;
    }
    const auto [at, is_new] = leases_.try_emplace(charge.lease, LeaseSum{charge, 1});
    if (is_new) return;
    LeaseSum& lease = at->second;
    ++lease.charges;
    lease.sum.milli_device_ms += charge.milli_device_ms;
    lease.sum.amount += charge.amount;
}

Repriced Repricing::of_service(const PastCharge& charge, bool& kept) const {
    const auto price = draft_.find({PoolId{}, TIER_UNSPECIFIED, charge.service});
    kept = price == draft_.end();
    return {1, charge.amount,
            kept ? charge.amount : cost(charge.service, charge.quantity, price->second)};
}

Repriced Repricing::of_lease(const LeaseSum& lease, bool& kept) const {
    const PastCharge& sum = lease.sum;
    Repriced out{lease.charges, sum.amount, sum.amount};
    const auto price = draft_.find({sum.pool, sum.tier, SERVICE_UNSPECIFIED});
    const auto then = past_.find({sum.sheet, sum.price_line});
    kept = true;
    if (price == draft_.end() || then == past_.end()) return out;
    // Part of a lease is what its whole cost less what was charged before: one more or less.
    const int128 by_line = cost(sum.milli_device_ms, then->second).micro_yuan;
    const int128 off = by_line - sum.amount.micro_yuan;
    if (off < -1 || off > 1) return out;
    kept = false;
    if (price->second != then->second) out.would_be = cost(sum.milli_device_ms, price->second);
    return out;
}

Repricing::Result Repricing::result() const {
    Result out = services_;
    for (const auto& [id, lease] : leases_) {
        bool kept = false;
        const Repriced what = of_lease(lease, kept);
        const PastCharge& sum = lease.sum;
        note(out, sum.org, {sum.pool, sum.tier, SERVICE_UNSPECIFIED}, what, kept);
    }
    return out;
}

}  // namespace suan::core
