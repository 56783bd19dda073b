#include "runtime/waits.hpp"

namespace suan::runtime {
namespace {

// What keeps it out of the queue; Priority when it is in.
const char* code_of(const core::Job& job, Time now) {
    if (job.held) return "JobHeldUser";
    if (job.dependencies_open > 0) return "Dependency";
    if (job.begin > now) return "BeginTime";
    if (!job.array_slot) return "JobArrayTaskLimit";
    if (!job.funded) return "AssocGrpBillingMinutes";
    if (job.bidding) return "SpotBid";
    return "Priority";
}

// The job whose waiting the event changes; 0: none.
std::uint64_t job_of(const Event& event) {
    switch (event.kind_case()) {
        case Event::kJobAdmitted:
            return event.job_admitted().eligible() ? 0 : event.job_admitted().job_id();
        case Event::kJobEligible:
            return event.job_eligible().job_id();
        case Event::kJobRelaxed:
            return event.job_relaxed().job_id();
        case Event::kJobHeld:
            return event.job_held().job_id();
        case Event::kJobReleased:
            return event.job_released().job_id();
        case Event::kJobRequeued:
            return event.job_requeued().job_id();
        case Event::kJobFunded:
            return event.job_funded().job_id();
        case Event::kJobUnfunded:
            return event.job_unfunded().job_id();
        case Event::kJobReserved:
            return event.job_reserved().job_id();
        case Event::kJobUnreserved:
            return event.job_unreserved().job_id();
        case Event::kJobOutbid:
            return event.job_outbid().job_id();
        case Event::kBidChanged:
            return event.bid_changed().job_id();
        default:
            return 0;
    }
}

}  // namespace

void add_wait_row(const core::State& state, const Entry& entry, std::uint32_t index,
                  const Event& event, std::vector<HistoryRow>& rows) {
    const std::uint64_t id = job_of(event);
    const core::Job* job = id == 0 ? nullptr : state.jobs.find(id);
    if (job == nullptr) return;
    WaitRow row;
    row.number = row_number(entry.seq(), index);
    row.job = job->id;
    row.since = Time{entry.time_us()};
    row.code = code_of(*job, row.since);
    if (event.has_job_reserved()) {
        row.code = "Resources";
        row.reserved_start = Time{event.job_reserved().start_us()};
    }
    rows.emplace_back(std::move(row));
}

}  // namespace suan::runtime
