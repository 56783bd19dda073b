// The class itself: life, and the questions that need no thought.
#include "sched/scheduler.hpp"

#include "sched/impl.hpp"

#include <algorithm>
#include <tuple>

namespace suan::sched {

PoolScheduler::PoolScheduler(Rules rules) : impl_(std::make_unique<Impl>()) {
    set_rules(rules);
}
PoolScheduler::~PoolScheduler() = default;
PoolScheduler::PoolScheduler(const PoolScheduler& other)
    : impl_(std::make_unique<Impl>(*other.impl_)) {}
PoolScheduler& PoolScheduler::operator=(const PoolScheduler& other) {
    if (this != &other) impl_ = std::make_unique<Impl>(*other.impl_);
    return *this;
}
PoolScheduler::PoolScheduler(PoolScheduler&&) noexcept = default;
PoolScheduler& PoolScheduler::operator=(PoolScheduler&&) noexcept = default;

bool PoolScheduler::can_ever_fit(const Shape& shape) const {
    impl_->settle();
    return impl_->capacity.holds(ViewName::empty, shape, impl_->packing());
}

std::optional<Placement> PoolScheduler::find(const Shape& shape) const {
    impl_->settle();
    auto fit = impl_->capacity.find(ViewName::idle, shape, shape.tasks_max, impl_->packing());
    if (!fit) return std::nullopt;
    return std::move(fit->placement);
}

std::optional<Reservation> PoolScheduler::reservation_of(JobId job) const {
    const Reservation* held = impl_->reservation_of(job);
    if (held == nullptr) return std::nullopt;
    return *held;
}

std::vector<Reservation> PoolScheduler::reservations() const {
    return impl_->reservations;
}

PoolTotals PoolScheduler::totals() const {
    const Impl& in = *impl_;
    PoolTotals totals;
    totals.devices_milli = in.capacity.devices_milli();
    totals.open_milli = in.capacity.open_milli();
    totals.free_milli = in.capacity.free_milli();
    totals.waiting_jobs = static_cast<std::int64_t>(in.jobs.size());
    totals.running_leases = static_cast<std::int64_t>(in.leases.size());
    return totals;
}

OrgStanding PoolScheduler::standing(OrgId org) const {
    OrgStanding out;
    const std::uint32_t number = impl_->tree.find_org(org);
    if (number == IdIndex::none) return out;
    const TreeNode& node = impl_->tree[number];
    out.share = Share{node.deserved_milli, node.weight, node.limit_milli};
    out.held_milli = node.held();
    out.waiting_jobs = std::int64_t{node.standing[0].waiting} + node.standing[1].waiting;
    out.inflated_use = node.use;
    return out;
}

std::vector<UseRecord> PoolScheduler::uses() const {
    const FairTree& tree = impl_->tree;
    std::vector<UseRecord> out;
    for (std::uint32_t number = 0; number < tree.size(); ++number) {
        const TreeNode& node = tree[number];
        if (node.use == 0) continue;
        UseRecord record;
        record.org = OrgId{tree[node.org].id};
        if (node.level == TreeNode::Level::project) record.project = ProjectId{node.id};
        if (node.level == TreeNode::Level::member) {
            record.project = ProjectId{tree[node.parent].id};
            record.member = MemberId{node.id};
        }
        record.inflated_use = node.use;
        out.push_back(record);
    }
    std::sort(out.begin(), out.end(), [](const UseRecord& a, const UseRecord& b) {
        return std::tie(a.org, a.project, a.member) < std::tie(b.org, b.project, b.member);
    });
    return out;
}

Time PoolScheduler::use_base() const {
    return impl_->use_base;
}

namespace {

// Appends the jobs of one queue in order, at most up to `max` in all.
void append_queue(const JobTable& jobs, const JobQueue& queue, std::size_t max,
                  std::vector<JobId>& out) {
    std::vector<std::uint32_t> heads;
    for (const KindQueue& entry : queue)
        heads.push_back(jobs.first(entry));
    while (out.size() < max && !heads.empty()) {
        const auto best =
            std::min_element(heads.begin(), heads.end(),
                             [&](std::uint32_t a, std::uint32_t b) { return jobs.less(a, b); });
        out.push_back(jobs[*best].id);
        *best = jobs.next(*best);
        if (*best == nil) heads.erase(best);
    }
}

}  // namespace

std::vector<JobId> PoolScheduler::order(std::size_t max) const {
    const Impl& in = *impl_;
    std::vector<JobId> out;
    if (!in.fair()) {
        append_queue(in.jobs, in.pool_queue, max, out);
        return out;
    }
    for (const Branch branch : {Branch::firm, Branch::spot}) {
        for (const std::uint32_t org : in.tree.sorted(nil, branch)) {
            for (const std::uint32_t project : in.tree.sorted(org, branch)) {
                for (const std::uint32_t member : in.tree.sorted(project, branch)) {
                    if (out.size() >= max) return out;
                    const Standing& standing =
                        in.tree[member].standing[static_cast<std::size_t>(branch)];
                    append_queue(in.jobs, standing.queue, max, out);
                }
            }
        }
    }
    return out;
}

void PoolScheduler::check_invariants() const {
    Impl& in = *impl_;
    in.settle();
    in.capacity.check_invariants();
    in.tree.check_invariants();
}

}  // namespace suan::sched
