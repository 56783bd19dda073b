#include "sched/run_ahead.hpp"

#include "base/assert.hpp"
#include "sched/help.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>

namespace suan::sched {
namespace {

constexpr int passes_max = 4;  // of one moment

enum class Due : std::uint8_t { end = 0, begin = 1, clearing = 2, relax = 3, meter = 4 };

struct Event {
    Time at;
    Due due = Due::end;
    std::uint64_t id = 0;  // a lease, a place in `later`, or a job
    friend auto operator<=>(const Event&, const Event&) = default;
};

// What runs, whether it ran before or was started on the way.
struct Alive {
    Running run;
    WaitingJob again;  // how it waits when it was stopped
    bool restarts = false;
    bool stopping = false;
    bool outbid = false;  // when it restarts, it has to win a clearing first
};

class Ahead {
public:
    Ahead(PoolScheduler pool, AheadInput input)
        : pool_(std::move(pool)),
          in_(std::move(input)),
          now_(in_.now),
          market_(std::move(in_.market)) {
        for (const Running& run : in_.running) {
            events_.push({std::max(run.ends, now_), Due::end, run.lease.value});
            alive_[run.lease] = {run, {}};
        }
        to_begin_ = in_.later.size();
        for (std::size_t i = 0; i < in_.later.size(); ++i)
            later_of_[in_.later[i].job.id] = i;
        for (std::size_t i = 0; i < in_.later.size(); ++i) {
            const Later& later = in_.later[i];
            if (later.waits_for == 0) events_.push({std::max(later.begin, now_), Due::begin, i});
        }
        std::sort(in_.follows.begin(), in_.follows.end(), [](const Follows& a, const Follows& b) {
            return std::pair(a.after, a.job) < std::pair(b.after, b.job);
        });
        for (const auto& [job, relaxing] : in_.relaxing) {
            if (relaxing.at.us > 0)
                events_.push({std::max(relaxing.at, now_), Due::relax, job.value});
        }
        events_.push({now_ + in_.meter, Due::meter, 0});
    }

    AheadResult run();

private:
    void turn();
    void happen(const Event& event);
    void end(Alive& alive);
    void count_use(Running& run);
    void released(JobId after);
    void comes(const WaitingJob& job);
    void relax(JobId job);
    void clear_market();
    void pass();
    bool feed(const Decision& decision);
    void start(const Start& start);
    void stop(LeaseId lease);
    void resize(const Resize& resize);
    bool go_on(const Alive& alive);
    bool done() const;
    Duration run_of(JobId job, Duration walltime) const;

