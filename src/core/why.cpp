// Explain: every unmet condition of a waiting job, with its numbers.
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "core/transition.hpp"
#include "sched/help.hpp"

#include <fmt/format.h>

namespace suan::core {
namespace {

WaitReason reason(std::string code, std::string message) {
    WaitReason out;
    out.code = std::move(code);
    out.message = std::move(message);
    return out;
}

const char* kind_name(DependencyKind kind) {
    switch (kind) {
        case DEPENDENCY_KIND_AFTERNOTOK:
            return "afternotok";
        case DEPENDENCY_KIND_AFTERANY:
            return "afterany";
        default:
            return "afterok";
    }
}

void add_own_conditions(const State& state, const Job& job, std::vector<WaitReason>& out) {
    if (job.held)
        out.push_back(reason("JobHeldUser", "the job is held: release it with suan job release"));
    for (const JobDependency& dependency : job.dependencies) {
        if (dependency.met) continue;
        WaitReason& r = out.emplace_back(
            reason("Dependency", fmt::format("waits for job {} ({})", dependency.job.value,
                                             kind_name(dependency.kind))));
        r.other = dependency.job.value;
    }
    if (job.begin > state.now) {
        WaitReason& r = out.emplace_back(
            reason("BeginTime", fmt::format("starts not before its begin time, in {} s",
                                            (job.begin - state.now).us / 1'000'000)));
        r.limit = job.begin.us;
    }
    if (!job.array_slot) {
        const auto array = state.arrays.find(job.array);
        WaitReason& r = out.emplace_back(
            reason("JobArrayTaskLimit", "the array's limit of running jobs is reached"));
        if (array != state.arrays.end()) r.limit = array->second.running_max;
    }
    if (!job.funded) {
        const Money needed = hold_amount(job.shape, job.walltime, job.price);
        const Money own = state.available(org_account(job.org));
        HoldPlanner planner(state, job.org, job.project, state.now);
        std::vector<HoldPart> parts;
        const Verdict missing = planner.plan(job, needed, parts);
        WaitReason& r = out.emplace_back(
            reason("AssocGrpBillingMinutes",
                   missing ? missing->message
                           : fmt::format("{} will be held for its whole wall time at the next tick",
                                         yuan_text(needed))));
        r.needed = needed.micro_yuan;
        r.available = own.micro_yuan;
    }
}

std::string devices_text(std::int64_t milli) {
    return milli % 1'000 == 0 ? fmt::format("{}", milli / 1'000)
                              : fmt::format("{}.{:03}", milli / 1'000, milli % 1'000);
}

// The gang against what is free, and where: one free rack may hold what scattered devices do not.
std::string resources_text(const Pool& pool, const Job& job, const sched::Reason& from) {
    const sched::FreePlaces free = sched::free_places(pool.scheduler, job.shape);
    std::string text = fmt::format(
        "needs {} devices as {} tasks of {}; of its tasks {} fit now, {} devices of pool {} are "
        "free",
        from.needed, job.shape.tasks_min, job.shape.devices_per_task, from.limit,
        devices_text(pool.scheduler.totals().free_milli), pool.name);
    if (job.shape.tasks_min > 1) {
        text += fmt::format("; {} tasks fit on one node, {} in one rack, {} in all",
                            free.tasks_on_one_node, free.tasks_in_one_rack, free.tasks_anywhere);
    }
    return text;
}

WaitReason from_sched(const State& state, const Job& job, const sched::Reason& from) {
    const Pool& pool = state.pools.at(job.pool.value);
    WaitReason out;
    out.needed = from.needed;
    out.available = from.available;
    out.limit = from.limit;
    out.other = from.other;
    switch (from.code) {
        case sched::ReasonCode::resources:
            out.code = "Resources";
            out.message = resources_text(pool, job, from);
            break;
        case sched::ReasonCode::priority:
            out.code = "Priority";
            out.message = fmt::format("{} jobs are ordered before it, job {} first", from.available,
                                      from.other);
            break;
        case sched::ReasonCode::share_limit:
            out.code = "AssocGrpGRES";
            out.message = fmt::format("needs {} devices; its org holds {} of at most {} in pool {}",
                                      devices_text(from.needed), devices_text(from.available),
                                      devices_text(from.limit), pool.name);
            break;
        case sched::ReasonCode::reserved_share:
            out.code = "QOSGrpGRES";
            out.message = fmt::format(
                "tier reserved runs within the {} devices that the org deserves; it needs {}, {} "
                "are held",
                devices_text(from.limit), devices_text(from.needed), devices_text(from.available));
            break;
        case sched::ReasonCode::reservation:
            out.code = "Reservation";
            out.message = fmt::format("fits now, but would delay job {}, which has a reservation",
                                      from.other);
            break;
        case sched::ReasonCode::nodes_unavailable:
            out.code = "ReqNodeNotAvail";
            out.message = fmt::format("{} devices are on drained or failed nodes",
                                      devices_text(from.available));
            break;
        case sched::ReasonCode::preempting:
            out.code = "Preempting";
            out.message = "borrowers are being stopped for it";
            break;
        case sched::ReasonCode::topology:
            out.code = "Topology";
            out.message = job.shape.topology == sched::Topology::one_node
                              ? "fits now, but not on one node as it requires"
                              : "fits now, but not in one rack as it requires";
            if (job.relaxes > state.now) {
                out.message += fmt::format("; in {} s it takes any place",
                                           (job.relaxes - state.now).us / 1'000'000);
                out.limit = job.relaxes.us;
            }
            break;
    }
    return out;
}

}  // namespace

std::vector<WaitReason> why(const State& state, const Job& job) {
    std::vector<WaitReason> out;
    if (job.state != JOB_STATE_WAITING) return out;
    add_own_conditions(state, job, out);
    if (job.bidding && may_bid(job, state.now)) out.push_back(why_bidding(state, job));
    if (!job.queued) return out;
    const Pool& pool = state.pools.at(job.pool.value);
    for (const sched::Reason& from : pool.scheduler.explain(job.id, state.now))
        out.push_back(from_sched(state, job, from));
    return out;
}

}  // namespace suan::core
