// Tenants' ledgers as a service: opened and closed here, kept in the journal of settlement, metered
// by its totals. Internal to src/core.
//
// Two services are priced: transfers made, by the thousand (a change of accounts, keys or contracts
// counts as one, since it is kept for ever too), and time kept, by the day. For both,
// money of the org is held before there is use: for an allowance of transfers, and for an hour of
// time. A charge takes from the hold at the price of the hold, so no charge can fail and no cap can
// be overshot. Where the next hold finds no money, the ledger takes no more transfers; it stays
// open to be read, is not charged meanwhile, and goes on when there is money again.
#pragma once

#include "core/step.hpp"

namespace suan::core {

Verdict decide_open_ledger(Step& step, const OpenLedger& command);
Verdict decide_close_ledger(Step& step, const CloseLedger& command);
Verdict decide_meter_ledgers(Step& step, const MeterLedgers& command);

// What was held of its time has run out: charged, and held again.
void ledger_due(Step& step, LedgerId id);
// Holds again for ledgers that wait for money.
void fund_waiting_ledgers(Step& step);
void fund_waiting_ledgers(Step& step, OrgId org);
// Ledgers that were kept for nothing are so no longer, if time has a price now.
void begin_to_price_ledgers(Step& step);
// Up to now, so that an invoice and the books end at the same moment.
void charge_ledgers_time(Step& step, OrgId org);

void apply_ledger_opened(State& state, const Entry& entry, const LedgerOpened& event);
void apply_ledger_closing(State& state, const LedgerClosing& event);
void apply_ledger_closed(State& state, const LedgerClosed& event);
void apply_ledger_held(State& state, const LedgerHeld& event);
void apply_ledger_charged(State& state, const LedgerCharged& event);
void apply_ledgers_anchored(State& state, const Entry& entry);

// With everything that follows from it: names, timers, who waits for money.
void insert_ledger(State& state, TenantLedger ledger);

}  // namespace suan::core
