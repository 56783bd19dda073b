// Holds, charges, credits, vouchers, budgets and invoices, summed again from the entries.
#include "sim/audit/model.hpp"

#include <fmt/format.h>

namespace suan::sim {
namespace {

constexpr int128 milli_ms_per_device_hour = int128{1'000} * 3'600'000;

}  // namespace

std::int64_t cost_floor(std::int64_t milli_device_ms, std::int64_t micro_yuan_per_device_hour) {
    return static_cast<std::int64_t>(int128{milli_device_ms} * micro_yuan_per_device_hour /
                                     milli_ms_per_device_hour);
}

std::int64_t Auditor::Impl::hold_amount(const AuditJob& of) const {
    const int128 exact = int128{of.spec.tasks()} * of.spec.devices_per_task() *
                         of.spec.milli_per_device() * of.spec.walltime_ms() * of.price.micro_yuan;
    return static_cast<std::int64_t>((exact + milli_ms_per_device_hour - 1) /
                                     milli_ms_per_device_hour);
}

AuditPurse& Auditor::Impl::purse(std::uint32_t org, std::uint32_t voucher) {
    return voucher == 0 ? orgs[org].purse : vouchers[voucher].purse;
}

void Auditor::Impl::check_voucher(const AuditJob& of, std::uint32_t id, std::int64_t amount) {
    const auto found = vouchers.find(id);
    if (found == vouchers.end() || found->second.org != of.asked.org_id())
        return violate(Rule::voucher_misused, fmt::format("the org has no voucher {}", id));
    const AuditVoucher& voucher = found->second;
    if (!voucher.pools.empty() && voucher.pools.count(of.spec.pool_id()) == 0)
        violate(Rule::voucher_misused, fmt::format("voucher {} is not for this pool", id));
    if (voucher.expired || voucher.expires <= now)
        violate(Rule::voucher_misused, fmt::format("voucher {} has expired", id));
    const auto paid = of.paid.find(id);
    const std::int64_t before = paid == of.paid.end() ? 0 : paid->second;
    if (voucher.job_cap != 0 && before + amount > voucher.job_cap)
        violate(Rule::voucher_misused,
                fmt::format("voucher {} pays {} and would pay {} more, at most {} for one job", id,
                            before, amount, voucher.job_cap));
}

void Auditor::Impl::hold(std::uint64_t id, AuditJob& of,
                         const google::protobuf::RepeatedPtrField<Payment>& payments,
                         std::int64_t amount) {
    if (!of.holds.empty() || !of.budget_holds.empty())
        violate(Rule::hold_wrong, fmt::format("job {} holds money already", id));
    std::int64_t total = 0;
    for (const Payment& payment : payments) {
        if (payment.voucher_id() != 0)
            check_voucher(of, payment.voucher_id(), payment.micro_yuan());
        if (!good()) return;
        AuditPurse& from = purse(of.asked.org_id(), payment.voucher_id());
        if (payment.micro_yuan() <= 0) violate(Rule::hold_wrong, "a hold of nothing");
        if (payment.micro_yuan() > from.free())
            violate(Rule::overdraft,
                    fmt::format("{} held, {} are free", payment.micro_yuan(), from.free()));
        from.held += payment.micro_yuan();
        of.holds[payment.voucher_id()] += payment.micro_yuan();
        total += payment.micro_yuan();
    }
    if (total != amount)
        violate(Rule::hold_wrong,
                fmt::format("job {} holds {}, its wall time costs {}", id, total, amount));
    for (AuditBudget* budget :
         {&orgs[of.asked.org_id()].budget, &projects[of.asked.project_id()].budget}) {
        if (!budget->active || total == 0) continue;
        if (total > budget->left)
            violate(Rule::budget_overshot,
                    fmt::format("{} held, the budget has {} left", total, budget->left));
        budget->left -= total;
        of.budget_holds[budget] += total;
    }
}

void Auditor::Impl::release(AuditJob& of) {
    for (const auto& [voucher, amount] : of.holds)
        purse(of.asked.org_id(), voucher).held -= amount;
    for (const auto& [budget, amount] : of.budget_holds)
        budget->left += amount;
    of.holds.clear();
    of.budget_holds.clear();
}

void Auditor::Impl::lease_charged(const LeaseCharged& event) {
    AuditLease* of = lease(event.lease_id());
    if (of == nullptr) return;
    AuditJob& its = jobs.at(of->job);
    const std::int64_t end = std::min(now, of->ends_by);
    if (event.to_us() < of->started || event.to_us() > end)
        violate(Rule::charge_wrong, fmt::format("charged until {} us, of {} to {} us",
                                                event.to_us(), of->started, end));
    const std::int64_t milli = static_cast<std::int64_t>(of->tasks) * its.spec.devices_per_task() *
                               its.spec.milli_per_device();
    const auto used = [&](std::int64_t until) { return milli * ((until - of->started) / 1'000); };
    std::int64_t metered = used(event.to_us()) - of->milli_device_ms;
    std::int64_t amount = cost(its, *of, event.to_us()) - of->charged;
    if (!its.funded && metered > 0) metered = amount = 0;
    if (metered != event.milli_device_ms() || amount != event.micro_yuan())
        violate(Rule::charge_wrong,
                fmt::format("{} milli-device-ms and {} micro-yuan are due, {} and {} were before",
                            metered, amount, of->milli_device_ms, of->charged));
    const std::int64_t whole = cost(its, *of, end) - of->charged;
    const std::int64_t credited = its.funded ? whole - amount : event.credited_micro_yuan();
    if ((event.final() ? credited : 0) != event.credited_micro_yuan())
        violate(Rule::credit_wrong, fmt::format("{} are credited", whole - amount));
    if (!event.final() && metered < 0) violate(Rule::credit_wrong, "work taken back while it runs");
    take_payments(its, *of, event);
    of->milli_device_ms += event.milli_device_ms();
    of->charged += event.micro_yuan();
    of->charged_to = event.to_us();
    of->final_charge = event.final();
    InvoiceLineSum& sum =
        orgs[its.asked.org_id()].unbilled[{its.asked.project_id(), its.spec.pool_id(),
                                           its.spec.tier(), its.price.sheet, its.price.line}];
    sum.milli_device_ms += event.milli_device_ms();
    sum.charged += event.micro_yuan();
    const bool counts = event.milli_device_ms() != 0 || event.micro_yuan() != 0;
    if (counts) sum.credited += event.credited_micro_yuan();
}

void Auditor::Impl::take_payments(AuditJob& its, AuditLease& of, const LeaseCharged& event) {
    std::int64_t total = 0;
    for (const Payment& payment : event.payments()) {
        const std::int64_t amount = payment.micro_yuan();
        total += amount;
        AuditPurse& payer = purse(its.asked.org_id(), payment.voucher_id());
        if (amount > 0) {
            std::int64_t& held = its.holds[payment.voucher_id()];
            if (held < amount)
                violate(Rule::charge_not_held, fmt::format("{} paid of {} held", amount, held));
            held -= amount;
            payer.held -= amount;
            if (payment.voucher_id() != 0 && event.to_us() > vouchers[payment.voucher_id()].expires)
                violate(Rule::voucher_misused, fmt::format("voucher {} pays for work after its end",
                                                           payment.voucher_id()));
        } else if (of.paid[payment.voucher_id()] + amount < 0) {
            violate(Rule::charge_not_held, fmt::format("{} given back of {} paid", -amount,
                                                       of.paid[payment.voucher_id()]));
        }
        of.paid[payment.voucher_id()] += amount;
        its.paid[payment.voucher_id()] += amount;
        revenue += amount;
        if (payment.voucher_id() != 0 && vouchers[payment.voucher_id()].expired) {
            funders -= amount;
        } else {
            payer.balance -= amount;
        }
        orgs[its.asked.org_id()].unbilled_payers[payment.voucher_id()] += amount;
    }
    if (total != event.micro_yuan())
        violate(Rule::charge_wrong,
                fmt::format("payments of {} for {}", total, event.micro_yuan()));
    for (auto& [budget, held] : its.budget_holds) {
        if (total > 0) held -= total;
        if (total < 0) budget->left -= total;
    }
}

void Auditor::Impl::budget_changed(const BudgetChanged& event) {
    const SetBudget& command = current->command().set_budget();
    AuditBudget& budget = command.project_id() == 0 ? orgs[command.org_id()].budget
                                                    : projects[command.project_id()].budget;
    budget.left += event.delta_micro_yuan();
    budget.active = !command.remove();
    const std::int64_t wanted = command.remove() ? 0 : command.micro_yuan();
    if (budget.left != wanted)
        violate(Rule::budget_overshot,
                fmt::format("{} may be spent now, {} were asked for", budget.left, wanted));
}

void Auditor::Impl::voucher_issued(const VoucherIssued& event) {
    fresh_id(IdKind::voucher, event.voucher_id());
    const IssueVoucher& command = current->command().issue_voucher();
    AuditVoucher& made = vouchers[event.voucher_id()];
    made.org = command.org_id();
    made.expires = command.expires_us();
    made.pools.insert(command.pool_ids().begin(), command.pool_ids().end());
    made.job_cap = command.job_cap_micro_yuan();
    made.purse.balance = command.micro_yuan();
    funders -= command.micro_yuan();
}

void Auditor::Impl::voucher_expired(const VoucherExpired& event) {
    AuditVoucher& voucher = vouchers[event.voucher_id()];
    if (voucher.expired || voucher.expires > now)
        violate(Rule::voucher_misused,
                fmt::format("voucher {} expires at {} us", event.voucher_id(), voucher.expires));
    if (voucher.purse.held != 0 || event.returned_micro_yuan() != voucher.purse.balance)
        violate(
            Rule::voucher_misused,
            fmt::format("voucher {} has {}, {} of it held; {} went back", event.voucher_id(),
                        voucher.purse.balance, voucher.purse.held, event.returned_micro_yuan()));
    voucher.expired = true;
    funders += voucher.purse.balance;
    voucher.purse.balance = 0;
}

void Auditor::Impl::org_funded() {
    const FundOrg& command = current->command().fund_org();
    orgs[command.org_id()].purse.balance += command.micro_yuan();
    bank -= command.micro_yuan();
}

void Auditor::Impl::corrected(const Corrected& event) {
    fresh_id(IdKind::correction, event.correction_id());
    const Correct& command = current->command().correct();
    AuditOrg& org = orgs[command.org_id()];
    if (org.purse.free() + command.micro_yuan() < 0)
        violate(Rule::overdraft,
                fmt::format("{} taken, {} are free", -command.micro_yuan(), org.purse.free()));
    org.purse.balance += command.micro_yuan();
    org.unbilled_corrections += command.micro_yuan();
    corrections -= command.micro_yuan();
}

void Auditor::Impl::invoice_issued(const InvoiceIssued& event) {
    fresh_id(IdKind::invoice, event.invoice_id());
    AuditOrg& org = orgs[current->command().close_invoice().org_id()];
    if (event.from_us() != org.billed_until || event.to_us() != now)
        violate(Rule::invoice_wrong,
                fmt::format("the period is {} to {} us", org.billed_until, now));
    for (const InvoiceLine& line : event.lines()) {
        InvoiceLineSum& sum = org.unbilled[{line.project_id(), line.pool_id(), line.tier(),
                                            line.price_sheet_id(), line.price_line()}];
        if (line.milli_device_ms() != sum.milli_device_ms || line.micro_yuan() != sum.charged ||
            line.credited_micro_yuan() != sum.credited)
            violate(Rule::invoice_wrong,
                    fmt::format("line {}: {} milli-device-ms, {} charged and {} credited are due",
                                line.ShortDebugString(), sum.milli_device_ms, sum.charged,
                                sum.credited));
        sum = InvoiceLineSum{};
    }
    for (const auto& [key, sum] : org.unbilled) {
        if (sum.milli_device_ms != 0 || sum.charged != 0)
            violate(Rule::invoice_wrong,
                    fmt::format("{} of project {} are not on it", sum.charged, std::get<0>(key)));
    }
    for (const Payment& payment : event.payments())
        org.unbilled_payers[payment.voucher_id()] -= payment.micro_yuan();
    for (const auto& [payer, sum] : org.unbilled_payers) {
        if (sum != 0)
            violate(Rule::invoice_wrong, fmt::format("payer {} differs by {}", payer, sum));
    }
    if (event.corrections_micro_yuan() != org.unbilled_corrections)
        violate(Rule::invoice_wrong, fmt::format("corrections are {}", org.unbilled_corrections));
    org.unbilled.clear();
    org.unbilled_payers.clear();
    org.unbilled_corrections = 0;
    org.billed_until = now;
}

}  // namespace suan::sim
