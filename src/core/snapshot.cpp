// State to a StateSnapshot and back. Queues, free devices, timers and name tables are rebuilt from
// the objects; what cannot be rebuilt (uses, reservations, the ledger) is stored.
#include "core/centre.hpp"
#include "core/jobs.hpp"
#include "core/leases.hpp"
#include "core/market.hpp"
#include "core/money.hpp"
#include "core/spec.hpp"
#include "core/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace suan::core {
namespace {

std::array<std::uint64_t, 12> counters_of(const State& s) {
    return {s.next_pool,   s.next_node,    s.next_org,        s.next_project,
            s.next_member, s.next_voucher, s.next_sheet,      s.next_job,
            s.next_lease,  s.next_invoice, s.next_correction, s.next_transfer};
}

template <typename T>
void records_to(const std::vector<T>& records, std::string* out) {
    out->resize(records.size() * sizeof(T));
    if (!records.empty()) std::memcpy(out->data(), records.data(), out->size());
}

void pool_to(const Pool& pool, PoolRecord& out) {
    out.set_id(pool.id.value);
    PoolSpec& spec = *out.mutable_spec();
    spec.set_name(pool.name);
    spec.set_title(pool.title);
    spec.set_executor(pool.executor);
    spec.set_device_type(pool.device_type);
    spec.set_device_gflops(pool.device_gflops);
    spec.set_sharing(pool.sharing);
    spec.set_visible_devices_variable(pool.visible_devices_variable);
    *spec.mutable_rules() = rules_to_proto(pool);
    out.set_use_base_us(pool.scheduler.use_base().us);
    for (const sched::UseRecord& use : pool.scheduler.uses()) {
        UseRecord& record = *out.add_uses();
        record.set_org_id(use.org.value);
        record.set_project_id(use.project.value);
        record.set_member_id(use.member.value);
        record.set_inflated_use(use.inflated_use);
    }
    for (const sched::Reservation& reservation : pool.scheduler.reservations()) {
        ReservationRecord& record = *out.add_reservations();
        record.set_job_id(reservation.job.value);
        record.set_start_us(reservation.start.us);
        placement_to(reservation.placement, record.mutable_slots());
    }
    for (const auto& [key, learnt] : pool.run_times.levels()) {
        RunTimesRecord& record = *out.add_run_times();
        record.set_org_id(key.org.value);
        record.set_member_id(key.member.value);
        record.set_milli(key.milli);
        record.set_counts(std::string(learnt.counts.begin(), learnt.counts.end()));
    }
    spot_market_to(pool.spot, out);
}

void node_to(const Node& node, NodeRecord& out) {
    out.set_id(node.id.value);
    out.set_pool_id(node.pool.value);
    out.mutable_spec()->set_name(node.name);
    out.mutable_spec()->set_rack(node.rack);
    out.mutable_spec()->set_devices(node.devices);
    out.set_state(node.state);
    out.set_reason(node.reason);
}

void budget_to(const Budget& budget, BudgetRecord& out) {
    out.set_active(budget.active);
    out.set_granted(budget.granted.micro_yuan);
}

void org_to(const Org& org, OrgRecord& out) {
    out.set_id(org.id.value);
    out.set_name(org.name);
    out.set_title(org.title);
    for (const auto& [pool, share] : org.shares) {
        ShareRecord& record = *out.add_shares();
        record.set_pool_id(pool.value);
        record.set_deserved_milli(share.deserved_milli);
        record.set_weight(share.weight);
        record.set_limit_milli(share.limit_milli);
    }
    budget_to(org.budget, *out.mutable_budget());
    for (const auto& [key, sum] : org.unbilled)
        invoice_line_to(key, sum, *out.add_unbilled());
    for (const auto& [voucher, sum] : org.unbilled_by_payer) {
        Payment& payment = *out.add_unbilled_by_payer();
        payment.set_voucher_id(voucher.value);
        payment.set_micro_yuan(sum.micro_yuan);
    }
    out.set_unbilled_corrections(org.unbilled_corrections.micro_yuan);
    out.set_billed_until_us(org.billed_until.us);
}

void spec_to(const Job& job, JobSpec& out) {
    out.set_name(job.name);
    out.set_pool_id(job.pool.value);
    out.set_tier(proto_tier(job.tier));
    out.set_tasks(job.shape.tasks_max);
    out.set_tasks_min(job.shape.tasks_min);
    out.set_devices_per_task(job.shape.devices_per_task);
    out.set_milli_per_device(job.shape.milli);
    out.set_topology(job.shape.topology == sched::Topology::one_node   ? TOPOLOGY_ONE_NODE
                     : job.shape.topology == sched::Topology::one_rack ? TOPOLOGY_ONE_RACK
                                                                       : TOPOLOGY_ANY);
    out.set_walltime_ms(job.walltime.us / 1'000);
    out.set_priority(job.priority);
    out.set_retries(job.retries);
    out.set_checkpoint_interval_ms(job.checkpoint_interval.us / 1'000);
    out.set_begin_time_us(job.begin.us);
    out.set_topology_wait_ms(job.topology_wait.us / 1'000);
    out.set_grace_ms(static_cast<std::uint32_t>(job.grace.us / 1'000));
    out.set_bid_micro_yuan(job.bid.micro_yuan);
    if (job.has_payload) out.set_payload_sm3(std::string(as_text(job.payload_sm3)));
}

void holds_to(const boost::container::small_vector<Hold, 1>& holds,
              google::protobuf::RepeatedPtrField<HoldRecord>& out) {
    for (const Hold& hold : holds) {
        HoldRecord& record = *out.Add();
        record.set_transfer(hold.transfer.low);
        record.set_kind(static_cast<std::uint32_t>(hold.account.high));
        record.set_number(hold.account.low);
        record.set_voucher_id(hold.voucher.value);
        record.set_micro_yuan(hold.micro_yuan);
        record.set_budget(hold.budget);
    }
}

void term_to(const ServiceTerm& term, ServiceTermRecord& out) {
    out.set_in_force(term.in_force);
    out.set_price_sheet_id(term.sheet.value);
    out.set_price_line(term.line);
    out.set_price(term.price.micro_yuan);
    out.set_quantity(term.quantity);
    out.set_since_us(term.since.us);
    holds_to(term.holds, *out.mutable_holds());
}

void ledgers_to(const State& s, StateSnapshot& out) {
    s.ledgers.for_each([&](std::uint64_t, const TenantLedger& ledger) {
        TenantLedgerRecord& record = *out.add_tenant_ledgers();
        record.set_id(ledger.id.value);
        record.set_org_id(ledger.org.value);
        record.set_name(ledger.name);
        record.set_state(ledger.state);
        record.set_opened_us(ledger.opened.us);
        record.set_closed_us(ledger.closed.us);
        record.set_transfers(ledger.transfers);
        record.set_charged(ledger.charged.micro_yuan);
        term_to(ledger.transfer_term, *record.mutable_transfer_term());
        term_to(ledger.time_term, *record.mutable_time_term());
    });
    out.set_next_ledger(s.next_ledger);
    if (s.anchor.block == 0) return;
    AnchorRecord& anchor = *out.mutable_anchor();
    anchor.set_journal_id(std::string(as_text(s.anchor.journal_id)));
    anchor.set_block(s.anchor.block);
    anchor.set_block_sm3(std::string(as_text(s.anchor.block_sm3)));
    anchor.set_time_us(s.anchor.time.us);
    anchor.set_seq(s.anchor.seq);
}

void job_to(const Job& job, JobRecord& out) {
    out.set_id(job.id.value);
    out.set_array_id(job.array.value);
    out.set_org_id(job.org.value);
    out.set_project_id(job.project.value);
    out.set_member_id(job.member.value);
    spec_to(job, *out.mutable_spec());
    out.set_state(job.state);
    out.set_array_index(job.array_index);
    out.set_array_order(job.array_order);
    out.set_submitted_us(job.submitted.us);
    out.set_started_us(job.started.us);
    out.set_ended_us(job.ended.us);
    out.set_own_failures(job.own_failures);
    out.set_launch_failures(job.launch_failures);
    out.set_attempts(job.attempts);
    out.set_preemptions(job.preemptions);
    out.set_held(job.held);
    out.set_queued(job.queued);
    out.set_unfunded(!job.funded);
    out.set_no_array_slot(!job.array_slot);
    for (const JobDependency& dependency : job.dependencies) {
        DependencyRecord& record = *out.add_dependencies();
        record.set_job_id(dependency.job.value);
        record.set_kind(dependency.kind);
        record.set_met(dependency.met);
    }
    out.set_lease_id(job.lease.value);
    out.set_quote_id(job.quote.value);
    out.set_expected_us(job.expected.us);
    out.set_relaxes_us(job.relaxes.us);
    out.set_relaxed(job.relaxed);
    out.set_bidding(job.bidding);
    out.set_price_sheet_id(job.sheet.value);
    out.set_price_line(job.price_line);
    out.set_price(job.price.micro_yuan);
    holds_to(job.holds, *out.mutable_holds());
    out.set_charged(job.charged.micro_yuan);
    for (const auto& [voucher, paid] : job.paid) {
        Payment& payment = *out.add_paid();
        payment.set_voucher_id(voucher.value);
        payment.set_micro_yuan(paid.micro_yuan);
    }
    out.set_milli_device_ms(job.milli_device_ms);
    out.set_exit_code(job.exit_code);
    out.set_signal(job.signal);
    out.set_progress_permille(job.progress_permille);
}

void lease_to(const Lease& lease, LeaseRecord& out) {
    out.set_id(lease.id.value);
    out.set_job_id(lease.job.value);
    out.set_attempt(lease.attempt);
    out.set_tasks(lease.tasks);
    placement_to(lease.placement, out.mutable_slots());
    out.set_started_us(lease.started.us);
    out.set_ends_by_us(lease.ends_by.us);
    out.set_last_checkpoint_us(lease.last_checkpoint.us);
    out.set_metered_to_us(lease.metered_to.us);
    out.set_due_us(lease.due.us);
    out.set_charged(lease.charged.micro_yuan);
    out.set_milli_device_ms(lease.milli_device_ms);
    for (const auto& [voucher, paid] : lease.paid) {
        Payment& payment = *out.add_paid();
        payment.set_voucher_id(voucher.value);
        payment.set_micro_yuan(paid.micro_yuan);
    }
    out.set_stopping(lease.stopping);
    out.set_running(lease.running);
    out.set_makes_way_for_own(lease.makes_way_for_own);
    placement_to(lease.next, out.mutable_next());
    if (!lease.price.of_market) return;
    LeasePriceRecord& price = *out.mutable_market_price();
    price.set_price(lease.price.per_device_hour.micro_yuan);
    price.set_since_us(lease.price.since.us);
    price.set_before(lease.price.before.micro_yuan);
    price.set_at_checkpoint(lease.price.at_checkpoint.micro_yuan);
}

void people_to(const State& s, StateSnapshot& out) {
    s.projects.for_each([&](std::uint64_t, const Project& project) {
        ProjectRecord& record = *out.add_projects();
        record.set_id(project.id.value);
        record.set_org_id(project.org.value);
        record.set_name(project.name);
        record.set_weight(project.weight);
        budget_to(project.budget, *record.mutable_budget());
    });
    s.members.for_each([&](std::uint64_t, const Member& member) {
        MemberRecord& record = *out.add_members();
        record.set_id(member.id.value);
        record.set_org_id(member.org.value);
        record.set_name(member.name);
        record.set_role(member.role);
        record.set_token_sm3(std::string(as_text(member.token_sm3)));
        record.set_disabled(member.disabled);
    });
}

void money_to(const State& s, StateSnapshot& out) {
    s.vouchers.for_each([&](std::uint64_t, const Voucher& voucher) {
        VoucherRecord& record = *out.add_vouchers();
        record.set_id(voucher.id.value);
        record.set_org_id(voucher.org.value);
        record.set_funder(voucher.funder);
        record.set_contract(voucher.contract);
        record.set_micro_yuan(voucher.amount.micro_yuan);
        record.set_expires_us(voucher.expires.us);
        for (const PoolId pool : voucher.pools)
            record.add_pool_ids(pool.value);
        record.set_job_cap(voucher.job_cap.micro_yuan);
        record.set_expired(voucher.expired);
    });
    s.sheets.for_each([&](std::uint64_t, const PriceSheet& sheet) {
        PriceSheetRecord& record = *out.add_sheets();
        record.set_id(sheet.id.value);
        record.set_name(sheet.name);
        record.set_published_us(sheet.published.us);
        for (const PriceLine& line : sheet.lines)
            *record.add_lines() = line;
    });
    for (const Invoice& invoice : s.invoices) {
        InvoiceRecord& record = *out.add_invoices();
        record.set_id(invoice.id);
        record.set_org_id(invoice.org.value);
        record.set_from_us(invoice.from.us);
        record.set_to_us(invoice.to.us);
        record.set_total(invoice.total.micro_yuan);
    }
}

void witnesses_to(const State& s, StateSnapshot& out) {
    for (const Witness& witness : s.witnesses) {
        WitnessRecord& record = *out.add_witnesses();
        record.set_name(witness.name);
        record.set_title(witness.title);
        record.set_public_key(std::string(as_text(witness.key)));
        record.set_registered_us(witness.registered.us);
        record.set_from_seq(witness.from_seq);
        record.set_removed_us(witness.removed.us);
        record.set_until_seq(witness.until_seq);
        record.set_reason(witness.reason);
    }
}

void promises_to(const State& s, StateSnapshot& out) {
    out.set_next_quote(s.next_quote);
    for (const auto& [id, quote] : s.quotes) {
        QuoteRecord& record = *out.add_quotes();
        record.set_id(id.value);
        record.set_offered_at_us(quote.offered_at.us);
        *record.mutable_offer() = quote.offer;
        *record.mutable_offered() = quote.offered;
        record.set_job_id(quote.job.value);
        record.set_start_by_us(quote.start_by.us);
        record.set_own_fault(quote.own_fault);
    }
    out.set_rules_in_force(s.rules_in_force.value);
    for (const RulesVersion& rules : s.rules) {
        RulesRecord& record = *out.add_rules();
        record.set_id(rules.id.value);
        *record.mutable_rules() = rules.content;
        record.set_scheduled_us(rules.scheduled.us);
        record.set_effective_us(rules.effective.us);
        record.set_state(static_cast<std::uint32_t>(rules.state));
    }
}

void requests_to(const State& s, StateSnapshot& out) {
    for (const auto& key : s.idempotent_order) {
        const IdempotentRequest& request = s.idempotent.at(key);
        IdempotentRecord& record = *out.add_idempotent();
        record.set_member_id(key.first.value);
        record.set_key(key.second);
        record.set_request_sm3(std::string(as_text(request.request_sm3)));
        record.set_first_job(request.first_job.value);
        record.set_count(request.count);
        record.set_seq(request.seq);
    }
}

}  // namespace

StateSnapshot to_snapshot(const State& s) {
    StateSnapshot out;
    out.set_rules_version(rules_version);
    out.set_seq(s.seq);
    out.set_now_us(s.now.us);
    for (const std::uint64_t counter : counters_of(s))
        out.add_counters(counter);
    s.pools.for_each([&](std::uint64_t, const Pool& pool) { pool_to(pool, *out.add_pools()); });
    s.nodes.for_each([&](std::uint64_t, const Node& node) { node_to(node, *out.add_nodes()); });
    s.orgs.for_each([&](std::uint64_t, const Org& org) { org_to(org, *out.add_orgs()); });
    people_to(s, out);
    money_to(s, out);
    ledgers_to(s, out);
    s.jobs.for_each([&](std::uint64_t, const Job& job) { job_to(job, *out.add_jobs()); });
    s.leases.for_each(
        [&](std::uint64_t, const Lease& lease) { lease_to(lease, *out.add_leases()); });
    for (const auto& [first, array] : s.arrays) {
        ArrayRecord& record = *out.add_arrays();
        record.set_first(first.value);
        record.set_count(array.count);
        record.set_ended(array.ended);
        record.set_failed(array.failed);
        record.set_running_max(array.running_max);
        record.set_released(array.released);
    }
    for (const JobId id : s.finished)
        out.add_finished(id.value);
    promises_to(s, out);
    requests_to(s, out);
    witnesses_to(s, out);
    const ledger::Snapshot books = s.books.export_state();
    SUAN_ASSERT(books.finished.empty());
    records_to(books.accounts, out.mutable_ledger_accounts());
    records_to(books.pending, out.mutable_ledger_pendings());
    return out;
}

}  // namespace suan::core
