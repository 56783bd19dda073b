#include "core/funds.hpp"

#include "base/limits.hpp"
#include "core/vouchers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::core {
namespace {

constexpr std::int64_t ms_per_hour = 3'600'000;

ledger::TransferId next_transfer_id(State& state) {
    return ledger::TransferId{0, state.next_transfer++};
}

void end_hold(State& state, const Hold& hold, std::uint64_t posted) {
    ledger::Transfer transfer;
    transfer.id = next_transfer_id(state);
    transfer.pending_id = hold.transfer;
    transfer.amount = posted;
    transfer.flags =
        posted == 0 ? ledger::transfer_flags::void_pending : ledger::transfer_flags::post_pending;
    const ledger::Refusal refusal = state.books.create_transfer(transfer, state.now);
    SUAN_ASSERT(refusal == ledger::Refusal::created);
}

void give_back(State& state, const Job& job, VoucherId voucher, Money amount) {
    ledger::AccountId to = org_account(job.org);
    if (voucher) {
        const Voucher& v = state.vouchers.at(voucher.value);
        to = v.expired ? funders_account() : v.account;
    }
    move_money(state, {.debit = revenue_account(),
                       .credit = to,
                       .amount = amount,
                       .code = transfer_code::credit,
                       .about = job.id.value});
}

void note_paid(PaidBy& paid, VoucherId voucher, Money amount) {
    for (auto& [payer, sum] : paid) {
        if (payer == voucher) {
            sum += amount;
            return;
        }
    }
    paid.emplace_back(voucher, amount);
}

}  // namespace

HoldPurpose purpose_of(const Job& job) {
    return {job.id.value, job.pool};
}

ledger::Transfer hold_transfer(const Hold& hold, const HoldPurpose& purpose) {
    ledger::Transfer transfer;
    transfer.debit_account_id = hold.account;
    transfer.credit_account_id = hold.budget ? budget_sink_account() : revenue_account();
    transfer.amount = static_cast<std::uint64_t>(hold.micro_yuan);
    transfer.ledger = hold.budget ? ledger_budget : ledger_cny;
    transfer.code = transfer_code::hold;
    transfer.flags = ledger::transfer_flags::pending;
    transfer.user_data_64 = purpose.about;
    transfer.user_data_32 = purpose.pool.value;
    return transfer;
}

Hold make_hold(State& state, const HoldPurpose& purpose, Hold hold) {
    ledger::Transfer transfer = hold_transfer(hold, purpose);
    transfer.id = next_transfer_id(state);
    const ledger::Refusal refusal = state.books.create_transfer(transfer, state.now);
    SUAN_ASSERT(refusal == ledger::Refusal::created);
    hold.transfer = transfer.id;
    return hold;
}

void draw(State& state, const HoldPurpose& purpose, Hold& hold, std::int64_t amount,
          LastCharge last) {
    SUAN_ASSERT(amount >= 0);
    SUAN_ASSERT(amount <= hold.micro_yuan);
    if (hold.micro_yuan == 0) return;
    if (amount == 0 && last == LastCharge::no) return;
    end_hold(state, hold, static_cast<std::uint64_t>(amount));
    hold.micro_yuan = last == LastCharge::yes ? 0 : hold.micro_yuan - amount;
    hold.transfer = ledger::TransferId{};
    if (hold.micro_yuan > 0) hold = make_hold(state, purpose, hold);
}

