#include "core/money.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/ledgers.hpp"
#include "core/vouchers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace suan::core {
namespace {

Verdict check_operator_and_org(const Step& step, std::uint32_t org) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "", "only an operator of the centre does this");
    }
    if (step.state().orgs.find(org) == nullptr) {
        return reject(RejectionCode::not_found, "org_id", fmt::format("there is no org {}", org));
    }
    return std::nullopt;
}

void ensure_account(State& state, ledger::AccountId id, std::uint32_t ledger, std::uint16_t code) {
    if (state.books.find_account(id)) return;
    ledger::Account account;
    account.id = id;
    account.ledger = ledger;
    account.code = code;
    account.flags = ledger::account_flags::debits_must_not_exceed_credits;
    SUAN_ASSERT(state.books.create_account(account, state.now));
}

Budget& budget_of(State& state, const SetBudget& command) {
    return command.project_id() == 0 ? state.orgs.at(command.org_id()).budget
                                     : state.projects.at(command.project_id()).budget;
}

// The holds of `job` for what is left of its wall time, from money that is free once its own is
// released. Used when a voucher under it expires: the job keeps its place if other money is there.
bool hold_again(Step& step, const Job& job, Money amount) {
    std::vector<HoldPart> holds;
    HoldPlanner planner(step.state(), job.org, job.project, step.now());
    if (planner.plan(job, amount, holds)) return false;
    step.emit([&](Event& event) {
        JobFunded& funded = *event.mutable_job_funded();
        funded.set_job_id(job.id.value);
        holds_to(holds, *funded.mutable_holds());
        funded.set_eligible(!job.queued && job.state == JOB_STATE_WAITING &&
                            ready_but_for_money(job, step.now()));
    });
    return true;
}

Verdict check_price(std::int64_t price, const std::string& field) {
    if (price >= 0 && price <= limits::money_max) return std::nullopt;
    return reject(RejectionCode::invalid_field, field,
                  fmt::format("a price must be 0 to {} micro-yuan", limits::money_max));
}

Verdict check_price_line(const State& state, const PriceLine& line, const std::string& field) {
    if (line.service() != SERVICE_UNSPECIFIED) {
        if (line.service() < 0 || line.service() > SERVICE_LEDGER_TIME) {
            return reject(RejectionCode::invalid_field, field + ".service",
                          "service must be ledger_transfers or ledger_time");
        }
        if (line.pool_id() != 0 || line.tier() != TIER_UNSPECIFIED ||
            line.micro_yuan_per_device_hour() != 0) {
            return reject(RejectionCode::invalid_field, field + ".service",
                          "a line of a service has no pool, tier or price of a device hour");
        }
        return check_price(line.micro_yuan_per_unit(), field + ".micro_yuan_per_unit");
    }
    if (state.pools.find(line.pool_id()) == nullptr) {
        return reject(RejectionCode::not_found, field + ".pool_id",
                      fmt::format("there is no pool {}", line.pool_id()));
    }
    if (line.tier() < TIER_RESERVED || line.tier() > TIER_SPOT) {
        return reject(RejectionCode::invalid_field, field + ".tier",
                      "tier must be reserved, standard or spot");
    }
    if (line.micro_yuan_per_unit() != 0) {
        return reject(RejectionCode::invalid_field, field + ".micro_yuan_per_unit",
                      "micro_yuan_per_unit is of a service: name it");
    }
    return check_price(line.micro_yuan_per_device_hour(), field + ".micro_yuan_per_device_hour");
}

// From `until` on, when a voucher under it expires.
void rest_on_other_money(Step& step, JobId id, Time until) {
    if (const LeaseId lease = step.state().jobs.at(id.value).lease) {
        charge_lease_as_held(step, lease, std::min(until, step.now()), LastCharge::no);
    }
    Money held;
    for (const Hold& hold : step.state().jobs.at(id.value).holds) {
        if (!hold.budget) held += Money{hold.micro_yuan};
    }
    step.emit([&](Event& event) { event.mutable_job_unfunded()->set_job_id(id.value); });
    const Job& job = step.state().jobs.at(id.value);
    if (hold_again(step, job, held)) return;
    if (job.lease) stop_lease(step, job.lease, STOP_REASON_UNFUNDED, JobId{});
}

}  // namespace

