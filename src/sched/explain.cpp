// Explain: every unmet condition of one waiting job, by asking the parts one by one.
#include "sched/impl.hpp"

#include <algorithm>

namespace suan::sched {

using Impl = PoolScheduler::Impl;

namespace {
constexpr std::size_t counted_before_max = 10'000;
}  // namespace

void Impl::explain_limits(std::uint32_t job, std::vector<Reason>& out) const {
    const TreeNode& org = tree[org_of(job)];
    const Shape& shape = shape_of(job);
    const std::int64_t asked = shape.milli_devices(shape.tasks_min);
    if (tier_of(job) == Tier::reserved && org.held_reserved + asked > org.deserved_milli) {
        out.push_back(
            {ReasonCode::reserved_share, asked, org.held_reserved, org.deserved_milli, org.id});
    }
    if (org.held() + asked > org.limit_milli) {
        out.push_back({ReasonCode::share_limit, asked, org.held(), org.limit_milli, org.id});
    }
}

void Impl::explain_space(std::uint32_t job, std::vector<Reason>& out) {
    Shape shape = shape_of(job);
    if (capacity.holds(ViewName::idle, shape, packing())) return;
    scratch.copy_use_of(capacity);
    scratch.open_all();
    if (scratch.holds(ViewName::idle, shape, packing())) {
        out.push_back({ReasonCode::nodes_unavailable, 0,
                       capacity.devices_milli() - capacity.open_milli(), 0, 0});
    }
    Shape anywhere = shape;
    anywhere.topology = Topology::any;
    if (shape.topology != Topology::any && capacity.holds(ViewName::idle, anywhere, packing())) {
        out.push_back({ReasonCode::topology, shape.tasks_min,
                       capacity.tasks_that_fit(ViewName::idle, shape, packing()), 0, 0});
    }
    const std::int64_t devices = shape.devices_per_task;
    out.push_back({ReasonCode::resources, shape.tasks_min * devices,
                   capacity.tasks_that_fit(ViewName::idle, anywhere, packing()) * devices,
                   capacity.tasks_that_fit(ViewName::idle, shape, packing()), 0});
}

// Names the first promise, by start, that alone or with those before it keeps the job out. Without
// any, what is idle is kept for a job that is about to grow.
void Impl::explain_reservation(std::uint32_t job, std::vector<Reason>& out) {
    const Shape& shape = shape_of(job);
    if (!capacity.holds(ViewName::idle, shape, packing())) return;
    if (find_for(job, shape.tasks_min)) return;
    const Reservation* first = nullptr;
    for (const Reservation& reservation : reservations) {
        if (reservation.job == jobs[job].id) continue;
        if (reservation.start >= now + bound_of(job)) continue;
        if (first == nullptr || reservation.start < first->start) first = &reservation;
    }
    if (first != nullptr) {
        out.push_back({ReasonCode::reservation, 0, 0, first->start.us, first->job.value});
        return;
    }
    const auto grows = std::find_if(stopping.begin(), stopping.end(), [this](std::uint32_t slot) {
        return tasks_of(leases[slot].lease.next) > leases[slot].lease.tasks;
    });
    SUAN_ASSERT(grows != stopping.end());
    out.push_back({ReasonCode::reservation, 0, 0, now.us, leases[*grows].lease.job.value});
}

void Impl::explain_preempting(std::uint32_t job, std::vector<Reason>& out) {
    const Reservation* own = reservation_of(jobs[job].id);
    if (own == nullptr || !is_pending(*own)) return;
    out.push_back({ReasonCode::preempting, 0, 0, own->start.us, 0});
}

Reason Impl::jobs_before(JobId job, const std::vector<JobId>& order) const {
    const auto place = std::find(order.begin(), order.end(), job);
    Reason reason{ReasonCode::priority, 0, place - order.begin(), 0, 0};
    if (place != order.begin()) reason.other = order.front().value;
    return reason;
}

std::vector<Reason> PoolScheduler::explain(JobId job, Time now) const {
    Impl& in = *impl_;
    const std::uint32_t slot = in.jobs.find(job);
    SUAN_ASSERT(slot != IdIndex::none);
    in.settle();
    const Time kept = in.now;
    in.now = now;
    std::vector<Reason> out;
    in.explain_limits(slot, out);
    in.explain_preempting(slot, out);
    in.explain_space(slot, out);
    in.explain_reservation(slot, out);
    in.now = kept;
    if (out.empty() && in.backfills()) return out;
    const Reason before = in.jobs_before(job, order(counted_before_max));
    if (before.available > 0) out.push_back(before);
    return out;
}

}  // namespace suan::sched
