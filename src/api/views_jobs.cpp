#include "api/views_jobs.hpp"

#include "api/views_names.hpp"
#include "core/elastic.hpp"
#include "core/help.hpp"

#include <fmt/format.h>

#include <bit>

namespace suan::api {

Topology proto_topology(sched::Topology topology) {
    switch (topology) {
        case sched::Topology::one_rack:
            return TOPOLOGY_ONE_RACK;
        case sched::Topology::one_node:
            return TOPOLOGY_ONE_NODE;
        default:
            return TOPOLOGY_ANY;
    }
}

namespace {

// Slurm's reason names of jobs that ended badly.
const char* end_reason(const core::Job& job) {
    switch (job.state) {
        case JOB_STATE_FAILED:
            return job.signal != 0 ? "RaisedSignal" : "NonZeroExitCode";
        case JOB_STATE_TIMEOUT:
            return "TimeLimit";
        case JOB_STATE_DEPENDENCY_FAILED:
            return "DependencyNeverSatisfied";
        default:
            return "";
    }
}

const char* cheap_reason(const core::State& state, const core::Job& job) {
    if (job.held) return "JobHeldUser";
    if (job.dependencies_open > 0) return "Dependency";
    if (job.begin > state.now) return "BeginTime";
    if (!job.array_slot) return "JobArrayTaskLimit";
    if (!job.funded) return "AssocGrpBillingMinutes";
    const core::Pool& pool = state.pools.at(job.pool.value);
    return pool.scheduler.reservation_of(job.id) ? "Resources" : "Priority";
}

void fill_slots(const core::State& state, const core::Lease& lease, LeaseView& out) {
    for (const sched::Slot& slot : lease.placement) {
        SlotView& view = *out.add_slots();
        view.set_node_id(slot.node.value);
        view.set_node(node_name(state, slot.node));
        view.set_tasks(slot.tasks);
        for (std::uint64_t mask = slot.device_mask; mask != 0; mask &= mask - 1)
            view.add_devices(static_cast<std::uint32_t>(std::countr_zero(mask)));
    }
}

void fill_lease_of(const core::State& state, const core::Job& job, JobView& out) {
    const core::Lease* lease = job.lease ? state.leases.find(job.lease.value) : nullptr;
    if (lease == nullptr) return;
    out.set_tasks(lease->tasks);
    out.set_ends_by_us(lease->ends_by.us);
    for (const sched::Slot& slot : lease->placement)
        out.add_nodes(node_name(state, slot.node));
    // What it pays now, which may be less than what is held for it.
    out.set_price_micro_yuan_per_device_hour(lease->price.per_device_hour.micro_yuan);
}

void fill_shape(const core::Job& job, JobView& out) {
    out.set_tasks(job.shape.tasks_max);
    out.set_tasks_min(job.shape.tasks_min);
    out.set_tasks_max(job.shape.tasks_max);
    out.set_devices_per_task(job.shape.devices_per_task);
    out.set_milli_per_device(job.shape.milli);
    out.set_topology(proto_topology(job.shape.topology));
    out.set_topology_wait_ms(job.topology_wait.us / 1'000);
    if (job.queued && !job.relaxed) out.set_relaxes_us(job.relaxes.us);
    out.set_walltime_ms(job.walltime.us / 1'000);
    out.set_checkpoint_interval_ms(job.checkpoint_interval.us / 1'000);
    out.set_retries(job.retries);
}

void fill_money(const core::Job& job, JobView& out) {
    Money held{};
    for (const core::Hold& hold : job.holds) {
        if (!hold.budget) held += Money{hold.micro_yuan};
    }
    out.set_held_micro_yuan(held.micro_yuan);
    out.set_price_micro_yuan_per_device_hour(job.price.micro_yuan);
    out.set_price_sheet_id(job.sheet.value);
    out.set_price_line(job.price_line);
    out.set_charged_micro_yuan(job.charged.micro_yuan);
    out.set_milli_device_ms(job.milli_device_ms);
    out.set_bid_micro_yuan(job.bid.micro_yuan);
}

void fill_course(const core::Job& job, JobView& out) {
    out.set_state(job.state);
    out.set_submitted_us(job.submitted.us);
    out.set_begin_us(job.begin.us);
    out.set_started_us(job.started.us);
    out.set_ended_us(job.ended.us);
    out.set_attempts(job.attempts);
    out.set_preemptions(job.preemptions);
    out.set_exit_code(job.exit_code);
    out.set_signal(job.signal);
    out.set_progress_permille(job.progress_permille);
    out.set_held(job.held);
}

void fill_spread(const core::State& state, const core::Job& job, const core::Lease& lease,
                 SpreadView& out) {
    const sched::PoolScheduler& scheduler = state.pools.at(job.pool.value).scheduler;
    const sched::Spread is = sched::spread_of(scheduler, lease.placement);
    const sched::Spread least = sched::least_spread(scheduler, job.shape, lease.tasks);
    out.set_nodes(is.nodes);
    out.set_racks(is.racks);
    out.set_nodes_least(least.nodes);
    out.set_racks_least(least.racks);
}

struct Owners {
    OrgId org;
    ProjectId project;
    MemberId member;
    PoolId pool;
};
void fill_owners(const core::State& state, const Owners& of, JobView& out) {
    out.set_org_id(of.org.value);
    out.set_org(org_name(state, of.org));
    out.set_project_id(of.project.value);
    out.set_project(project_name(state, of.project));
    out.set_member_id(of.member.value);
    out.set_member(member_name(state, of.member));
    out.set_pool_id(of.pool.value);
    out.set_pool(pool_name(state, of.pool));
}

}  // namespace

Tier proto_tier(sched::Tier tier) {
    switch (tier) {
        case sched::Tier::reserved:
            return TIER_RESERVED;
        case sched::Tier::spot:
            return TIER_SPOT;
        default:
            return TIER_STANDARD;
    }
}

void fill(const core::State& state, const Viewer& viewer, const core::Job& job, Reasons reasons,
          JobView& out) {
    out.set_id(job.id.value);
    out.set_array_id(job.array.value);
    out.set_array_index(job.array_index);
    const auto array = state.arrays.find(job.array);
    if (job.array && array != state.arrays.end()) out.set_array_count(array->second.count);
    out.set_name(job.name);
    fill_owners(state, {job.org, job.project, job.member, job.pool}, out);
    out.set_tier(proto_tier(job.tier));
    out.set_priority(job.priority);
    fill_shape(job, out);
    fill_money(job, out);
    fill_course(job, out);
    out.set_has_payload(job.has_payload);
    fill_lease_of(state, job, out);
    out.set_reason(end_reason(job));
    if (job.state != JOB_STATE_WAITING) return;
    out.set_reason(cheap_reason(state, job));
    if (reasons == Reasons::cheap) return;
    const auto all = reasons_for(state, viewer, job);
    if (!all.empty()) out.set_reason(all.front().code);
}

void fill(const core::State& state, const runtime::JobRow& row, JobView& out) {
    out.set_id(row.id.value);
    out.set_array_id(row.array.value);
    out.set_array_index(row.array_index);
    out.set_name(row.name);
    fill_owners(state, {row.org, row.project, row.member, row.pool}, out);
    out.set_state(row.state);
    out.set_reason(row.reason);
    out.set_tier(row.tier);
    out.set_priority(row.priority);
    out.set_tasks(row.tasks);
    out.set_tasks_max(row.tasks);
    out.set_devices_per_task(row.devices_per_task);
    out.set_milli_per_device(row.milli_per_device);
    out.set_walltime_ms(row.walltime.us / 1'000);
    out.set_submitted_us(row.submitted.us);
    out.set_started_us(row.started.us);
    out.set_ended_us(row.ended.us);
    out.set_exit_code(row.exit_code);
    out.set_signal(row.signal);
    out.set_attempts(row.attempts);
    out.set_preemptions(row.preemptions);
    out.set_progress_permille(row.progress_permille);
    out.set_price_sheet_id(row.sheet.value);
    out.set_price_line(row.price_line);
    out.set_price_micro_yuan_per_device_hour(row.price.micro_yuan);
    out.set_charged_micro_yuan(row.charged.micro_yuan);
    out.set_milli_device_ms(row.milli_device_ms);
}

void fill_details(const core::State& state, const Viewer& viewer, const core::Job& job,
                  JobView& out) {
    for (const core::JobDependency& dependency : job.dependencies) {
        DependencyView& view = *out.add_dependencies();
        view.set_job_id(dependency.job.value);
        view.set_kind(dependency.kind);
        view.set_met(dependency.met);
    }
    for (const core::Hold& hold : job.holds) {
        if (hold.budget) continue;
        Payment payment;
        payment.set_voucher_id(hold.voucher.value);
        payment.set_micro_yuan(hold.micro_yuan);
        fill(state, payment, *out.add_holds());
    }
    for (const core::WaitReason& reason : reasons_for(state, viewer, job))
        fill(reason, *out.add_reasons());
    const core::Lease* lease = job.lease ? state.leases.find(job.lease.value) : nullptr;
    if (lease != nullptr) {
        fill(state, *lease, *out.add_leases());
        fill_spread(state, job, *lease, *out.mutable_spread());
    }
    if (job.has_payload) out.set_payload_sm3(std::string(as_text(job.payload_sm3)));
}

void fill(const core::State& state, const core::Lease& lease, LeaseView& out) {
    out.set_id(lease.id.value);
    out.set_job_id(lease.job.value);
    if (const core::Job* job = state.jobs.find(lease.job.value)) {
        out.set_job_name(job->name);
        out.set_org(org_name(state, job->org));
    }
    out.set_attempt(lease.attempt);
    out.set_tasks(lease.tasks);
    fill_slots(state, lease, out);
    out.set_started_us(lease.started.us);
    out.set_ends_by_us(lease.ends_by.us);
    out.set_last_checkpoint_us(lease.last_checkpoint.us);
    out.set_stopping(lease.stopping);
    out.set_charged_micro_yuan(lease.charged.micro_yuan);
    out.set_milli_device_ms(lease.milli_device_ms);
    out.set_running(lease.running);
}

void fill(const core::State& state, const runtime::LeaseRow& row, LeaseView& out) {
    out.set_id(row.id.value);
    out.set_job_id(row.job.value);
    out.set_org(org_name(state, row.org));
    out.set_attempt(row.attempt);
    out.set_tasks(row.tasks);
    for (const Slot& slot : row.slots) {
        SlotView& view = *out.add_slots();
        view.set_node_id(slot.node_id());
        view.set_node(node_name(state, NodeId{slot.node_id()}));
        view.set_tasks(slot.tasks());
        for (std::uint64_t mask = slot.device_mask(); mask != 0; mask &= mask - 1)
            view.add_devices(static_cast<std::uint32_t>(std::countr_zero(mask)));
    }
    out.set_started_us(row.started.us);
    out.set_ended_us(row.ended.us);
    out.set_outcome(row.outcome);
    out.set_stopping(row.stopping);
    out.set_exit_code(row.exit_code);
    out.set_signal(row.signal);
    out.set_charged_micro_yuan(row.charged.micro_yuan);
    out.set_milli_device_ms(row.milli_device_ms);
}

void fill(const core::State& state, const Payment& payment, PaymentView& out) {
    out.set_voucher_id(payment.voucher_id());
    out.set_micro_yuan(payment.micro_yuan());
    const core::Voucher* voucher = state.vouchers.find(payment.voucher_id());
    out.set_payer(voucher == nullptr
                      ? "own money"
                      : fmt::format("voucher {} of {}", payment.voucher_id(), voucher->funder));
}

std::vector<core::WaitReason> reasons_for(const core::State& state, const Viewer& viewer,
                                          const core::Job& job) {
    std::vector<core::WaitReason> out = core::why(state, job);
    for (core::WaitReason& reason : out) {
        if (viewer.of_centre()) break;
        const bool ordered = reason.code == "Priority";
        const bool foreign = reason.other != 0 && viewer.job(state, reason.other) == nullptr;
        if (!ordered && !foreign) continue;
        // How many go first, and which, would count and name the jobs of others.
        reason.message = ordered ? "other jobs of the pool go first"
                                 : "fits now, but would delay a job that has a reservation";
        reason.needed = reason.available = reason.limit = 0;
        if (foreign) reason.other = 0;
    }
    return out;
}

void fill(const core::WaitReason& reason, WaitReasonView& out) {
    out.set_code(reason.code);
    out.set_message(reason.message);
    out.set_needed(reason.needed);
    out.set_available(reason.available);
    out.set_limit(reason.limit);
    out.set_other(reason.other);
}

static void fill_elastic(const core::State& state, const core::Job& job, WhyView& out) {
    const core::ElasticText text = core::elastic_text(state, job);
    ElasticView& view = *out.mutable_elastic();
    view.set_tasks(text.tasks);
    view.set_tasks_min(job.shape.tasks_min);
    view.set_tasks_max(job.shape.tasks_max);
    view.set_grows_to(text.grows_to);
    view.set_code(text.code);
    view.set_message(text.message);
    out.set_summary("it " + text.message);
}

void fill_why(const core::State& state, const Viewer& viewer, const core::Job& job, WhyView& out) {
    out.set_id(job.id.value);
    out.set_state(job.state);
    const auto reasons = reasons_for(state, viewer, job);
    for (const core::WaitReason& reason : reasons)
        fill(reason, *out.add_reasons());
    const core::Pool& pool = state.pools.at(job.pool.value);
    if (const auto reservation = pool.scheduler.reservation_of(job.id)) {
        out.set_reserved_start_us(reservation->start.us);
    }
    if (job.has_ended()) {
        out.set_summary("it has ended");
    } else if (job.state != JOB_STATE_WAITING) {
        out.set_summary("it runs");
        if (core::is_elastic(job)) fill_elastic(state, job, out);
    } else if (reasons.empty()) {
        out.set_summary("it is about to start");
    } else {
        out.set_summary(reasons.front().message);
    }
}

}  // namespace suan::api