Verdict decide_publish_price_sheet(Step& step, const PublishPriceSheet& command) {
    if (!is_operator(step.actor())) {
        return reject(RejectionCode::forbidden, "",
                      "only an operator of the centre publishes prices");
    }
    if (Verdict bad = check_name(command.name(), "name")) return bad;
    if (command.lines().empty() ||
        static_cast<std::size_t>(command.lines_size()) > limits::price_lines_max) {
        return reject(RejectionCode::invalid_field, "lines",
                      fmt::format("lines must hold 1 to {} prices", limits::price_lines_max));
    }
    std::set<std::tuple<std::uint32_t, int, int>> seen;
    for (int i = 0; i < command.lines_size(); ++i) {
        const PriceLine& line = command.lines(i);
        const std::string field = fmt::format("lines[{}]", i);
        if (Verdict bad = check_price_line(step.state(), line, field)) return bad;
        if (!seen.emplace(line.pool_id(), line.tier(), line.service()).second) {
            return reject(RejectionCode::invalid_field, field,
                          "this pool and tier, or service, has a line in the sheet already");
        }
        if (line.line() != static_cast<std::uint32_t>(i) + 1) {
            return reject(RejectionCode::invalid_field, field + ".line",
                          fmt::format("line must be {}", i + 1));
        }
    }
    step.emit([&](Event& event) {
        event.mutable_price_sheet_published()->set_price_sheet_id(step.state().next_sheet);
    });
    begin_to_price_ledgers(step);
    return std::nullopt;
}

void apply_price_sheet_published(State& state, const Entry& entry,
                                 const PriceSheetPublished& event) {
    const PublishPriceSheet& command = entry.command().publish_price_sheet();
    PriceSheet sheet;
    sheet.id = PriceSheetId{event.price_sheet_id()};
    sheet.name = command.name();
    sheet.published = state.now;
    sheet.lines.assign(command.lines().begin(), command.lines().end());
    take_prices(state, sheet);
    state.next_sheet = event.price_sheet_id() + 1;
    state.sheets.insert(event.price_sheet_id(), std::move(sheet));
}

void take_prices(State& state, const PriceSheet& sheet) {
    for (const PriceLine& line : sheet.lines) {
        if (line.service() != SERVICE_UNSPECIFIED) {
            state.service_prices[line.service()] = {sheet.id, line};
            continue;
        }
        const std::pair key(PoolId{line.pool_id()}, line.tier());
        state.prices[key] = line;
        state.price_sheet_of[key] = sheet.id;
    }
}

Verdict decide_fund_org(Step& step, const FundOrg& command) {
    if (Verdict bad = check_operator_and_org(step, command.org_id())) return bad;
    if (Verdict bad = check_amount(command.micro_yuan(), "micro_yuan")) return bad;
    if (Verdict bad = check_text(command.note(), limits::reason_bytes_max, "note")) return bad;
    step.emit([](Event& event) { event.mutable_org_funded(); });
    fund_waiting_jobs(step, OrgId{command.org_id()});
    return std::nullopt;
}

void apply_org_funded(State& state, const Entry& entry, const OrgFunded&) {
    const FundOrg& command = entry.command().fund_org();
    move_money(state, {.debit = bank_account(),
                       .credit = org_account(OrgId{command.org_id()}),
                       .amount = Money{command.micro_yuan()},
                       .code = transfer_code::funded,
                       .about = state.seq});
}

Verdict decide_set_budget(Step& step, const SetBudget& command) {
    const OrgId org{command.org_id()};
    if (step.state().orgs.find(org.value) == nullptr || !is_member_of(step.actor(), org)) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", org.value));
    }
    if (!is_admin_of(step.actor(), org)) {
        return reject(RejectionCode::forbidden, "", "only an admin of the org sets budgets");
    }
    if (command.project_id() != 0) {
        const Project* project = step.state().projects.find(command.project_id());
        if (project == nullptr || project->org != org) {
            return reject(RejectionCode::not_found, "project_id",
                          fmt::format("the org has no project {}", command.project_id()));
        }
    }
    if (command.micro_yuan() < 0 || command.micro_yuan() > limits::money_max) {
        return reject(RejectionCode::invalid_field, "micro_yuan",
                      fmt::format("micro_yuan must be 0 to {}", limits::money_max));
    }
    const Budget& budget = command.project_id() == 0
                               ? step.state().orgs.at(org.value).budget
                               : step.state().projects.at(command.project_id()).budget;
    // A budget that was removed may have got holds back since.
    const bool known = budget.account != ledger::AccountId{};
    const Money left = known ? step.state().available(budget.account) : Money{};
    const Money wanted = command.remove() ? Money{} : Money{command.micro_yuan()};
    step.emit([&](Event& event) {
        event.mutable_budget_changed()->set_delta_micro_yuan((wanted - left).micro_yuan);
    });
    fund_waiting_jobs(step, org);
    return std::nullopt;
}

