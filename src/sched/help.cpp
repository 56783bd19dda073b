// find_help: which changes are tried, in which order. trial.cpp tries them.
#include "sched/help.hpp"

#include "base/limits.hpp"
#include "sched/impl.hpp"

#include <algorithm>
#include <functional>

namespace suan::sched {
namespace {

using Impl = PoolScheduler::Impl;

constexpr int trials_max = 40;  // of one question, over all kinds
constexpr std::size_t splits_max = 6;
constexpr Duration minute = Duration::minutes(1);

class Finder {
public:
    Finder(const PoolScheduler& pool, const WaitingJob& job, Time now)
        : pool_(pool), in_(pool.inside()), job_(job), now_(now) {
        in_.settle();
        baseline_ = try_it({.job = job, .share = {}, .reopened = {}});
    }

    std::vector<Help> all();

private:
    Outcome try_it(const Change& change);
    // Better than the job as it is: it starts, or sooner is promised.
    bool helps(const Outcome& outcome) const;
    static bool starts(const Outcome& outcome) {
        return outcome.kind == Outcome::Kind::starts || outcome.kind == Outcome::Kind::stopping;
    }
    // Tries variants of the job, the smallest change first, until one starts.
    void first_of(HelpKind kind, const std::vector<WaitingJob>& variants);
    void note(Help help) { found_.push_back(std::move(help)); }

    void topology();
    void split();
    void walltime();
    void tasks();
    std::uint32_t most_tasks(ViewName view) const;
    void tier();
    void share();
    void raise(HelpKind kind, Share share, std::int64_t amount);
    void nodes();

