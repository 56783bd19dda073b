// try_change: facts are fed, passes run, and every fact taken back, last one first.
#include "sched/help.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <variant>

namespace suan::sched {
namespace {

using Impl = PoolScheduler::Impl;

// Decisions of other jobs that a trial follows before it gives up.
constexpr std::size_t decisions_max = 256;
constexpr int passes_max = 16;
// Leases that exist in trials only have ids above all that the core hands out, in the order of
// their start, as real ones have: ties among ends are broken by id.
constexpr std::uint64_t first_trial_lease = 1ULL << 63;

struct Undo {
    struct Enqueued {
        JobId job;
    };
    struct Dequeued {
        WaitingJob job;
        std::optional<Reservation> reservation;
    };
    struct Started {
        LeaseId lease;
    };
    struct Told {
        LeaseId lease;
    };
    struct Reserved {
        JobId job;
        std::optional<Reservation> before;
    };
    struct Shared {
        OrgId org;
        Share before;
    };
    struct Opened {
        NodeId node;
        NodeGate before;
    };
    using Fact = std::variant<Enqueued, Dequeued, Started, Told, Reserved, Shared, Opened>;
};

class Trial {
public:
    Trial(Impl& in, JobId job, Time now) : in_(in), job_(job), now_(now) {
        in_.settle();
        kept_pass_ = in_.pass;
        kept_changed_ = in_.changed;
        kept_now_ = in_.now;
        kept_told_ = in_.told;
    }
    ~Trial() {
        while (!done_.empty()) {
            const Undo::Fact fact = std::move(done_.back());
            done_.pop_back();
            std::visit([this](const auto& each) { undo(each); }, fact);
        }
        // Cursors and flags carry the number of the pass that set them: it never comes again.
        const std::uint64_t number = in_.pass.number + 1;
        in_.pass = kept_pass_;
        in_.pass.number = number;
        in_.pass.holders_tried = {};
        in_.changed = kept_changed_;
        in_.now = kept_now_;
        in_.told = kept_told_;
    }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    void make(const Change& change);
    Outcome run();

private:
    void dequeue(JobId job);
    void reserve(const Reservation& reservation);
    void unreserve(JobId job);
    void start(const Start& start);
    void told(LeaseId lease);
    // False: a decision that a trial does not know.
    bool feed(const Decision& decision);
    Outcome standing() const;

    void undo(const Undo::Enqueued& fact);
    void undo(const Undo::Dequeued& fact);
    void undo(const Undo::Started& fact);
    void undo(const Undo::Told& fact);
    void undo(const Undo::Reserved& fact);
    void undo(const Undo::Shared& fact);
    void undo(const Undo::Opened& fact);