void apply_budget_changed(State& state, const Entry& entry, const BudgetChanged& event) {
    const SetBudget& command = entry.command().set_budget();
    Budget& budget = budget_of(state, command);
    budget.account = command.project_id() == 0
                         ? org_budget_account(OrgId{command.org_id()})
                         : project_budget_account(ProjectId{command.project_id()});
    ensure_account(state, budget.account, ledger_budget, 12);
    budget.active = !command.remove();
    budget.granted += Money{event.delta_micro_yuan()};
    const Money delta{event.delta_micro_yuan()};
    if (delta.micro_yuan > 0) {
        move_money(state, {.debit = budget_source_account(),
                           .credit = budget.account,
                           .amount = delta,
                           .ledger = ledger_budget,
                           .code = transfer_code::budget,
                           .about = state.seq});
    } else {
        move_money(state, {.debit = budget.account,
                           .credit = budget_source_account(),
                           .amount = Money{-delta.micro_yuan},
                           .ledger = ledger_budget,
                           .code = transfer_code::budget,
                           .about = state.seq});
    }
}

Verdict decide_issue_voucher(Step& step, const IssueVoucher& command) {
    if (Verdict bad = check_operator_and_org(step, command.org_id())) return bad;
    if (Verdict bad = check_amount(command.micro_yuan(), "micro_yuan")) return bad;
    if (Verdict bad = check_text(command.funder(), limits::reason_bytes_max, "funder")) return bad;
    if (Verdict bad = check_text(command.contract(), limits::reason_bytes_max, "contract"))
        return bad;
    if (command.funder().empty()) {
        return reject(RejectionCode::invalid_field, "funder",
                      "funder must name who pays for the voucher");
    }
    if (Time{command.expires_us()} <= step.now() || command.expires_us() > time_max.us) {
        return reject(RejectionCode::invalid_field, "expires_us",
                      "expires_us must be a time in the future");
    }
    if (command.job_cap_micro_yuan() < 0 || command.job_cap_micro_yuan() > limits::money_max) {
        return reject(
            RejectionCode::invalid_field, "job_cap_micro_yuan",
            fmt::format("job_cap_micro_yuan must be 0 (no cap) to {}", limits::money_max));
    }
    if (static_cast<std::uint32_t>(command.pool_ids_size()) > limits::pools_max) {
        return reject(
            RejectionCode::invalid_field, "pool_ids",
            fmt::format("pool_ids must name at most {} pools, each once", limits::pools_max));
    }
    for (const std::uint32_t pool : command.pool_ids()) {
        if (step.state().pools.find(pool) == nullptr) {
            return reject(RejectionCode::not_found, "pool_ids",
                          fmt::format("there is no pool {}", pool));
        }
    }
    if (step.state().orgs.at(command.org_id()).vouchers.size() >= limits::vouchers_per_org_max) {
        return reject(
            RejectionCode::limit_reached, "org_id",
            fmt::format("an org has at most {} vouchers at a time", limits::vouchers_per_org_max));
    }
    step.emit([&](Event& event) {
        event.mutable_voucher_issued()->set_voucher_id(step.state().next_voucher);
    });
    fund_waiting_jobs(step, OrgId{command.org_id()});
    return std::nullopt;
}

void apply_voucher_issued(State& state, const Entry& entry, const VoucherIssued& event) {
    const IssueVoucher& command = entry.command().issue_voucher();
    Voucher voucher;
    voucher.id = VoucherId{event.voucher_id()};
    voucher.org = OrgId{command.org_id()};
    voucher.funder = command.funder();
    voucher.contract = command.contract();
    voucher.amount = Money{command.micro_yuan()};
    voucher.expires = Time{command.expires_us()};
    for (const std::uint32_t pool : command.pool_ids())
        voucher.pools.push_back(PoolId{pool});
    voucher.job_cap = Money{command.job_cap_micro_yuan()};
    voucher.account = voucher_account(voucher.id);
    Result<ledger::Contract> rules = voucher_contract(voucher);
    SUAN_ASSERT(rules);
    voucher.rules = std::move(*rules);
    ensure_account(state, voucher.account, ledger_cny, 11);
    move_money(state, {.debit = funders_account(),
                       .credit = voucher.account,
                       .amount = voucher.amount,
                       .code = transfer_code::voucher_issued,
                       .about = voucher.id.value});
    state.timers.push({voucher.expires, Timer::Kind::voucher, voucher.id.value});
    state.next_voucher = event.voucher_id() + 1;
    const OrgId org = voucher.org;
    const VoucherId id = voucher.id;
    state.vouchers.insert(id.value, std::move(voucher));
    insert_usable_voucher(state, state.orgs.at(org.value), id);
}

