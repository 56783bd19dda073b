#include "core/elastic.hpp"

#include <fmt/format.h>

namespace suan::core {
namespace {

using Blocked = sched::ElasticStanding::Blocked;

const char* code_of(Blocked blocked) {
    switch (blocked) {
        case Blocked::by_rules:
            return "NotByRules";
        case Blocked::at_max:
            return "AtMax";
        case Blocked::resizing:
            return "Resizing";
        case Blocked::closed:
            return "NodeClosed";
        case Blocked::limit:
            return "Limit";
        case Blocked::waiting:
        case Blocked::no_room:
            return "Resources";
        case Blocked::nothing:
            break;
    }
    return "";
}

// What follows "runs at 4 of 4 to 16 tasks".
std::string rest_of(const Job& job, const Lease& lease, const sched::ElasticStanding& standing) {
    switch (standing.blocked) {
        case Blocked::nothing:
            return fmt::format(
                "; grows to {} at its next checkpoint, if nothing else takes the idle devices",
                standing.grows_to);
        case Blocked::by_rules:
            return "; its pool does not resize running jobs (rule resize_within)";
        case Blocked::at_max:
            return fmt::format(
                ", the most that it asked for; it may shrink to {} for jobs that wait",
                job.shape.tasks_min);
        case Blocked::resizing:
            if (lease.next.empty()) return "; it is being stopped";
            return fmt::format("; it is being resized to {}", sched::tasks_of(lease.next));
        case Blocked::closed:
            return "; a node that it runs on takes no more work, so it stays as it is";
        case Blocked::limit:
            return "; its org may not hold more devices in this pool";
        case Blocked::waiting:
            return "; grows when no job waits: the pool does not backfill";
        case Blocked::no_room:
            break;
    }
    return "; grows at a checkpoint when devices where it may be are idle and no waiting job can "
           "start on them";
}

}  // namespace

bool is_elastic(const Job& job) {
    return job.shape.tasks_min < job.shape.tasks_max;
}

ElasticText elastic_text(const State& state, const Job& job) {
    const Lease& lease = state.leases.at(job.lease.value);
    const sched::ElasticStanding standing =
        state.pools.at(job.pool.value).scheduler.elastic_standing(lease.id, state.now);
    ElasticText out;
    out.tasks = standing.tasks;
    out.grows_to = standing.grows_to;
    out.code = code_of(standing.blocked);
    out.message = fmt::format("runs at {} of {} to {} tasks", standing.tasks, job.shape.tasks_min,
                              job.shape.tasks_max) +
                  rest_of(job, lease, standing);
    return out;
}

}  // namespace suan::core