    const PoolScheduler& pool_;
    Impl& in_;
    WaitingJob job_;
    Time now_;
    Outcome baseline_;
    int trials_ = 0;
    std::vector<Help> found_;
};

Outcome Finder::try_it(const Change& change) {
    if (++trials_ > trials_max) return {Outcome::Kind::unknown, now_, 0, {}};
    return try_change(pool_, job_.id, change, now_);
}

bool Finder::helps(const Outcome& outcome) const {
    if (starts(outcome)) return outcome.kind < baseline_.kind;
    if (outcome.kind != Outcome::Kind::reserved) return false;
    if (baseline_.kind == Outcome::Kind::waits) return true;
    return baseline_.kind == Outcome::Kind::reserved && outcome.start + minute <= baseline_.start;
}

void Finder::first_of(HelpKind kind, const std::vector<WaitingJob>& variants) {
    std::optional<Help> promised;
    for (const WaitingJob& variant : variants) {
        const Outcome outcome = try_it({.job = variant, .share = {}, .reopened = {}});
        if (!helps(outcome)) continue;
        if (starts(outcome)) return note({kind, variant, 0, outcome});
        if (!promised || outcome.start < promised->outcome.start)
            promised = Help{kind, variant, 0, outcome};
    }
    if (promised) note(std::move(*promised));
}

void Finder::topology() {
    std::vector<WaitingJob> variants;
    WaitingJob variant = job_;
    if (job_.shape.topology == Topology::one_node) {
        variant.shape.topology = Topology::one_rack;
        variants.push_back(variant);
    }
    if (job_.shape.topology != Topology::any) {
        variant.shape.topology = Topology::any;
        variants.push_back(variant);
    }
    first_of(HelpKind::topology, variants);
}

// The same number of devices in more or fewer tasks, the nearest number of tasks first.
void Finder::split() {
    const Shape& shape = job_.shape;
    if (shape.milli != limits::milli_per_device || shape.tasks_min != shape.tasks_max) return;
    const std::uint64_t devices = std::uint64_t{shape.tasks_max} * shape.devices_per_task;
    std::vector<WaitingJob> variants;
    for (std::uint32_t each = 1; each <= in_.capacity.devices_per_node_max(); ++each) {
        const std::uint64_t count = devices / each;
        if (devices % each != 0 || count > limits::tasks_max || each == shape.devices_per_task)
            continue;
        WaitingJob variant = job_;
        variant.shape.devices_per_task = each;
        variant.shape.tasks_min = variant.shape.tasks_max = static_cast<std::uint32_t>(count);
        variants.push_back(variant);
    }
    // |log(a / b)| by cross-multiplication: larger over smaller.
    const std::uint64_t now = shape.devices_per_task;
    std::sort(variants.begin(), variants.end(), [now](const WaitingJob& a, const WaitingJob& b) {
        const std::uint64_t x = a.shape.devices_per_task;
        const std::uint64_t y = b.shape.devices_per_task;
        const std::uint64_t left = std::max(x, now) * std::min(y, now);
        const std::uint64_t right = std::max(y, now) * std::min(x, now);
        return left != right ? left < right : x < y;
    });
    if (variants.size() > splits_max) variants.resize(splits_max);
    first_of(HelpKind::split, variants);
    if (shape.topology == Topology::any) return;
    if (!found_.empty() && found_.back().kind == HelpKind::split) return;
    for (WaitingJob& variant : variants)
        variant.shape.topology = Topology::any;
    first_of(HelpKind::split, variants);
}

// Short enough to be over before a reserved start: the longest such time first.
void Finder::walltime() {
    std::vector<WaitingJob> variants;
    for (const Reservation& reservation : in_.reservations) {
        if (reservation.job == job_.id || reservation.start <= now_) continue;
        const Duration room{(reservation.start - now_).us / minute.us * minute.us};
        if (room < minute || room >= job_.walltime) continue;
        WaitingJob variant = job_;
        variant.walltime = room;
        variants.push_back(variant);
    }
    std::sort(variants.begin(), variants.end(),
              [](const WaitingJob& a, const WaitingJob& b) { return a.walltime > b.walltime; });
    first_of(HelpKind::walltime, variants);
}

std::uint32_t Finder::most_tasks(ViewName view) const {
    Shape shape = job_.shape;
    shape.tasks_min = 1;
    return in_.capacity.tasks_that_fit(view, shape, Packing::tight);
}

// As many tasks as start. What fits is a good guess; where a rule stands in the way, halves are
// tried, and then what lies between.
void Finder::tasks() {
    const std::uint32_t asked = job_.shape.tasks_min;
    if (asked <= 1) return;
    std::vector<std::uint32_t> guesses{most_tasks(ViewName::idle),
                                       most_tasks(ViewName::unreserved)};
    const OrgStanding standing = pool_.standing(job_.org);
    const std::int64_t each = job_.shape.milli_devices(1);
    for (const std::int64_t bound : {standing.share.limit_milli, standing.share.deserved_milli}) {
        const std::int64_t room = (bound - standing.held_milli) / each;
        if (room > 0 && room < asked) guesses.push_back(static_cast<std::uint32_t>(room));
    }
    for (std::uint32_t half = asked / 2; half >= 1; half /= 2)
        guesses.push_back(half);
    std::sort(guesses.begin(), guesses.end(), std::greater<>());
    guesses.erase(std::unique(guesses.begin(), guesses.end()), guesses.end());
    std::uint32_t above = asked;
    std::optional<Help> best;
    const auto attempt = [&](std::uint32_t count) {
        WaitingJob variant = job_;
        variant.shape.tasks_min = variant.shape.tasks_max = count;
        const Outcome outcome = try_it({.job = variant, .share = {}, .reopened = {}});
        if (!helps(outcome) || !starts(outcome)) return false;
        best = Help{HelpKind::tasks, variant, 0, outcome};
        return true;
    };
    for (const std::uint32_t guess : guesses) {
        if (guess == 0 || guess >= asked) continue;
        if (attempt(guess)) break;
        above = guess;
    }
    if (!best) return;
    while (above - best->job.shape.tasks_min > 1 && trials_ < trials_max) {
        const std::uint32_t below = best->job.shape.tasks_min;
        const std::uint32_t middle = below + (above - below) / 2;
        if (!attempt(middle)) above = middle;
    }
    note(std::move(*best));
}

void Finder::tier() {
    std::vector<WaitingJob> variants;
    for (const Tier tier : {Tier::standard, Tier::reserved}) {
        if (tier == job_.tier) continue;
        WaitingJob variant = job_;
        variant.tier = tier;
        variants.push_back(variant);
    }
    first_of(HelpKind::tier, variants);
}

void Finder::raise(HelpKind kind, Share share, std::int64_t amount) {
    const Outcome outcome =
        try_it({.job = job_, .share = std::pair(job_.org, share), .reopened = {}});
    if (helps(outcome)) note({kind, job_, amount, outcome});
}

void Finder::share() {
    const std::uint32_t number = in_.tree.find_org(job_.org);
    if (number == IdIndex::none) return;
    const TreeNode& org = in_.tree[number];
    const Share share{org.deserved_milli, org.weight, org.limit_milli};
    const std::int64_t asked = job_.shape.milli_devices(job_.shape.tasks_min);
    const std::int64_t over = org.held() + asked - org.limit_milli;
    Share higher = share;
    if (org.limit_milli != INT64_MAX && over > 0) {
        higher.limit_milli += over;
        raise(HelpKind::limit, higher, over);
    }
    const std::int64_t held = job_.tier == Tier::reserved ? org.held_reserved : org.held_firm;
    const std::int64_t missing = held + asked - org.deserved_milli;
    if (job_.tier == Tier::spot || missing <= 0) return;
    higher.deserved_milli += missing;
    raise(HelpKind::deserved, higher, missing);
}

// Closed nodes, the largest first: 1, 2, 4, ... of them, until it starts.
void Finder::nodes() {
    std::vector<NodeId> closed;
    for (std::uint32_t at = 0; at < in_.capacity.nodes(); ++at) {
        const NodeId id = in_.capacity.id_at(at);
        if (in_.capacity.gate(id) != NodeGate::open) closed.push_back(id);
    }
    std::sort(closed.begin(), closed.end());
    for (std::size_t count = 1; !closed.empty(); count *= 2) {
        count = std::min(count, closed.size());
        const Change change{
            .job = job_,
            .share = {},
            .reopened = {closed.begin(), closed.begin() + static_cast<std::ptrdiff_t>(count)}};
        const Outcome outcome = try_it(change);
        if (helps(outcome) && starts(outcome))
            return note({HelpKind::nodes, job_, static_cast<std::int64_t>(count), outcome});
        if (count == closed.size()) return;
    }
}

std::vector<Help> Finder::all() {
    if (starts(baseline_)) return {};
    topology();
    split();
    walltime();
    tasks();
    tier();
    share();
    nodes();
    return std::move(found_);
}

}  // namespace

Spread spread_of(const PoolScheduler& pool, const Placement& placement) {
    Impl& in = pool.inside();
    in.settle();
    return in.capacity.spread_of(placement);
}

Spread least_spread(const PoolScheduler& pool, const Shape& shape, std::uint32_t tasks) {
    Impl& in = pool.inside();
    in.settle();
    Shape asked = shape;
    asked.topology = Topology::any;
    asked.tasks_min = asked.tasks_max = tasks;
    const auto fit = in.capacity.find(ViewName::empty, asked, tasks, Packing::tight);
    return fit ? spread_of(pool, fit->placement) : Spread{};
}

FreePlaces free_places(const PoolScheduler& pool, const Shape& shape) {
    Impl& in = pool.inside();
    in.settle();
    const auto count = [&](Topology topology) {
        Shape one = shape;
        one.tasks_min = 1;
        one.tasks_max = limits::tasks_max;
        one.topology = topology;
        return in.capacity.tasks_that_fit(ViewName::idle, one, Packing::tight);
    };
    return {count(Topology::one_node), count(Topology::one_rack), count(Topology::any)};
}

std::vector<Help> find_help(const PoolScheduler& pool, const WaitingJob& job, Time now) {
    return Finder(pool, job, now).all();
}

std::vector<Help> find_help(const PoolScheduler& pool, JobId job, Time now) {
    const std::optional<WaitingJob> waiting = waiting_job(pool, job);
    SUAN_ASSERT(waiting);
    return find_help(pool, *waiting, now);
}

}  // namespace suan::sched
