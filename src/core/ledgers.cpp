#include "core/ledgers.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

struct ServicePrice {
    PriceSheetId sheet;  // 0: no sheet has a line, it is free
    std::uint32_t line = 0;
    Money price;
};

ServicePrice price_of(const State& state, Service service) {
    const auto found = state.service_prices.find(service);
    if (found == state.service_prices.end()) return {};
    const auto& [sheet, line] = found->second;
    return {sheet, line.line(), Money{line.micro_yuan_per_unit()}};
}

std::int64_t cost_rounded_up(Service service, std::int64_t quantity, Money price) {
    const int128 exact = static_cast<int128>(quantity) * price.micro_yuan;
    const std::int64_t unit = service_unit(service);
    return static_cast<std::int64_t>((exact + unit - 1) / unit);
}

// What the org may still spend on services, which vouchers do not pay.
Money free_money(const State& state, OrgId id) {
    const Org& org = state.orgs.at(id.value);
    const Money own = state.available(org_account(id));
    return org.budget.active ? std::min(own, state.available(org.budget.account)) : own;
}

const ServiceTerm& term_of(const TenantLedger& ledger, Service service) {
    return service == SERVICE_LEDGER_TIME ? ledger.time_term : ledger.transfer_term;
}
ServiceTerm& term_of(TenantLedger& ledger, Service service) {
    return service == SERVICE_LEDGER_TIME ? ledger.time_term : ledger.transfer_term;
}

void emit_held(Step& step, const TenantLedger& ledger, Service service, std::int64_t quantity) {
    const ServicePrice price = price_of(step.state(), service);
    step.emit([&](Event& event) {
        LedgerHeld& held = *event.mutable_ledger_held();
        held.set_ledger_id(ledger.id.value);
        held.set_org_id(ledger.org.value);
        held.set_service(service);
        held.set_price_sheet_id(price.sheet.value);
        held.set_price_line(price.line);
        held.set_micro_yuan_per_unit(price.price.micro_yuan);
        held.set_quantity(quantity);
        held.set_micro_yuan(cost_rounded_up(service, quantity, price.price));
    });
}

// An hour of the ledger's time at today's price, where there is money for it.
void hold_time(Step& step, LedgerId id) {
    const TenantLedger& ledger = step.state().ledgers.at(id.value);
    SUAN_ASSERT(!ledger.time_term.in_force);
    const Money price = price_of(step.state(), SERVICE_LEDGER_TIME).price;
    const std::int64_t quantity = price.micro_yuan == 0 ? 0 : limits::ledger_time_held_us;
    const std::int64_t cost = cost_rounded_up(SERVICE_LEDGER_TIME, quantity, price);
    if (free_money(step.state(), ledger.org) < Money{cost}) return;
    emit_held(step, ledger, SERVICE_LEDGER_TIME, quantity);
}

// As many transfers of those wanted as there is money for.
void hold_transfers(Step& step, LedgerId id, std::uint64_t wanted) {
    const TenantLedger& ledger = step.state().ledgers.at(id.value);
    SUAN_ASSERT(!ledger.transfer_term.in_force);
    const Money price = price_of(step.state(), SERVICE_LEDGER_TRANSFERS).price;
    auto quantity = static_cast<std::int64_t>(std::min(wanted, limits::ledger_allowance_max));
    if (price.micro_yuan > 0) {
        const Money free = free_money(step.state(), ledger.org);
        const int128 most = static_cast<int128>(std::max<std::int64_t>(0, free.micro_yuan)) *
                            service_unit(SERVICE_LEDGER_TRANSFERS) / price.micro_yuan;
        if (most < quantity) quantity = static_cast<std::int64_t>(most);
    }
    if (quantity > 0) emit_held(step, ledger, SERVICE_LEDGER_TRANSFERS, quantity);
}

