// An org's invoice as one file that checks offline with the operator's public key alone
// (docs/formats/bill.md): the org's own entries, its own events of entries that it shares with
// others (log/entry.hpp), the price sheets, and the signed blocks that hold them.
//
// What a bill proves: every charge follows from a signed submission, start and price, and the
// charges shown add up to the invoice, line by line and payer by payer. What it cannot prove: that
// the times reported by the machines were honest.
#pragma once

#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/result.hpp"
#include "crypto/sm2.hpp"
#include "log/bill_bundle.hpp"
#include "log/log.hpp"

#include <cstdint>

namespace suan::runtime {

// Reads the log once, up to the invoice. `not_found` when the org has no such invoice, or its block
// is still open.
Result<log::BillBundle> make_bill(const log::Log& log, const crypto::PublicKey& operator_key,
                                  OrgId org, std::uint64_t invoice_id);

struct CheckedBill {
    OrgId org;
    std::uint64_t invoice_id = 0;
    Time from;
    Time to;
    std::uint64_t jobs = 0;
    std::uint64_t leases = 0;
    std::uint64_t charges = 0;
    std::uint64_t entries = 0;  // proven
    std::uint64_t blocks = 0;
    Money charged;
    Money corrections;
    Money total;
};

// `corrupt` names the first entry, charge or line that does not follow.
Result<CheckedBill> verify_bill(const log::BillBundle& bundle, const crypto::PublicKey& trusted);

}  // namespace suan::runtime
