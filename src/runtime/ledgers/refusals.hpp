// Why a tenant's ledger takes something not, and what would be right.
#pragma once

#include "runtime/ledgers/allowances.hpp"

namespace suan::runtime {

core::Rejection closed(LedgerId id);
core::Rejection refused_too_often();
// `max`: LedgerServiceOptions::kept_per_org_max.
core::Rejection kept_too_much(std::uint64_t max);
// Of so many transfers or changes.
core::Rejection unpaid(const Allowances::Ledger& ledger, std::uint32_t transfers);

}  // namespace suan::runtime
