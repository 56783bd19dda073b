#include "sim/whatif/side.hpp"

#include <algorithm>

namespace suan::sim {
namespace {

std::int64_t milli_of(const google::protobuf::RepeatedPtrField<NodeSpec>& nodes) {
    std::int64_t milli = 0;
    for (const NodeSpec& node : nodes)
        milli += 1'000LL * node.devices();
    return milli;
}

std::int64_t one_or(std::uint32_t value, std::uint32_t otherwise) {
    return value == 0 ? otherwise : value;
}

}  // namespace

void SideMeter::started(const JobStarted& event, std::int64_t now_us) {
    Job& job = jobs_[event.job_id()];
    leases_[event.lease_id()] = {event.job_id(), job.milli_each * event.tasks(), now_us};
    lease_job_[event.lease_id()] = event.job_id();
    if (job.started) return;
    job.started = true;
    Org& org = orgs_[job.org];
    ++org.out.started;
    org.waits.push_back(now_us - job.submitted_us);
}

void SideMeter::ended(const Lease& lease, std::int64_t now_us) {
    orgs_[jobs_[lease.job].org].used +=
        static_cast<int128>(lease.milli) * (now_us - lease.started_us);
}

void SideMeter::entry(const Entry& entry) {
    ++entries_;
    const std::int64_t now_us = entry.time_us();
    const Command& command = entry.command();
    for (const Event& event : entry.events()) {
        if (event.has_pool_defined())
            devices_milli_ += milli_of(command.define_pool().pool().nodes());
        if (event.has_nodes_added()) devices_milli_ += milli_of(command.add_nodes().nodes());
        if (event.has_org_created())
            orgs_[event.org_created().org_id()].out.name = command.create_org().name();
        if (event.has_job_admitted()) {
            const JobSpec& spec = command.submit_job().spec();
            Job& job = jobs_[event.job_admitted().job_id()];
            job.org = command.submit_job().org_id();
            job.submitted_us = now_us;
            job.milli_each =
                one_or(spec.devices_per_task(), 1) * one_or(spec.milli_per_device(), 1'000);
            ++orgs_[job.org].out.submitted;
            if (first_us_ < 0) first_us_ = now_us;
        }
        if (event.has_job_started()) started(event.job_started(), now_us);
        if (event.has_lease_ended()) {
            const auto found = leases_.find(event.lease_ended().lease_id());
            if (found == leases_.end()) continue;
            ended(found->second, now_us);
            if (event.lease_ended().outcome() == LEASE_OUTCOME_PREEMPTED) ++preemptions_;
            leases_.erase(found);
        }
        if (event.has_lease_charged()) {
            const std::uint64_t job = lease_job_[event.lease_charged().lease_id()];
            orgs_[jobs_[job].org].out.charged_micro_yuan += event.lease_charged().micro_yuan();
        }
    }
}

WhatIfSide SideMeter::side(Time end) {
    for (const auto& [id, lease] : leases_)
        ended(lease, std::max(end.us, lease.started_us));
    leases_.clear();
    WhatIfSide out;
    out.devices_milli = devices_milli_;
    out.preemptions = preemptions_;
    out.entries = entries_;
    out.total.name = "all";
    std::vector<std::int64_t> waits;
    int128 used = 0;
    for (auto& [id, org] : orgs_) {
        org.out.device_seconds = static_cast<std::int64_t>(org.used / 1'000'000'000);
        used += org.used;
        waits.insert(waits.end(), org.waits.begin(), org.waits.end());
        org.out.wait = spread_of(org.waits);
        out.total.submitted += org.out.submitted;
        out.total.started += org.out.started;
        out.total.charged_micro_yuan += org.out.charged_micro_yuan;
        out.orgs.push_back(org.out);
    }
    out.total.device_seconds = static_cast<std::int64_t>(used / 1'000'000'000);
    out.total.wait = spread_of(waits);
    std::sort(out.orgs.begin(), out.orgs.end(),
              [](const WhatIfOrg& a, const WhatIfOrg& b) { return a.name < b.name; });
    const std::int64_t span = first_us_ < 0 ? 0 : end.us - first_us_;
    const int128 all = static_cast<int128>(devices_milli_) * span;
    out.used_per_mille = all == 0 ? 0 : static_cast<std::int64_t>(used * 1'000 / all);
    return out;
}

}  // namespace suan::sim
