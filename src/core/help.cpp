#include "core/help.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "sched/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

using sched::HelpKind;
using sched::Outcome;

std::string span_text(Duration span) {
    const std::int64_t minutes = (span.us + 59'999'999) / 60'000'000;
    if (minutes < 60) return fmt::format("{} min", minutes);
    if (minutes % 60 == 0) return fmt::format("{} h", minutes / 60);
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

const char* tier_text(sched::Tier tier) {
    switch (tier) {
        case sched::Tier::reserved:
            return "reserved";
        case sched::Tier::spot:
            return "spot";
        default:
            return "standard";
    }
}

const char* place_text(sched::Topology topology) {
    switch (topology) {
        case sched::Topology::one_node:
            return "on one node";
        case sched::Topology::one_rack:
            return "in one rack";
        default:
            return "anywhere";
    }
}

std::string shape_text(const sched::Shape& shape) {
    return fmt::format("{} x {} devices", shape.tasks_max, shape.devices_per_task);
}

std::string outcome_text(const Outcome& outcome, Time now) {
    switch (outcome.kind) {
        case Outcome::Kind::starts:
            return outcome.spread.nodes > 1
                       ? fmt::format("starts now, on {} nodes in {} rack{}", outcome.spread.nodes,
                                     outcome.spread.racks, outcome.spread.racks == 1 ? "" : "s")
                       : "starts now";
        case Outcome::Kind::stopping:
            return "starts as soon as the jobs that are stopped for it have ended";
        case Outcome::Kind::reserved:
            return fmt::format("starts within {} if wall times hold",
                               span_text(outcome.start - now));
        default:
            return "waits for its turn";
    }
}

std::optional<Money> price_of(const State& state, PoolId pool, sched::Tier tier) {
    const auto line = state.prices.find({pool, proto_tier(tier)});
    if (line == state.prices.end()) return std::nullopt;
    return Money{line->second.micro_yuan_per_device_hour()};
}

// Its price and its start are the next clearing's to say.
bool sold_by_bids(const Pool& pool, sched::Tier tier) {
    return tier == sched::Tier::spot && pool.spot.open;
}

class Helper {
public:
    Helper(const State& state, const Job& job)
        : state_(state),
          job_(job),
          pool_(state.pools.at(job.pool.value)),
          waiting_(waiting_job(job)) {}

    std::vector<HelpfulChange> all();

private:
    HelpfulChange made(std::string kind, std::string who, const Outcome& outcome) const;
    void own_conditions();
    void higher_bid();
    void from_sched(const sched::Help& help);
    void other_pools();
    // The money for the variant can be held beside what the org has free.
    bool affordable(const sched::Shape& shape, Duration walltime, Money price) const;

    const State& state_;
    const Job& job_;
    const Pool& pool_;
    sched::WaitingJob waiting_;
    std::vector<HelpfulChange> out_;
};

HelpfulChange Helper::made(std::string kind, std::string who, const Outcome& outcome) const {
    HelpfulChange out;
    out.kind = std::move(kind);
    out.who = std::move(who);
    out.outcome = outcome_text(outcome, state_.now);
    out.starts_now = outcome.kind == Outcome::Kind::starts;
    out.start = outcome.start;
    out.spread = outcome.spread;
    out.shape = waiting_.shape;
    out.walltime = waiting_.walltime;
    out.tier = waiting_.tier;
    out.pool = job_.pool;
    return out;
}

bool Helper::affordable(const sched::Shape& shape, Duration walltime, Money price) const {
    Money held{};
    for (const Hold& hold : job_.holds) {
        if (!hold.budget) held += Money{hold.micro_yuan};
    }
    const Money extra = hold_amount(shape, walltime, price) - held;
    return extra <= state_.available(org_account(job_.org));
}

// What keeps the job out of the queue at all; tried as if all of it were gone.
void Helper::own_conditions() {
    const Outcome outcome = sched::try_change(
        pool_.scheduler, job_.id, {.job = waiting_, .share = {}, .reopened = {}}, state_.now);
    std::vector<HelpfulChange> needed;
    const auto add = [&](const char* kind, const char* who, std::string text) {
        needed.push_back(made(kind, who, outcome));
        needed.back().change = std::move(text);
    };
    if (job_.held) add("release", "member", "release it");
    if (job_.dependencies_open > 0)
        add("dependency", "member",
            fmt::format("submit it without the {} jobs that it waits for", job_.dependencies_open));
    if (job_.begin > state_.now) add("begin", "member", "submit it without a begin time");
    if (!job_.funded) {
        const Money whole = hold_amount(job_.shape, job_.walltime, job_.price);
        const Money missing = whole - state_.available(org_account(job_.org));
        if (missing.micro_yuan > 0) {
            add("money", "admin", fmt::format("{} more money of the org", yuan_text(missing)));
            needed.back().amount = missing.micro_yuan;
        } else {
            add("money", "admin", fmt::format("a budget with {} left", yuan_text(whole)));
            needed.back().amount = whole.micro_yuan;
        }
    }
    for (std::size_t i = 1; i < needed.size(); ++i)
        needed.front().change += ", and " + needed[i].change;
    if (!needed.empty()) out_.push_back(std::move(needed.front()));
}

// It waits for nothing but a clearing of the spot market.
void Helper::higher_bid() {
    const BidStanding bid = bid_standing(state_, job_);
    if (!bid.smallest || bid.wins) return;
    if (!affordable(waiting_.shape, waiting_.walltime, *bid.smallest)) return;
    HelpfulChange out = made("bid", "member", Outcome{});
    out.change = fmt::format("raise the bid to {} a device hour, from {}", yuan_text(*bid.smallest),
                             yuan_text(bid.bid));
    out.outcome = next_clearing_text(state_, job_);
    out.start = bid.next;
    out.amount = bid.smallest->micro_yuan;
    out_.push_back(std::move(out));
}

void Helper::from_sched(const sched::Help& help) {
    const sched::Shape& now = waiting_.shape;
    const sched::Shape& then = help.job.shape;
    HelpfulChange out = made("", "member", help.outcome);
    switch (help.kind) {
        case HelpKind::topology:
            out.kind = "topology";
            out.change = fmt::format("{} {} instead of {}", shape_text(then),
                                     place_text(then.topology), place_text(now.topology));
            break;
        case HelpKind::split:
            out.kind = "split";
            out.change = fmt::format("{} instead of {}", shape_text(then), shape_text(now));
            if (then.topology != now.topology) {
                out.change = fmt::format("{} {} instead of {} {}", shape_text(then),
                                         place_text(then.topology), shape_text(now),
                                         place_text(now.topology));
            }
            break;
        case HelpKind::walltime:
            out.kind = "walltime";
            out.change = fmt::format("a wall time of {} instead of {}",
                                     span_text(help.job.walltime), span_text(waiting_.walltime));
            break;
        case HelpKind::tasks:
            out.kind = "tasks";
            out.change = fmt::format("{} tasks instead of {}", then.tasks_max, now.tasks_min);
            break;
        case HelpKind::tier: {
            if (sold_by_bids(pool_, help.job.tier)) return;
            const auto price = price_of(state_, job_.pool, help.job.tier);
            if (!price || !affordable(then, help.job.walltime, *price)) return;
            out.kind = "tier";
            out.change = fmt::format("tier {} instead of {}, at {} a device hour instead of {}",
                                     tier_text(help.job.tier), tier_text(waiting_.tier),
                                     yuan_text(*price), yuan_text(job_.price));
            break;
        }
        case HelpKind::limit:
            out.kind = "limit";
            out.who = "operator";
            out.change =
                fmt::format("a limit {} devices higher for the org", (help.amount + 999) / 1'000);
            break;
        case HelpKind::deserved:
            out.kind = "deserved";
            out.who = "operator";
            out.change =
                fmt::format("{} more deserved devices for the org", (help.amount + 999) / 1'000);
            break;
        case HelpKind::nodes:
            out.kind = "nodes";
            out.who = "operator";
            out.change = fmt::format("{} drained or failed nodes back", help.amount);
            break;
    }
    out.shape = then;
    out.walltime = help.job.walltime;
    out.tier = help.job.tier;
    out.amount = help.amount;
    out_.push_back(std::move(out));
}

void Helper::other_pools() {
    if (pool_.device_type.empty()) return;
    state_.pools.for_each([&](std::uint64_t, const Pool& other) {
        if (other.id == pool_.id || other.device_type != pool_.device_type) return;
        if (sold_by_bids(other, job_.tier)) return;
        const auto price = price_of(state_, other.id, job_.tier);
        if (!price || waiting_.walltime > other.limits.walltime_max) return;
        if (!affordable(waiting_.shape, waiting_.walltime, *price)) return;
        if (waiting_.shape.milli != limits::milli_per_device && !other.sharing) return;
        const Outcome outcome = sched::try_change(
            other.scheduler, job_.id, {.job = waiting_, .share = {}, .reopened = {}}, state_.now);
        if (outcome.kind != Outcome::Kind::starts) return;
        HelpfulChange out = made("pool", "member", outcome);
        out.change = fmt::format("pool {} instead of {}, at {} a device hour instead of {}",
                                 other.name, pool_.name, yuan_text(*price), yuan_text(job_.price));
        out.pool = other.id;
        out_.push_back(std::move(out));
    });
}

std::vector<HelpfulChange> Helper::all() {
    if (!job_.queued) {
        own_conditions();
        if (job_.bidding && may_bid(job_, state_.now)) higher_bid();
        return std::move(out_);
    }
    const std::vector<sched::Help> helps = sched::find_help(pool_.scheduler, job_.id, state_.now);
    const auto gives_up = std::find_if(helps.begin(), helps.end(), [](const sched::Help& help) {
        return help.kind >= HelpKind::tasks;
    });
    for (auto help = helps.begin(); help != gives_up; ++help)
        from_sched(*help);
    other_pools();
    for (auto help = gives_up; help != helps.end(); ++help)
        from_sched(*help);
    return std::move(out_);
}

}  // namespace

bool would_start_now(const State& state, const Job& job) {
    if (sold_by_bids(state.pools.at(job.pool.value), job.tier)) return false;
    const Outcome outcome =
        sched::try_change(state.pools.at(job.pool.value).scheduler, job.id,
                          {.job = waiting_job(job), .share = {}, .reopened = {}}, state.now);
    return outcome.kind == Outcome::Kind::starts;
}

std::vector<HelpfulChange> help(const State& state, const Job& job) {
    if (job.state != JOB_STATE_WAITING) return {};
    return Helper(state, job).all();
}

}  // namespace suan::core