    Impl& in_;
    JobId job_;
    Time now_;
    Pass kept_pass_;
    bool kept_changed_ = false;
    Time kept_now_;
    Time kept_told_;
    std::vector<Undo::Fact> done_;
    std::uint64_t next_lease_ = first_trial_lease;
    std::optional<Outcome> outcome_;
};

WaitingJob job_at(const Impl& in, std::uint32_t slot) {
    const JobSlot& from = in.jobs[slot];
    const TreeNode& member = in.tree[from.leaf];
    WaitingJob out;
    out.id = from.id;
    out.org = OrgId{in.tree[member.org].id};
    out.project = ProjectId{in.tree[member.parent].id};
    out.member = MemberId{member.id};
    out.tier = in.tier_of(slot);
    out.priority = from.priority;
    out.queued = from.queued;
    out.expected = from.expected;
    out.latest_start = from.latest_start;
    out.walltime = from.walltime;
    out.shape = in.shape_of(slot);
    return out;
}

void Trial::make(const Change& change) {
    if (change.share) {
        const auto& [org, share] = *change.share;
        const TreeNode& node = in_.tree[in_.tree.org(org)];
        done_.push_back(
            Undo::Shared{org, Share{node.deserved_milli, node.weight, node.limit_milli}});
        in_.tree.set_share(org, share);
        in_.restart_pass();
    }
    for (const NodeId node : change.reopened) {
        done_.push_back(Undo::Opened{node, in_.capacity.gate(node)});
        in_.capacity.set_gate(node, NodeGate::open);
        in_.restart_pass();
    }
    if (!change.job) return;
    SUAN_ASSERT(change.job->id == job_);
    if (in_.jobs.find(job_) != IdIndex::none) dequeue(job_);
    in_.enqueue(*change.job);
    done_.push_back(Undo::Enqueued{job_});
}

Outcome Trial::run() {
    std::size_t decisions = 0;
    for (int passes = 0; passes < passes_max; ++passes) {
        in_.begin_pass(now_);
        while (auto decision = in_.next()) {
            if (!feed(*decision) || ++decisions > decisions_max)
                return {Outcome::Kind::unknown, now_, 0, {}};
            if (outcome_) return *outcome_;
        }
        if (!in_.changed) return standing();
    }
    return {Outcome::Kind::unknown, now_, 0, {}};
}

Outcome Trial::standing() const {
    const Reservation* held = in_.reservation_of(job_);
    if (held == nullptr) return {Outcome::Kind::waits, now_, 0, {}};
    const std::uint32_t tasks = in_.shape_of(in_.jobs.find(job_)).tasks_min;
    if (in_.is_pending(*held)) return {Outcome::Kind::stopping, now_, tasks, {}};
    return {Outcome::Kind::reserved, held->start, tasks, {}};
}

bool Trial::feed(const Decision& decision) {
    if (const auto* started = std::get_if<Start>(&decision)) {
        if (started->job == job_) {
            outcome_ = Outcome{Outcome::Kind::starts, now_, started->tasks,
                               in_.capacity.spread_of(started->placement)};
            return true;
        }
        start(*started);
        return true;
    }
    if (const auto* preempt = std::get_if<Preempt>(&decision)) {
        for (const LeaseId victim : preempt->victims)
            told(victim);
        for (const Resize& resize : preempt->resizes)
            told(resize.lease);
        reserve(preempt->reservation);
        return true;
    }
    if (const auto* resize = std::get_if<Resize>(&decision)) {
        told(resize->lease);  // its growth takes nothing that a waiting job could have
        return true;
    }
    if (const auto* reserved = std::get_if<Reserve>(&decision)) {
        reserve(reserved->reservation);
        return true;
    }
    if (const auto* given_up = std::get_if<Unreserve>(&decision)) {
        unreserve(given_up->job);
        return true;
    }
    return false;
}

void Trial::told(LeaseId lease) {
    const std::uint32_t slot = in_.leases.find(lease);
    in_.leases[slot].lease.stopping = true;
    in_.stopping.push_back(slot);
    done_.push_back(Undo::Told{lease});
}

void Trial::dequeue(JobId job) {
    Undo::Dequeued fact{job_at(in_, in_.jobs.find(job)), std::nullopt};
    if (const Reservation* held = in_.reservation_of(job)) fact.reservation = *held;
    in_.dequeue(job);
    done_.push_back(std::move(fact));
}

void Trial::reserve(const Reservation& reservation) {
    Undo::Reserved fact{reservation.job, std::nullopt};
    if (const Reservation* held = in_.reservation_of(reservation.job)) fact.before = *held;
    in_.drop_reservation(reservation.job);
    in_.insert_reservation(reservation);
    done_.push_back(std::move(fact));
}

void Trial::unreserve(JobId job) {
    const Reservation* held = in_.reservation_of(job);
    if (held == nullptr) return;
    done_.push_back(Undo::Reserved{job, *held});
    in_.drop_reservation(job);
}

void Trial::start(const Start& start) {
    const WaitingJob job = job_at(in_, in_.jobs.find(start.job));
    dequeue(start.job);
    RunningLease lease;
    lease.id = LeaseId{next_lease_++};
    lease.job = job.id;
    lease.org = job.org;
    lease.project = job.project;
    lease.member = job.member;
    lease.tier = job.tier;
    lease.shape = job.shape;
    lease.tasks = start.tasks;
    lease.started = lease.last_checkpoint = now_;
    lease.ends_by = now_ + job.walltime;
    lease.expected = job.expected;
    lease.placement = start.placement;
    in_.start_lease(lease);
    done_.push_back(Undo::Started{lease.id});
}

void Trial::undo(const Undo::Enqueued& fact) {
    in_.dequeue(fact.job);
}
void Trial::undo(const Undo::Dequeued& fact) {
    in_.enqueue(fact.job);
    if (fact.reservation) in_.insert_reservation(*fact.reservation);
}
void Trial::undo(const Undo::Started& fact) {
    in_.end_lease(fact.lease);
}
void Trial::undo(const Undo::Told& fact) {
    const std::uint32_t slot = in_.leases.find(fact.lease);
    in_.leases[slot].lease.stopping = false;
    std::erase(in_.stopping, slot);
}
void Trial::undo(const Undo::Reserved& fact) {
    in_.drop_reservation(fact.job);
    if (fact.before) in_.insert_reservation(*fact.before);
}
void Trial::undo(const Undo::Shared& fact) {
    in_.tree.set_share(fact.org, fact.before);
}
void Trial::undo(const Undo::Opened& fact) {
    in_.capacity.set_gate(fact.node, fact.before);
}

}  // namespace

Outcome try_change(const PoolScheduler& pool, JobId job, const Change& change, Time now) {
    Impl& in = pool.inside();
    Trial trial(in, job, now);
    trial.make(change);
    return trial.run();
}

std::optional<WaitingJob> waiting_job(const PoolScheduler& pool, JobId job) {
    const Impl& in = pool.inside();
    const std::uint32_t slot = in.jobs.find(job);
    if (slot == IdIndex::none) return std::nullopt;
    return job_at(in, slot);
}

}  // namespace suan::sched