// Ends the hold of the service and charges what was used of it.
void charge(Step& step, LedgerId id, Service service, std::int64_t used) {
    const TenantLedger& ledger = step.state().ledgers.at(id.value);
    const ServiceTerm term = term_of(ledger, service);
    SUAN_ASSERT(term.in_force);
    SUAN_ASSERT(used >= 0 && used <= term.quantity);
    step.emit([&](Event& event) {
        LedgerCharged& charged = *event.mutable_ledger_charged();
        charged.set_ledger_id(ledger.id.value);
        charged.set_org_id(ledger.org.value);
        charged.set_service(service);
        charged.set_price_sheet_id(term.sheet.value);
        charged.set_price_line(term.line);
        charged.set_quantity(used);
        charged.set_micro_yuan(service_cost(service, used, term.price).micro_yuan);
        charged.set_from_us(term.since.us);
        charged.set_to_us(step.now().us);
    });
}

void charge_time(Step& step, LedgerId id) {
    const ServiceTerm& term = step.state().ledgers.at(id.value).time_term;
    charge(step, id, SERVICE_LEDGER_TIME, std::min((step.now() - term.since).us, term.quantity));
}

Verdict check_funds(const State& state, OrgId org) {
    const Money time = price_of(state, SERVICE_LEDGER_TIME).price;
    const Money transfers = price_of(state, SERVICE_LEDGER_TRANSFERS).price;
    const Money needed{cost_rounded_up(SERVICE_LEDGER_TIME, limits::ledger_time_held_us, time) +
                       cost_rounded_up(SERVICE_LEDGER_TRANSFERS, 1, transfers)};
    const Money free = free_money(state, org);
    if (needed <= free) return std::nullopt;
    const bool of_budget = free < state.available(org_account(org));
    return reject(
        of_budget ? RejectionCode::budget_exceeded : RejectionCode::insufficient_funds, "",
        fmt::format("an hour of a ledger and a first transfer cost {}, and the org {} {}: "
                    "{}",
                    yuan_text(needed), of_budget ? "has a budget of" : "has", yuan_text(free),
                    of_budget ? "raise the budget" : "add money"));
}

// A ledger that the actor may see; its admins may change it.
Verdict check_own(const Step& step, std::uint32_t id) {
    const TenantLedger* const ledger = step.state().ledgers.find(id);
    if (ledger == nullptr || !is_member_of(step.actor(), ledger->org)) {
        return reject(RejectionCode::not_found, "ledger_id",
                      fmt::format("there is no ledger {}", id));
    }
    if (is_admin_of(step.actor(), ledger->org)) return std::nullopt;
    return reject(RejectionCode::forbidden, "", "only an admin of the org closes its ledgers");
}

Verdict check_anchor(const State& state, const MeterLedgers& command) {
    const Anchor& anchor = state.anchor;
    if (command.journal_id().size() != Hash256{}.size()) {
        return reject(RejectionCode::invalid_field, "journal_id", "journal_id must have 32 bytes");
    }
    if (command.block_sm3().size() != Hash256{}.size()) {
        return reject(RejectionCode::invalid_field, "block_sm3", "block_sm3 must have 32 bytes");
    }
    if (anchor.block == 0) return std::nullopt;
    if (command.journal_id() != as_text(anchor.journal_id)) {
        return reject(RejectionCode::wrong_state, "journal_id",
                      fmt::format("the log is anchored in journal {}", to_hex(anchor.journal_id)));
    }
    if (command.block() < anchor.block ||
        (command.block() == anchor.block && command.block_sm3() != as_text(anchor.block_sm3))) {
        return reject(RejectionCode::wrong_state, "block",
                      fmt::format("the log is anchored at block {}, SM3 {}: the journal is not the "
                                  "one that was metered, or has lost its end",
                                  anchor.block, to_hex(anchor.block_sm3)));
    }
    return std::nullopt;
}

// What is priced as transfers: those made, and each change of accounts, keys and contracts.
std::uint64_t priced_total(const LedgerUse& use) {
    return use.transfers_total() + use.changes_total();
}