Money hold_amount(const sched::Shape& shape, Duration walltime, Money price_per_device_hour) {
    const std::int64_t milli = shape.milli_devices(shape.tasks_max);
    const int128 exact =
        static_cast<int128>(milli) * (walltime.us / 1'000) * price_per_device_hour.micro_yuan;
    const int128 unit = static_cast<int128>(1'000) * ms_per_hour;
    const int128 rounded_up = (exact + unit - 1) / unit;
    return Money{rounded_up > INT64_MAX / 4 ? INT64_MAX / 4
                                            : static_cast<std::int64_t>(rounded_up)};
}

HoldPlanner::HoldPlanner(const State& state, OrgId org, ProjectId project, Time now)
    : state_(state),
      org_(state.orgs.at(org.value)),
      project_(state.projects.at(project.value)),
      now_(now) {}

Money HoldPlanner::left(ledger::AccountId account) const {
    Money free = state_.available(account);
    for (const auto& [from, amount] : taken_) {
        if (from == account) free -= amount;
    }
    return free;
}

void HoldPlanner::take(ledger::AccountId account, Money amount) {
    for (auto& [from, sum] : taken_) {
        if (from != account) continue;
        sum += amount;
        return;
    }
    taken_.emplace_back(account, amount);
}

void HoldPlanner::count_as_free(const Job& job) {
    for (const Hold& hold : job.holds)
        take(hold.account, Money{-hold.micro_yuan});
}

Verdict HoldPlanner::check_budget(const Budget& budget, const char* whose, Money amount) const {
    if (!budget.active || amount <= left(budget.account)) return std::nullopt;
    return reject(
        RejectionCode::budget_exceeded, "",
        fmt::format("the whole wall time costs {}, but the budget of the {} has {} left: shorten "
                    "walltime, ask for fewer devices, or raise the budget",
                    yuan_text(amount), whose, yuan_text(left(budget.account))));
}

// Appends what vouchers pay of `amount`, and returns the rest.
Money HoldPlanner::plan_vouchers(const Job& job, Money amount, std::vector<HoldPart>& parts) const {
    if (org_.vouchers.empty()) return amount;
    const std::size_t first = parts.size();
    Money rest = amount;
    ledger::Facts facts = ledger::facts_of(hold_transfer(Hold{}, purpose_of(job)), now_);
    for (const VoucherId id : org_.vouchers) {
        if (rest.micro_yuan == 0 || parts.size() - first == limits::vouchers_per_job_max) break;
        const Voucher& voucher = state_.vouchers.at(id.value);
        facts.from = voucher.account;
        if (!voucher_allows(voucher, facts)) continue;
        const Money part = std::min({rest, left(voucher.account), room_for(voucher, job)});
        if (part.micro_yuan <= 0) continue;
        parts.push_back({id, part});
        rest -= part;
    }
    return rest;
}

Verdict HoldPlanner::plan(const Job& job, Money amount, std::vector<HoldPart>& parts) {
    const std::size_t first = parts.size();
    const Money rest = plan_vouchers(job, amount, parts);
    if (rest.micro_yuan > 0) {
        const Money own = left(org_account(org_.id));
        if (own < rest) {
            return reject(
                RejectionCode::insufficient_funds, "",
                fmt::format(
                    "the whole wall time costs {}; {} of the org's money and {} of its first {} "
                    "vouchers are free for it: shorten walltime, ask for fewer devices, or add "
                    "money",
                    yuan_text(amount), yuan_text(own), yuan_text(amount - rest),
                    limits::vouchers_per_job_max));
        }
        parts.push_back({VoucherId{}, rest});
    }
    if (Verdict bad = check_budget(project_.budget, "project", amount)) return bad;
    if (Verdict bad = check_budget(org_.budget, "org", amount)) return bad;
    for (std::size_t i = first; i < parts.size(); ++i) {
        const VoucherId voucher = parts[i].voucher;
        take(voucher ? voucher_account(voucher) : org_account(org_.id), parts[i].amount);
    }
    if (org_.budget.active) take(org_.budget.account, amount);
    if (project_.budget.active) take(project_.budget.account, amount);
    return std::nullopt;
}

void holds_to(std::span<const HoldPart> parts, Payments& holds) {
    holds.Reserve(static_cast<int>(parts.size()));
    for (const HoldPart& part : parts) {
        Payment& payment = *holds.Add();
        payment.set_voucher_id(part.voucher.value);
        payment.set_micro_yuan(part.amount.micro_yuan);
    }
}

void place_holds(State& state, Job& job, const Payments& holds) {
    SUAN_ASSERT(job.holds.empty());
    std::int64_t total = 0;
    for (const Payment& payment : holds) {
        Hold hold;
        hold.voucher = VoucherId{payment.voucher_id()};
        hold.account = hold.voucher ? voucher_account(hold.voucher) : org_account(job.org);
        hold.micro_yuan = payment.micro_yuan();
        total += hold.micro_yuan;
        job.holds.push_back(make_hold(state, purpose_of(job), hold));
    }
    if (total == 0) return;
    const std::array<const Budget*, 2> budgets{&state.orgs.at(job.org.value).budget,
                                               &state.projects.at(job.project.value).budget};
    for (const Budget* budget : budgets) {
        if (!budget->active) continue;
        Hold hold;
        hold.account = budget->account;
        hold.micro_yuan = total;
        hold.budget = true;
        job.holds.push_back(make_hold(state, purpose_of(job), hold));
    }
}

void release_holds(State& state, Job& job) {
    for (const Hold& hold : job.holds) {
        if (hold.micro_yuan > 0) end_hold(state, hold, 0);
    }
    job.holds.clear();
}

namespace {

// Milli-device-milliseconds from the start to `to`.
std::int64_t use_until(const Job& job, const Lease& lease, Time to) {
    const std::int64_t ms = (to - lease.started).us / 1'000;
    return mul_div_floor(job.shape.milli_devices(lease.tasks), ms, 1);
}

// What the lease costs until then: each price for its own time, rounded down.
Money cost_until(const Job& job, const Lease& lease, Time to) {
    const LeasePrice& price = lease.price;
    if (to < price.since) {
        // Only work since the last checkpoint is ever given back.
        SUAN_ASSERT(to == lease.last_checkpoint);
        return price.at_checkpoint;
    }
    const std::int64_t use = use_until(job, lease, to) - use_until(job, lease, price.since);
    const int128 exact = static_cast<int128>(use) * price.per_device_hour.micro_yuan;
    const int128 unit = static_cast<int128>(1'000) * ms_per_hour;
    return price.before + Money{static_cast<std::int64_t>(exact / unit)};
}

}  // namespace

Metering meter(const Job& job, const Lease& lease, Time to) {
    SUAN_ASSERT(to >= lease.started);
    return Metering{use_until(job, lease, to) - lease.milli_device_ms,
                    cost_until(job, lease, to) - lease.charged};
}

void change_price(const Job& job, Lease& lease, Money per_device_hour, Time now) {
    SUAN_ASSERT(now >= lease.price.since);
    SUAN_ASSERT(now < lease.ends_by);
    LeasePrice& price = lease.price;
    price.at_checkpoint = cost_until(job, lease, lease.last_checkpoint);
    price.before = cost_until(job, lease, now);
    price.since = now;
    price.per_device_hour = per_device_hour;
    price.of_market = true;
}

void plan_payments(const Job& job, const Lease& lease, Money amount, Payments& payments) {
    const auto add = [&](VoucherId voucher, std::int64_t part) {
        if (part == 0) return;
        Payment& payment = *payments.Add();
        payment.set_voucher_id(voucher.value);
        payment.set_micro_yuan(part);
    };
    std::int64_t rest = amount.micro_yuan;
    if (rest >= 0) {
        for (const Hold& hold : job.holds) {
            if (hold.budget) continue;
            const std::int64_t part = std::min(rest, hold.micro_yuan);
            add(hold.voucher, part);
            rest -= part;
        }
    } else {
        for (auto paid = lease.paid.rbegin(); paid != lease.paid.rend(); ++paid) {
            const std::int64_t part = std::min(-rest, paid->second.micro_yuan);
            add(paid->first, -part);
            rest += part;
        }
    }
    SUAN_ASSERT(rest == 0);
}

void pay(State& state, Job& job, Lease& lease, const Payments& payments, LastCharge last) {
    Org& org = state.orgs.at(job.org.value);
    std::int64_t total = 0;
    std::vector<std::pair<VoucherId, std::int64_t>> drawn;
    for (const Payment& payment : payments) {
        const VoucherId voucher{payment.voucher_id()};
        const Money amount{payment.micro_yuan()};
        total += amount.micro_yuan;
        org.unbilled_by_payer[voucher] += amount;
        note_paid(lease.paid, voucher, amount);
        note_paid(job.paid, voucher, amount);
        if (amount.micro_yuan < 0) {
            give_back(state, job, voucher, Money{-amount.micro_yuan});
        } else {
            drawn.emplace_back(voucher, amount.micro_yuan);
        }
    }
    for (Hold& hold : job.holds) {
        if (hold.budget) {
            const std::int64_t part = std::max<std::int64_t>(0, total);
            draw(state, purpose_of(job), hold, part, last);
            if (total < 0) {
                move_money(state, {.debit = budget_sink_account(),
                                   .credit = hold.account,
                                   .amount = Money{-total},
                                   .ledger = ledger_budget,
                                   .code = transfer_code::credit,
                                   .about = job.id.value});
            }
            continue;
        }
        std::int64_t part = 0;
        for (const auto& [voucher, amount] : drawn) {
            if (voucher == hold.voucher) part = amount;
        }
        draw(state, purpose_of(job), hold, part, last);
    }
}

void move_money(State& state, const Move& move) {
    if (move.amount.micro_yuan == 0) return;
    SUAN_ASSERT(move.amount.micro_yuan > 0);
    ledger::Transfer transfer;
    transfer.id = next_transfer_id(state);
    transfer.debit_account_id = move.debit;
    transfer.credit_account_id = move.credit;
    transfer.amount = static_cast<std::uint64_t>(move.amount.micro_yuan);
    transfer.ledger = move.ledger;
    transfer.code = move.code;
    transfer.user_data_64 = move.about;
    const ledger::Refusal refusal = state.books.create_transfer(transfer, state.now);
    SUAN_ASSERT(refusal == ledger::Refusal::created);
}

}  // namespace suan::core
