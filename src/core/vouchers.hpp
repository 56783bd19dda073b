// What a voucher pays for: a contract of transfers (docs/formats/contract.md) that is asked for
// each hold of a job before it is made, and again before it is charged. The hold's user_data_32 is
// the job's pool and its user_data_64 the job. Internal to src/core, but for the text.
//
//   debit require now_us < 1798761600000000;    its expiry
//   debit require user_data_32 in [1, 4];       its pools; `user_data_32 != 0`, a job's, when any
//   debit limit 500000000 per user_data_64;     its cap for one job, if it has one
//
// The text follows from the voucher's fields, so neither it nor what it is compiled to is part of
// the log, of snapshots or of digests.
#pragma once

#include "core/objects.hpp"

#include <string>

namespace suan::core {

std::string voucher_text(const Voucher& voucher);
// Its text, compiled. An error only for fields that decide_issue_voucher refuses.
Result<ledger::Contract> voucher_contract(const Voucher& voucher);

// What the limits of the voucher leave for the job, which it may have paid for in earlier runs.
// INT64_MAX: any amount.
Money room_for(const Voucher& voucher, const Job& job);
// Whether its requirements are met by `hold` at `now`. Not of a voucher that has expired.
bool voucher_allows(const Voucher& voucher, const ledger::Transfer& hold, Time now);

}  // namespace suan::core