Verdict check_uses(const State& state, const MeterLedgers& command) {
    std::uint32_t last = 0;
    for (int i = 0; i < command.uses_size(); ++i) {
        const LedgerUse& use = command.uses(i);
        const std::string field = fmt::format("uses[{}]", i);
        const TenantLedger* const ledger = state.ledgers.find(use.ledger_id());
        if (ledger == nullptr || ledger->state == LEDGER_STATE_CLOSED) {
            return reject(RejectionCode::not_found, field + ".ledger_id",
                          fmt::format("there is no open ledger {}", use.ledger_id()));
        }
        if (use.ledger_id() <= last) {
            return reject(RejectionCode::invalid_field, field + ".ledger_id",
                          "ledgers must come once each, by rising id");
        }
        last = use.ledger_id();
        if (use.changes_total() > UINT64_MAX - use.transfers_total() ||
            priced_total(use) < ledger->transfers) {
            return reject(RejectionCode::wrong_state, field + ".transfers_total",
                          fmt::format("{} transfers and changes of ledger {} were metered before, "
                                      "and the journal has {} and {}",
                                      ledger->transfers, use.ledger_id(), use.transfers_total(),
                                      use.changes_total()));
        }
        if (use.last() && ledger->state != LEDGER_STATE_CLOSING) {
            return reject(RejectionCode::wrong_state, field + ".last",
                          fmt::format("ledger {} is not closing", use.ledger_id()));
        }
    }
    return std::nullopt;
}

// Charges what was made and was not metered yet, as far as it was allowed, and gives the next
// allowance.
void meter(Step& step, const LedgerUse& use) {
    const LedgerId id{use.ledger_id()};
    const TenantLedger& ledger = step.state().ledgers.at(id.value);
    const ServiceTerm& term = ledger.transfer_term;
    const auto unmetered = [&] { return priced_total(use) - ledger.transfers; };
    std::uint64_t wanted = std::max(use.transfers_wanted(), unmetered());
    if (term.in_force) {
        const auto allowed = static_cast<std::uint64_t>(term.quantity);
        const std::uint64_t used = std::min(unmetered(), allowed);
        // What is far more than is wanted is given back, so that it holds no money.
        const bool is_plenty = use.transfers_wanted() != 0 && wanted <= allowed / 8;
        if (used == 0 && wanted <= allowed && !is_plenty && !use.last()) return;
        if (use.transfers_wanted() == 0) wanted = std::max(unmetered(), allowed) - used;
        charge(step, id, SERVICE_LEDGER_TRANSFERS, static_cast<std::int64_t>(used));
    }
    if (use.last()) {
        step.emit([&](Event& event) {
            event.mutable_ledger_closed()->set_ledger_id(id.value);
            event.mutable_ledger_closed()->set_org_id(ledger.org.value);
        });
        return;
    }
    if (ledger.state == LEDGER_STATE_OPEN && !ledger.time_term.in_force) {
        hold_time(step, id);
        if (!ledger.time_term.in_force) wanted = unmetered();
    }
    if (wanted > 0) hold_transfers(step, id, wanted);
}

void release(State& state, const TenantLedger& ledger, ServiceTerm& term, std::int64_t charged) {
    for (Hold& hold : term.holds)
        draw(state, {ledger.id.value, PoolId{}}, hold, charged, LastCharge::yes);
    term = ServiceTerm{};
}

}  // namespace

std::int64_t service_unit(Service service) {
    constexpr std::int64_t transfers = 1'000;
    constexpr std::int64_t day_us = 24LL * 3'600 * 1'000'000;
    return service == SERVICE_LEDGER_TIME ? day_us : transfers;
}

Money service_cost(Service service, std::int64_t quantity, Money price) {
    const int128 exact = static_cast<int128>(quantity) * price.micro_yuan;
    return Money{static_cast<std::int64_t>(exact / service_unit(service))};
}

Verdict decide_open_ledger(Step& step, const OpenLedger& command) {
    const State& state = step.state();
    const OrgId org{command.org_id()};
    if (state.orgs.find(org.value) == nullptr || !is_member_of(step.actor(), org)) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", org.value));
    }
    if (!is_admin_of(step.actor(), org)) {
        return reject(RejectionCode::forbidden, "", "only an admin of the org opens ledgers");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (state.ledger_names.contains({org, command.name()})) {
        return reject(RejectionCode::exists, "name",
                      fmt::format("the org has a ledger {}", command.name()));
    }
    if (state.orgs.at(org.value).ledgers.size() >= limits::ledgers_per_org_max) {
        return reject(
            RejectionCode::limit_reached, "org_id",
            fmt::format("an org has at most {} ledgers at a time", limits::ledgers_per_org_max));
    }
    if (state.next_ledger > limits::ledgers_max) {
        return reject(RejectionCode::limit_reached, "",
                      fmt::format("a centre has at most {} ledgers, closed ones included",
                                  limits::ledgers_max));
    }
    if (Verdict bad = check_funds(state, org)) return bad;
    const LedgerId id{state.next_ledger};
    step.emit([&](Event& event) {
        event.mutable_ledger_opened()->set_ledger_id(id.value);
        event.mutable_ledger_opened()->set_org_id(org.value);
    });
    hold_time(step, id);
    hold_transfers(step, id, limits::ledger_allowance_first);
    return std::nullopt;
}

