#include "runtime/org_index.hpp"

#include <fmt/format.h>

namespace suan::runtime {
namespace {

OrgId find_in(const std::unordered_map<std::uint64_t, OrgId>& orgs, std::uint64_t id) {
    const auto found = orgs.find(id);
    return found == orgs.end() ? OrgId{} : found->second;
}

}  // namespace

OrgIndex::OrgIndex(const core::State& state, const History* history) : history_(history) {
    state.jobs.for_each([&](std::uint64_t id, const core::Job& job) {
        if (!job.has_ended()) jobs_.emplace(id, job.org);
    });
    state.leases.for_each([&](std::uint64_t id, const core::Lease& lease) {
        leases_.emplace(id, state.jobs.at(lease.job.value).org);
    });
    state.members.for_each(
        [&](std::uint64_t id, const core::Member& member) { members_.emplace(id, member.org); });
    state.vouchers.for_each([&](std::uint64_t id, const core::Voucher& voucher) {
        vouchers_.emplace(id, voucher.org);
    });
}

void OrgIndex::follow(const Committed& committed) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < committed.event_orgs.size(); ++i) {
        const Event& event = committed.entry->events(static_cast<int>(i));
        const OrgId org = committed.event_orgs[i];
        switch (event.kind_case()) {
            case Event::kJobAdmitted:
                jobs_.emplace(event.job_admitted().job_id(), org);
                break;
            case Event::kJobStarted:
                leases_.emplace(event.job_started().lease_id(), org);
                break;
            case Event::kMemberCreated:
                members_.emplace(event.member_created().member_id(), org);
                break;
            case Event::kVoucherIssued:
                vouchers_.emplace(event.voucher_issued().voucher_id(), org);
                break;
            case Event::kJobEnded:
                jobs_.erase(event.job_ended().job_id());
                break;
            case Event::kLeaseEnded:
                leases_.erase(event.lease_ended().lease_id());
                break;
            default:
                break;
        }
    }
}

OrgId OrgIndex::remembered(const Subject& subject) const {
    const std::lock_guard lock(mutex_);
    switch (subject.kind) {
        case Subject::Kind::org:
            return OrgId{static_cast<std::uint32_t>(subject.id)};
        case Subject::Kind::job:
            return find_in(jobs_, subject.id);
        case Subject::Kind::lease:
            return find_in(leases_, subject.id);
        case Subject::Kind::member:
            return find_in(members_, subject.id);
        case Subject::Kind::voucher:
            return find_in(vouchers_, subject.id);
    }
    return OrgId{};
}

Result<OrgId> OrgIndex::org_of(const Subject& subject) const {
    const OrgId org = remembered(subject);
    const bool job = subject.kind == Subject::Kind::job;
    // Only a job or lease can have ended; members of org 0 serve the centre.
    if (org || (!job && subject.kind != Subject::Kind::lease)) return org;
    if (history_ == nullptr) {
        return Error{ErrorCode::not_found,
                     fmt::format("{} {} has ended, and no history tables are kept",
                                 job ? "job" : "lease", subject.id)};
    }
    return job ? history_->org_of(JobId{subject.id}) : history_->org_of(LeaseId{subject.id});
}

Result<std::vector<OrgId>> OrgIndex::orgs_of(const Entry& entry) const {
    std::vector<OrgId> orgs;
    orgs.reserve(static_cast<std::size_t>(entry.events_size()));
    for (const Event& event : entry.events()) {
        auto org = org_of(subject_of(entry, event));
        if (!org) return std::move(org).error();
        orgs.push_back(*org);
    }
    return orgs;
}

}  // namespace suan::runtime
