#include "runtime/ledgers/refusals.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

namespace suan::runtime {

using core::Rejection;
using core::RejectionCode;

Rejection closed(LedgerId id) {
    return {RejectionCode::wrong_state, "ledger",
            fmt::format("ledger {} is closed: it can be read, and takes nothing new", id.value)};
}

Rejection refused_too_often() {
    return {RejectionCode::limit_reached, "",
            fmt::format("over {} transfers of this ledger, and {} for each that it has made, were "
                        "refused within an hour: see to why they are, and send again later",
                        refused_free, refused_per_made)};
}

Rejection kept_too_much(std::uint64_t max) {
    return {RejectionCode::limit_reached, "",
            fmt::format("the org's ledgers have {} accounts, keys and contracts (a contract counts "
                        "as {}), which is the most here: use those that are there, or ask the "
                        "operator for more",
                        max, limits::ledger_kept_per_contract)};
}

Rejection unpaid(const Allowances::Ledger& ledger, std::uint32_t transfers) {
    const std::uint64_t left = ledger.remaining();
    return {RejectionCode::insufficient_funds, "",
            ledger.status.takes_transfers && left > 0
                ? fmt::format("the org's money and budget cover {} more transfers, and the batch "
                              "has {}: send fewer, or add money",
                              left, transfers)
                : std::string("the org's money and budget do not cover this ledger's time or its "
                              "next transfers and changes: add money; until then it can be read")};
}

}  // namespace suan::runtime