Verdict decide_close_ledger(Step& step, const CloseLedger& command) {
    if (Verdict bad = check_own(step, command.ledger_id())) return bad;
    const TenantLedger& ledger = step.state().ledgers.at(command.ledger_id());
    if (ledger.state != LEDGER_STATE_OPEN) {
        return reject(RejectionCode::wrong_state, "ledger_id",
                      fmt::format("ledger {} is closed already", command.ledger_id()));
    }
    if (ledger.time_term.in_force) charge_time(step, ledger.id);
    step.emit([&](Event& event) {
        event.mutable_ledger_closing()->set_ledger_id(ledger.id.value);
        event.mutable_ledger_closing()->set_org_id(ledger.org.value);
    });
    return std::nullopt;
}

Verdict decide_meter_ledgers(Step& step, const MeterLedgers& command) {
    if (!is_system(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only the hub itself meters ledgers");
    }
    if (Verdict bad = check_anchor(step.state(), command)) return bad;
    if (Verdict bad = check_uses(step.state(), command)) return bad;
    if (command.block() > step.state().anchor.block) {
        step.emit([](Event& event) { event.mutable_ledgers_anchored(); });
    }
    for (const LedgerUse& use : command.uses())
        meter(step, use);
    return std::nullopt;
}

void ledger_due(Step& step, LedgerId id) {
    const TenantLedger* const ledger = step.state().ledgers.find(id.value);
    if (ledger == nullptr || ledger->due() > step.now()) return;
    charge_time(step, id);
    hold_time(step, id);
}

void fund_waiting_ledgers(Step& step) {
    const std::set<LedgerId> waiting = step.state().unfunded_ledgers;
    for (const LedgerId id : waiting)
        hold_time(step, id);
}

void fund_waiting_ledgers(Step& step, OrgId org) {
    const std::set<LedgerId> waiting = step.state().unfunded_ledgers;
    for (const LedgerId id : waiting) {
        if (step.state().ledgers.at(id.value).org == org) hold_time(step, id);
    }
}

void begin_to_price_ledgers(Step& step) {
    if (price_of(step.state(), SERVICE_LEDGER_TIME).price.micro_yuan == 0) return;
    std::vector<LedgerId> free;
    step.state().ledgers.for_each([&](std::uint64_t, const TenantLedger& ledger) {
        const ServiceTerm& term = ledger.time_term;
        if (ledger.state == LEDGER_STATE_OPEN && term.in_force && term.quantity == 0)
            free.push_back(ledger.id);
    });
    for (const LedgerId id : free) {
        charge_time(step, id);
        hold_time(step, id);
    }
}

void charge_ledgers_time(Step& step, OrgId org) {
    const std::vector<LedgerId> ledgers = step.state().orgs.at(org.value).ledgers;
    for (const LedgerId id : ledgers) {
        const ServiceTerm& term = step.state().ledgers.at(id.value).time_term;
        if (!term.in_force || term.quantity == 0) continue;
        charge_time(step, id);
        hold_time(step, id);
    }
}

void insert_ledger(State& state, TenantLedger ledger) {
    const LedgerId id = ledger.id;
    if (ledger.state != LEDGER_STATE_CLOSED) {
        state.ledger_names.emplace(std::pair(ledger.org, ledger.name), id);
        state.orgs.at(ledger.org.value).ledgers.push_back(id);
    }
    if (ledger.state == LEDGER_STATE_OPEN && !ledger.time_term.in_force)
        state.unfunded_ledgers.insert(id);
    if (ledger.due() != time_max) state.timers.push({ledger.due(), Timer::Kind::ledger, id.value});
    state.ledgers.insert(id.value, std::move(ledger));
}

void apply_ledger_opened(State& state, const Entry& entry, const LedgerOpened& event) {
    TenantLedger ledger;
    ledger.id = LedgerId{event.ledger_id()};
    ledger.org = OrgId{event.org_id()};
    ledger.name = entry.command().open_ledger().name();
    ledger.opened = state.now;
    state.next_ledger = event.ledger_id() + 1;
    insert_ledger(state, std::move(ledger));
}

void apply_ledger_closing(State& state, const LedgerClosing& event) {
    TenantLedger& ledger = state.ledgers.at(event.ledger_id());
    SUAN_ASSERT(!ledger.time_term.in_force);
    ledger.state = LEDGER_STATE_CLOSING;
    state.unfunded_ledgers.erase(ledger.id);
}

void apply_ledger_closed(State& state, const LedgerClosed& event) {
    TenantLedger& ledger = state.ledgers.at(event.ledger_id());
    release(state, ledger, ledger.transfer_term, 0);
    ledger.state = LEDGER_STATE_CLOSED;
    ledger.closed = state.now;
    state.ledger_names.erase({ledger.org, ledger.name});
    std::erase(state.orgs.at(ledger.org.value).ledgers, ledger.id);
}

void apply_ledger_held(State& state, const LedgerHeld& event) {
    TenantLedger& ledger = state.ledgers.at(event.ledger_id());
    ServiceTerm& term = term_of(ledger, event.service());
    SUAN_ASSERT(!term.in_force);
    term.in_force = true;
    term.sheet = PriceSheetId{event.price_sheet_id()};
    term.line = event.price_line();
    term.price = Money{event.micro_yuan_per_unit()};
    term.quantity = event.quantity();
    term.since = state.now;
    const Budget& budget = state.orgs.at(ledger.org.value).budget;
    const auto place = [&](ledger::AccountId account, bool counts_only) {
        Hold hold;
        hold.account = account;
        hold.micro_yuan = event.micro_yuan();
        hold.budget = counts_only;
        term.holds.push_back(make_hold(state, {ledger.id.value, PoolId{}}, hold));
    };
    if (event.micro_yuan() > 0) place(org_account(ledger.org), false);
    if (event.micro_yuan() > 0 && budget.active) place(budget.account, true);
    if (event.service() != SERVICE_LEDGER_TIME) return;
    state.unfunded_ledgers.erase(ledger.id);
    if (ledger.due() != time_max)
        state.timers.push({ledger.due(), Timer::Kind::ledger, ledger.id.value});
}

void apply_ledger_charged(State& state, const LedgerCharged& event) {
    TenantLedger& ledger = state.ledgers.at(event.ledger_id());
    release(state, ledger, term_of(ledger, event.service()), event.micro_yuan());
    if (event.service() == SERVICE_LEDGER_TIME) {
        state.unfunded_ledgers.insert(ledger.id);
    } else {
        ledger.transfers += static_cast<std::uint64_t>(event.quantity());
    }
    if (event.quantity() == 0) return;
    const Money amount{event.micro_yuan()};
    ledger.charged += amount;
    Org& org = state.orgs.at(ledger.org.value);
    InvoiceKey key;
    key.tier = TIER_UNSPECIFIED;
    key.sheet = PriceSheetId{event.price_sheet_id()};
    key.line = event.price_line();
    key.service = event.service();
    InvoiceSum& sum = org.unbilled[key];
    sum.quantity += event.quantity();
    sum.charged += amount;
    org.unbilled_by_payer[VoucherId{}] += amount;
}

void apply_ledgers_anchored(State& state, const Entry& entry) {
    const MeterLedgers& command = entry.command().meter_ledgers();
    Anchor& anchor = state.anchor;
    std::copy(command.journal_id().begin(), command.journal_id().end(), anchor.journal_id.begin());
    anchor.block = command.block();
    std::copy(command.block_sm3().begin(), command.block_sm3().end(), anchor.block_sm3.begin());
    anchor.time = state.now;
    anchor.seq = state.seq;
}

}  // namespace suan::core
