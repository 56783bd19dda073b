#include "core/vouchers.hpp"

#include "base/limits.hpp"
#include "ledger/contract/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

// Every voucher's text compiles: each pool is in its list once, with at most 10 digits.
static_assert(limits::pools_max <= ledger::limits::list_items_max);
static_assert(limits::pools_max * 12 + 200 <= ledger::limits::contract_bytes_max);

std::string pools_condition(std::vector<PoolId> pools) {
    if (pools.empty()) return "!= 0";
    std::sort(pools.begin(), pools.end());
    pools.erase(std::unique(pools.begin(), pools.end()), pools.end());
    std::string list;
    for (const PoolId pool : pools)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", pool.value);
    return fmt::format("in [{}]", list);
}

}  // namespace

std::string voucher_text(const Voucher& voucher) {
    std::string text = fmt::format(
        "debit require now_us < {};\n"
        "debit require user_data_32 {};\n",
        voucher.expires.us, pools_condition(voucher.pools));
    if (voucher.job_cap.micro_yuan != 0) {
        text += fmt::format("debit limit {} per user_data_64;\n", voucher.job_cap.micro_yuan);
    }
    return text;
}

Result<ledger::Contract> voucher_contract(const Voucher& voucher) {
    return ledger::Contract::compile(voucher_text(voucher));
}

Money room_for(const Voucher& voucher, const Job& job) {
    std::int64_t paid = 0;
    for (const auto& [payer, sum] : job.paid) {
        if (payer == voucher.id) paid += sum.micro_yuan;
    }
    return Money{voucher.rules.room(ledger::Side::debit, paid)};
}

bool voucher_allows(const Voucher& voucher, const ledger::Transfer& hold, Time now) {
    SUAN_ASSERT(!voucher.expired);
    return voucher.rules.allows(ledger::Side::debit, ledger::facts_of(hold, now));
}

}  // namespace suan::core
