#include "api/live.hpp"

namespace suan::api {
namespace {

using JobOfLease = std::map<std::uint64_t, std::uint64_t>;

void set_lease(std::uint64_t lease, const JobOfLease& job_of_lease, LiveEvent& out) {
    out.set_lease_id(lease);
    const auto job = job_of_lease.find(lease);
    if (job != job_of_lease.end()) out.set_job_id(job->second);
}

void fill_job_event(const Event& event, JobOfLease& job_of_lease, LiveEvent& out) {
    switch (event.kind_case()) {
        case Event::kJobAdmitted:
            out.set_job_id(event.job_admitted().job_id());
            return out.set_state(JOB_STATE_WAITING);
        case Event::kJobEligible:
            return out.set_job_id(event.job_eligible().job_id());
        case Event::kJobRelaxed:
            return out.set_job_id(event.job_relaxed().job_id());
        case Event::kJobStarted:
            out.set_job_id(event.job_started().job_id());
            out.set_lease_id(event.job_started().lease_id());
            job_of_lease[event.job_started().lease_id()] = event.job_started().job_id();
            return out.set_state(JOB_STATE_RUNNING);
        case Event::kJobRequeued:
            out.set_job_id(event.job_requeued().job_id());
            return out.set_state(JOB_STATE_WAITING);
        case Event::kJobEnded:
            out.set_job_id(event.job_ended().job_id());
            out.set_state(event.job_ended().state());
            out.set_exit_code(event.job_ended().exit_code());
            out.set_signal(event.job_ended().signal());
            return out.set_message(event.job_ended().reason());
        case Event::kJobHeld:
            return out.set_job_id(event.job_held().job_id());
        case Event::kJobReleased:
            return out.set_job_id(event.job_released().job_id());
        case Event::kJobReserved:
            return out.set_job_id(event.job_reserved().job_id());
        case Event::kJobUnreserved:
            return out.set_job_id(event.job_unreserved().job_id());
        case Event::kJobFunded:
            return out.set_job_id(event.job_funded().job_id());
        case Event::kJobUnfunded:
            return out.set_job_id(event.job_unfunded().job_id());
        default:
            return;
    }
}

void fill_lease_event(const Event& event, JobOfLease& job_of_lease, LiveEvent& out) {
    switch (event.kind_case()) {
        case Event::kLeaseRunning:
            return set_lease(event.lease_running().lease_id(), job_of_lease, out);
        case Event::kLeaseStopping:
            set_lease(event.lease_stopping().lease_id(), job_of_lease, out);
            return out.set_state(JOB_STATE_STOPPING);
        case Event::kLeaseProgress:
            set_lease(event.lease_progress().lease_id(), job_of_lease, out);
            return out.set_progress_permille(event.lease_progress().permille());
        case Event::kLeaseCharged:
            set_lease(event.lease_charged().lease_id(), job_of_lease, out);
            return out.set_micro_yuan(event.lease_charged().micro_yuan());
        case Event::kLedgerCharged:
            return out.set_micro_yuan(event.ledger_charged().micro_yuan());
        case Event::kLeaseEnded:
            set_lease(event.lease_ended().lease_id(), job_of_lease, out);
            out.set_exit_code(event.lease_ended().exit_code());
            out.set_signal(event.lease_ended().signal());
            job_of_lease.erase(event.lease_ended().lease_id());
            return;
        case Event::kNodeStateChanged:
            return out.set_node_id(event.node_state_changed().node_id());
        default:
            return;
    }
}

}  // namespace

std::optional<LiveEvent> live_event(const Entry& entry, int index, JobOfLease& job_of_lease) {
    const Event& event = entry.events(index);
    // An anchor would tell everyone when somebody's ledger is used.
    if (event.kind_case() == Event::KIND_NOT_SET || event.has_time_advanced() ||
        event.has_ledgers_anchored()) {
        return std::nullopt;
    }
    LiveEvent out;
    out.set_seq(entry.seq());
    out.set_time_us(entry.time_us());
    out.set_kind(Event::descriptor()->FindFieldByNumber(event.kind_case())->name());
    fill_job_event(event, job_of_lease, out);
    fill_lease_event(event, job_of_lease, out);
    return out;
}

}  // namespace suan::api