    PoolScheduler pool_;
    AheadInput in_;
    Time now_;
    MarketAhead market_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::map<LeaseId, Alive> alive_;
    std::map<JobId, std::size_t> later_of_;
    std::map<JobId, Time> starts_;
    // Above all that the core hands out, in the order of their start, as real ones are.
    std::uint64_t next_lease_ = 1ULL << 63;
    std::uint32_t started_ = 0;
    std::size_t to_begin_ = 0;  // of `later`, not in the queue yet
    bool moved_ = true;         // since the last clearing
    bool stuck_ = false;
};

Duration Ahead::run_of(JobId job, Duration walltime) const {
    const auto found =
        std::lower_bound(in_.runs.begin(), in_.runs.end(), job,
                         [](const auto& entry, JobId id) { return entry.first < id; });
    const bool known = found != in_.runs.end() && found->first == job;
    return known ? std::min(found->second, walltime) : walltime;
}

void Ahead::count_use(Running& run) {
    if (now_ <= run.counted_until) return;
    const std::int64_t ms = (now_ - run.counted_until).us / 1'000;
    pool_.add_use(run.org, run.project, run.member, run.milli_devices * ms, now_);
    run.counted_until = now_;
}

// Jobs that waited for the end of this one.
void Ahead::released(JobId after) {
    auto at = std::lower_bound(in_.follows.begin(), in_.follows.end(), after,
                               [](const Follows& f, JobId id) { return f.after < id; });
    for (; at != in_.follows.end() && at->after == after; ++at) {
        const auto found = later_of_.find(at->job);
        if (found == later_of_.end()) continue;
        Later& later = in_.later[found->second];
        if (later.waits_for == 0 || --later.waits_for > 0) continue;
        events_.push({std::max(later.begin, now_), Due::begin, found->second});
    }
}

void Ahead::resize(const Resize& resize) {
    pool_.lease_resizing(resize.lease, resize.next);
    Alive& alive = alive_.at(resize.lease);
    const Time stopped = now_ + in_.grace;
    if (alive.run.ends <= stopped) return;  // it ends by itself before
    alive.run.goes_on_until = alive.run.ends;
    alive.run.ends = stopped;
    events_.push({stopped, Due::end, resize.lease.value});
}

// The run of a lease that was stopped for a resize, under a new one. False: it does not go on.
bool Ahead::go_on(const Alive& alive) {
    if (alive.run.goes_on_until.us == 0) return false;
    const std::optional<Placement> next = pool_.resume(alive.run.lease);
    if (!next) return false;
    const LeaseTable& leases = pool_.inside().leases;
    RunningLease lease = leases[leases.find(alive.run.lease)].lease;
    pool_.lease_ended(lease.id);
    lease.id = LeaseId{next_lease_++};
    lease.tasks = tasks_of(*next);
    lease.placement = *next;
    lease.next.clear();
    lease.stopping = false;
    lease.started = lease.last_checkpoint = now_;
    pool_.lease_started(lease);
    Alive more = alive;
    more.run.lease = lease.id;
    more.run.milli_devices = lease.shape.milli_devices(lease.tasks);
    more.run.ends = std::max(alive.run.goes_on_until, now_);
    more.run.goes_on_until = Time{};
    more.restarts = more.stopping = more.outbid = false;
    events_.push({more.run.ends, Due::end, lease.id.value});
    alive_.erase(alive.run.lease);
    alive_[lease.id] = more;
    return true;
}

void Ahead::end(Alive& alive) {
    count_use(alive.run);
    if (go_on(alive)) return;
    pool_.lease_ended(alive.run.lease);
    if (!alive.restarts) {
        released(alive.run.job);
    } else if (alive.outbid) {
        market_.comes(alive.again);
    } else {
        comes(alive.again);
    }
    alive_.erase(alive.run.lease);
}

// Into the queue.
void Ahead::comes(const WaitingJob& job) {
    pool_.enqueue(job);
    market_.asks(job);
    const auto relaxing = in_.relaxing.find(job.id);
    if (relaxing != in_.relaxing.end() && relaxing->second.at.us == 0)
        events_.push({now_ + relaxing->second.wait, Due::relax, job.id.value});
}

// From now on any place will do. What is reserved for it fits it still.
void Ahead::relax(JobId id) {
    std::optional<WaitingJob> job = waiting_job(pool_, id);
    if (!job) return;
    const std::optional<Reservation> reserved = pool_.reservation_of(id);
    pool_.dequeue(id);
    job->shape.topology = Topology::any;
    pool_.enqueue(*job);
    if (reserved) pool_.set_reservation(*reserved);
}

void Ahead::clear_market() {
    std::vector<MarketAhead::Sold> sold;
    for (const auto& [id, alive] : alive_) {
        const Running& run = alive.run;
        if (market_.bids(run.job))
            sold.push_back({id, run.job, run.org, run.milli_devices, alive.stopping});
    }
    const MarketAhead::Outcome outcome = market_.clear(pool_, sold);
    for (const WaitingJob& job : outcome.won)
        comes(job);
    for (const LeaseId lease : outcome.outbid) {
        stop(lease);
        alive_.at(lease).outbid = true;
    }
    moved_ = false;
}

void Ahead::stop(LeaseId lease) {
    pool_.lease_stopping(lease);
    Alive& alive = alive_.at(lease);
    alive.run.ends = std::min(alive.run.ends, now_ + in_.grace);
    alive.restarts = alive.again.id.value != 0;
    alive.stopping = true;
    events_.push({alive.run.ends, Due::end, lease.value});
}

void Ahead::happen(const Event& event) {
    moved_ = moved_ || event.due == Due::end || event.due == Due::begin;
    switch (event.due) {
        case Due::end: {
            const auto found = alive_.find(LeaseId{event.id});
            // A lease that was told to stop has an earlier end than it was started with.
            if (found != alive_.end() && found->second.run.ends <= event.at) end(found->second);
            break;
        }
        case Due::begin: {
            const WaitingJob& job = in_.later[event.id].job;
            market_.bids(job.id) ? market_.comes(job) : comes(job);
            --to_begin_;
            break;
        }
        case Due::clearing:
            clear_market();
            break;
        case Due::relax:
            relax(JobId{event.id});
            break;
        case Due::meter:
            for (auto& [lease, alive] : alive_)
                count_use(alive.run);
            events_.push({now_ + in_.meter, Due::meter, 0});
            break;
    }
}

void Ahead::start(const Start& decision) {
    const std::optional<WaitingJob> job = waiting_job(pool_, decision.job);
    SUAN_ASSERT(job);
    pool_.dequeue(decision.job);
    market_.asks_no_more(*job);
    RunningLease lease;
    lease.id = LeaseId{next_lease_++};
    lease.job = job->id;
    lease.org = job->org;
    lease.project = job->project;
    lease.member = job->member;
    lease.tier = job->tier;
    lease.shape = job->shape;
    lease.tasks = decision.tasks;
    lease.started = lease.last_checkpoint = now_;
    lease.ends_by = now_ + job->walltime;
    lease.expected = job->expected;
    lease.placement = decision.placement;
    pool_.lease_started(lease);
    Alive alive;
    alive.run = {lease.id,
                 lease.job,
                 lease.org,
                 lease.project,
                 lease.member,
                 lease.shape.milli_devices(lease.tasks),
                 now_ + run_of(lease.job, job->walltime),
                 now_};
    alive.again = *job;
    events_.push({alive.run.ends, Due::end, lease.id.value});
    alive_[lease.id] = alive;
    starts_.emplace(lease.job, now_);
    ++started_;
}

// False: a decision of a kind that a run ahead does not know.
bool Ahead::feed(const Decision& decision) {
    if (const auto* started = std::get_if<Start>(&decision)) {
        start(*started);
        return true;
    }
    if (const auto* preempt = std::get_if<Preempt>(&decision)) {
        for (const LeaseId victim : preempt->victims)
            stop(victim);
        for (const Resize& each : preempt->resizes)
            resize(each);
        pool_.set_reservation(preempt->reservation);
        return true;
    }
    if (const auto* one = std::get_if<Resize>(&decision)) {
        resize(*one);
        return true;
    }
    if (const auto* reserve = std::get_if<Reserve>(&decision)) {
        pool_.set_reservation(reserve->reservation);
        return true;
    }
    if (const auto* given_up = std::get_if<Unreserve>(&decision)) {
        pool_.clear_reservation(given_up->job);
        return true;
    }
    return false;
}

void Ahead::pass() {
    for (int passes = 0; passes < passes_max; ++passes) {
        const std::optional<Time> wakes = pool_.wakes_at();
        if (!pool_.wants_pass() && !(wakes && *wakes <= now_)) return;
        pool_.begin_pass(now_);
        while (auto decision = pool_.next()) {
            if (!feed(*decision)) return;
        }
    }
}

bool Ahead::done() const {
    if (in_.until) return starts_.count(in_.until) != 0;
    return pool_.totals().waiting_jobs == 0 && to_begin_ == 0 && market_.nobody_waits();
}

// One moment: all that is due, then passes.
void Ahead::turn() {
    Time next = events_.top().at;
    if (const std::optional<Time> wakes = pool_.wakes_at()) next = std::min(next, *wakes);
    now_ = std::max(now_, next);
    pool_.advance(now_);
    // Only the meter is left: nothing will ever end or begin.
    stuck_ = alive_.empty() && events_.size() == 1 && events_.top().due == Due::meter;
    while (!events_.empty() && events_.top().at <= now_) {
        const Event event = events_.top();
        events_.pop();
        happen(event);
    }
    pass();
    if (!moved_) return;
    if (const auto clears = market_.clears_at(now_)) events_.push({*clears, Due::clearing, 0});
}

AheadResult Ahead::run() {
    pool_.advance(now_);
    pass();
    while (!done() && !stuck_ && started_ < in_.starts_max)
        turn();
    AheadResult out;
    out.reached = now_;
    out.complete = done() || stuck_;
    out.starts.assign(starts_.begin(), starts_.end());
    out.unsold = market_.waiting();
    return out;
}

}  // namespace

AheadResult run_ahead(PoolScheduler pool, AheadInput input) {
    return Ahead(std::move(pool), std::move(input)).run();
}

}  // namespace suan::sched