void insert_usable_voucher(State& state, Org& org, VoucherId voucher) {
    const auto earlier = [&](VoucherId a, VoucherId b) {
        return std::pair(state.vouchers.at(a.value).expires, a) <
               std::pair(state.vouchers.at(b.value).expires, b);
    };
    org.vouchers.insert(
        std::upper_bound(org.vouchers.begin(), org.vouchers.end(), voucher, earlier), voucher);
}

static void expire_next(Step& step, VoucherId id) {
    const Voucher& voucher = step.state().vouchers.at(id.value);
    std::vector<JobId> resting;
    step.state().jobs.for_each([&](std::uint64_t, const Job& job) {
        for (const Hold& hold : job.holds) {
            if (hold.voucher == id && hold.micro_yuan > 0) {
                resting.push_back(job.id);
                break;
            }
        }
    });
    for (const JobId job : resting)
        rest_on_other_money(step, job, voucher.expires);
    step.emit([&](Event& event) {
        event.mutable_voucher_expired()->set_voucher_id(id.value);
        event.mutable_voucher_expired()->set_returned_micro_yuan(
            step.state().available(voucher_account(id)).micro_yuan);
    });
}

// Those of the org that expired earlier go first, since a job draws on the oldest first.
void expire_voucher(Step& step, VoucherId id) {
    const Voucher& voucher = step.state().vouchers.at(id.value);
    if (voucher.expires > step.now()) return;
    while (!voucher.expired)
        expire_next(step, step.state().orgs.at(voucher.org.value).vouchers.front());
}

void expire_vouchers_under(Step& step, JobId id) {
    for (;;) {
        // In the order in which they expire, since a hold has the oldest first.
        VoucherId due;
        const Job& job = step.state().jobs.at(id.value);
        for (const Hold& hold : job.holds) {
            if (!hold.voucher || hold.micro_yuan == 0 || due) continue;
            const Voucher& voucher = step.state().vouchers.at(hold.voucher.value);
            if (voucher_allows(voucher, hold_transfer(hold, purpose_of(job)), step.now())) continue;
            // It was allowed when it was made, and time alone has changed since.
            SUAN_ASSERT(voucher.expires <= step.now());
            due = hold.voucher;
        }
        if (!due) return;
        expire_voucher(step, due);
    }
}

void apply_voucher_expired(State& state, const VoucherExpired& event) {
    Voucher& voucher = state.vouchers.at(event.voucher_id());
    move_money(state, {.debit = voucher.account,
                       .credit = funders_account(),
                       .amount = Money{event.returned_micro_yuan()},
                       .code = transfer_code::voucher_expired,
                       .about = voucher.id.value});
    voucher.expired = true;
    voucher.rules = {};
    std::vector<VoucherId>& usable = state.orgs.at(voucher.org.value).vouchers;
    usable.erase(std::remove(usable.begin(), usable.end(), voucher.id), usable.end());
}

void fund_waiting_jobs(Step& step, OrgId org) {
    fund_waiting_ledgers(step, org);
    const std::set<JobId> waiting = step.state().orgs.at(org.value).unfunded;
    for (const JobId id : waiting) {
        const Job& job = step.state().jobs.at(id.value);
        if (!hold_again(step, job, hold_amount(job.shape, job.walltime, job.price))) return;
    }
}

Verdict decide_correct(Step& step, const Correct& command) {
    if (Verdict bad = check_operator_and_org(step, command.org_id())) return bad;
    const std::int64_t amount = command.micro_yuan();
    if (amount == 0 || amount > limits::money_max || amount < -limits::money_max) {
        return reject(RejectionCode::invalid_field, "micro_yuan",
                      fmt::format("micro_yuan must not be 0 and be at most {} either way",
                                  limits::money_max));
    }
    if (command.reason().empty()) {
        return reject(RejectionCode::invalid_field, "reason", "a correction needs a reason");
    }
    if (Verdict bad = check_text(command.reason(), limits::reason_bytes_max, "reason")) return bad;
    if (command.refers_to_seq() > step.state().seq) {
        return reject(RejectionCode::invalid_field, "refers_to_seq",
                      fmt::format("refers_to_seq must be an entry of the log, 1 to {}, or 0",
                                  step.state().seq));
    }
    const Money free = step.state().available(org_account(OrgId{command.org_id()}));
    if (amount < 0 && free < Money{-amount}) {
        return reject(RejectionCode::insufficient_funds, "micro_yuan",
                      fmt::format("the org has only {} free to take from", yuan_text(free)));
    }
    step.emit([&](Event& event) {
        event.mutable_corrected()->set_correction_id(step.state().next_correction);
    });
    if (amount > 0) fund_waiting_jobs(step, OrgId{command.org_id()});
    return std::nullopt;
}

void apply_corrected(State& state, const Entry& entry, const Corrected& event) {
    const Correct& command = entry.command().correct();
    const ledger::AccountId own = org_account(OrgId{command.org_id()});
    const bool given = command.micro_yuan() > 0;
    move_money(state, {.debit = given ? corrections_account() : own,
                       .credit = given ? own : corrections_account(),
                       .amount = Money{given ? command.micro_yuan() : -command.micro_yuan()},
                       .code = transfer_code::correction,
                       .about = event.correction_id()});
    state.orgs.at(command.org_id()).unbilled_corrections += Money{command.micro_yuan()};
    state.next_correction = event.correction_id() + 1;
}

Verdict decide_close_invoice(Step& step, const CloseInvoice& command) {
    if (Verdict bad = check_operator_and_org(step, command.org_id())) return bad;
    if (command.to_us() != 0 && command.to_us() != step.now().us) {
        return reject(RejectionCode::invalid_field, "to_us",
                      "to_us must be 0: an invoice closes at the moment of the request");
    }
    const OrgId id{command.org_id()};
    std::vector<LeaseId> running;
    step.state().leases.for_each([&](std::uint64_t, const Lease& lease) {
        if (step.state().jobs.at(lease.job.value).org == id) running.push_back(lease.id);
    });
    // Charged up to now, so that the invoice and the ledger end at the same moment.
    for (const LeaseId lease : running)
        charge_lease(step, lease, step.now(), LastCharge::no);
    charge_ledgers_time(step, id);
    step.emit([&](Event& event) {
        const Org& org = step.state().orgs.at(id.value);
        InvoiceIssued& invoice = *event.mutable_invoice_issued();
        invoice.set_invoice_id(step.state().next_invoice);
        invoice.set_from_us(org.billed_until.us);
        invoice.set_to_us(step.now().us);
        for (const auto& [key, sum] : org.unbilled)
            invoice_line_to(key, sum, *invoice.add_lines());
        for (const auto& [payer, sum] : org.unbilled_by_payer) {
            if (sum.micro_yuan == 0) continue;
            Payment& payment = *invoice.add_payments();
            payment.set_voucher_id(payer.value);
            payment.set_micro_yuan(sum.micro_yuan);
        }
        invoice.set_corrections_micro_yuan(org.unbilled_corrections.micro_yuan);
    });
    return std::nullopt;
}

void apply_invoice_issued(State& state, const Entry& entry, const InvoiceIssued& event) {
    Org& org = state.orgs.at(entry.command().close_invoice().org_id());
    Invoice invoice;
    invoice.id = event.invoice_id();
    invoice.org = org.id;
    invoice.from = Time{event.from_us()};
    invoice.to = Time{event.to_us()};
    for (const InvoiceLine& line : event.lines())
        invoice.total += Money{line.micro_yuan()};
    invoice.total -= Money{event.corrections_micro_yuan()};
    state.invoices.push_back(invoice);
    state.next_invoice = event.invoice_id() + 1;
    org.unbilled.clear();
    org.unbilled_by_payer.clear();
    org.unbilled_corrections = Money{};
    org.billed_until = invoice.to;
}

void invoice_line_to(const InvoiceKey& key, const InvoiceSum& sum, InvoiceLine& line) {
    line.set_project_id(key.project.value);
    line.set_pool_id(key.pool.value);
    line.set_tier(key.tier);
    const bool is_service = key.service != SERVICE_UNSPECIFIED;
    line.set_kind(is_service ? CHARGE_KIND_SERVICE : CHARGE_KIND_COMPUTE);
    line.set_service(key.service);
    line.set_quantity(sum.quantity);
    line.set_price_sheet_id(key.sheet.value);
    line.set_price_line(key.line);
    line.set_milli_device_ms(sum.milli_device_ms);
    line.set_micro_yuan(sum.charged.micro_yuan);
    line.set_credited_micro_yuan(sum.credited.micro_yuan);
}

}  // namespace suan::core
