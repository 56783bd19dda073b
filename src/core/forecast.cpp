#include "core/forecast.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "sched/help.hpp"

#include <algorithm>
#include <tuple>

namespace suan::core {
namespace {

constexpr std::size_t pending_max = 200'000;
constexpr std::int64_t ms_per_hour = Duration::hours(1).us / 1'000;

std::uint32_t whole_devices(std::int64_t milli) {
    return static_cast<std::uint32_t>((milli + limits::milli_per_device - 1) /
                                      limits::milli_per_device);
}

ForecastJob forecast_job(const Job& job, Time now) {
    ForecastJob out;
    out.id = job.id;
    out.pool = job.pool;
    out.key = run_like(job);
    out.walltime = job.walltime;
    out.lease = job.lease;
    if (job.lease) out.ran = now - job.started;
    out.price = job.price;
    out.milli_devices = job.shape.milli_devices(job.shape.tasks_max);
    out.submitted = job.submitted;
    out.begin = job.begin;
    out.bidding = job.bidding;
    return out;
}

sched::AheadMarket ahead_market(const State& state, const Pool& pool) {
    sched::AheadMarket out;
    if (!pool.spot.open || pool.limits.spot_period == Duration{}) return out;
    out.period = pool.limits.spot_period;
    out.next = pool.spot.due;
    if (out.next == Time{}) out.next = Time{(state.now.us / out.period.us + 1) * out.period.us};
    out.floor_micro = spot_floor(state, pool.id).micro_yuan;
    out.asked = pool.spot.asked;
    for (const JobId id : pool.spot.jobs)
        out.bids.emplace(id, state.jobs.at(id.value).price.micro_yuan);
    return out;
}

// Jobs out of the queue that will come in by themselves. Those held by their user will not.
void add_later(const Job& job, ForecastInput::PoolCopy& pool) {
    if (job.held || !job.funded || !job.array_slot) return;
    sched::Later later;
    later.job = waiting_job(job);
    later.begin = job.begin;
    for (const JobDependency& dependency : job.dependencies) {
        if (dependency.met) continue;
        ++later.waits_for;
        pool.follows.push_back({dependency.job, job.id});
    }
    pool.later.push_back(std::move(later));
}

void add_running(const Job& job, const Lease& lease, Time now, ForecastInput::PoolCopy& pool) {
    sched::Running run;
    run.lease = lease.id;
    run.job = job.id;
    run.org = job.org;
    run.project = job.project;
    run.member = job.member;
    run.milli_devices = job.shape.milli_devices(lease.tasks);
    const bool stops = lease.stopping != STOP_REASON_UNSPECIFIED;
    run.ends = stops ? std::min(lease.ends_by, now + job.grace) : lease.ends_by;
    run.counted_until = lease.metered_to;
    if (lease.stopping == STOP_REASON_RESIZED) run.goes_on_until = lease.ends_by;
    pool.running.push_back(run);
}

// A low-discrepancy sequence over 25 to 975 permille: many jobs together run as long as such jobs
// do, short and long ones mixed, and the same job always gets the same place in the same draw. Over
// the draws a job gets places that are spread evenly.
std::uint32_t place_of(JobId job, std::uint32_t draw) {
    std::uint64_t x = job.value * 0x9E3779B97F4A7C15ULL >> 40;
    x = (x + (std::uint64_t{draw} << 24) / Forecaster::draws) & 0xFFFFFF;
    return 25 + static_cast<std::uint32_t>(x * 950 >> 24);
}

Money cost(std::int64_t milli_devices, Duration run, Money price) {
    const int128 exact = static_cast<int128>(milli_devices) * (run.us / 1'000) * price.micro_yuan;
    return Money{static_cast<std::int64_t>(exact / (static_cast<int128>(1'000) * ms_per_hour))};
}

std::int64_t median(std::vector<std::int64_t> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

sched::RunLike run_like(const Job& job) {
    return {job.org, job.member, sched::name_number(job.name),
            whole_devices(job.shape.milli_devices(job.shape.tasks_max))};
}

ForecastInput forecast_input(const State& state, Time ended_since,
                             const std::vector<JobId>& watched) {
    ForecastInput out;
    out.now = state.now;
    out.ended_until = std::max(ended_since, state.now);
    std::map<PoolId, std::size_t> place;
    state.pools.for_each([&](std::uint64_t, const Pool& pool) {
        place[pool.id] = out.pools.size();
        out.pools.push_back({pool.id, pool.scheduler, {}, {}, {}, {}, ahead_market(state, pool)});
    });
    state.jobs.for_each([&](std::uint64_t, const Job& job) {
        if (job.has_ended()) return;
        out.jobs.push_back(forecast_job(job, state.now));
        ForecastInput::PoolCopy& pool = out.pools[place.at(job.pool)];
        if (job.lease) {
            add_running(job, state.leases.at(job.lease.value), state.now, pool);
            return;
        }
        if (!job.queued) add_later(job, pool);
        if (job.topology_wait.us > 0 && !job.relaxed)
            pool.relaxing[job.id] = {job.queued ? job.relaxes : Time{}, job.topology_wait};
    });
    for (auto at = state.finished.rbegin(); at != state.finished.rend(); ++at) {
        const Job& job = state.jobs.at(at->value);
        if (job.ended <= ended_since) break;
        if (job.started == Time{} || job.state == JOB_STATE_CANCELLED) continue;
        out.ended.push_back({run_like(job), job.ended - job.started});
    }
    std::reverse(out.ended.begin(), out.ended.end());
    for (const JobId id : watched) {
        const Job* job = state.jobs.find(id.value);
        if (job != nullptr && job->attempts == 1 && job->started > Time{})
            out.started.push_back({id, job->started});
        else if (job == nullptr || job->attempts > 1 || job->has_ended())
            out.started.push_back({id, Time{}});  // gone, or its first start is no longer known
    }
    return out;
}

const char* to_string(Forecast::Basis basis) {
    switch (basis) {
        case Forecast::Basis::starts_now:
            return "starts_now";
        case Forecast::Basis::run_ahead:
            return "run_ahead";
        case Forecast::Basis::clearing:
            return "clearing";
        case Forecast::Basis::outbid:
            return "outbid";
        case Forecast::Basis::queue:
            return "queue";
        case Forecast::Basis::unknown:
            break;
    }
    return "unknown";
}

bool has_start(Forecast::Basis basis) {
    return basis != Forecast::Basis::unknown && basis != Forecast::Basis::outbid;
}

std::int64_t Accuracy::width_p50_ms() const {
    return median(widths_ms);
}
std::int64_t Accuracy::wait_p50_ms() const {
    return median(waits_ms);
}

std::vector<JobId> Forecaster::watched() const {
    std::vector<JobId> out;
    for (const auto& [job, pending] : pending_)
        out.push_back(job);
    return out;
}

void Forecaster::score(const std::vector<StartedJob>& started) {
    constexpr std::size_t ring = 4'096;
    for (const StartedJob& start : started) {
        const auto found = pending_.find(start.job);
        if (found == pending_.end()) continue;
        const Pending said = found->second;
        pending_.erase(found);
        if (start.at < said.made) continue;
        calibration_.learn(said.said, said.window, start.at,
                           said.is_late ? Calibration::Late::told : Calibration::Late::not_told);
        ++accuracy_.scored;
        if (start.at >= said.window.p10 && start.at <= said.window.p90) ++accuracy_.in_window;
        if (start.at <= said.window.p50) ++accuracy_.by_p50;
        if (start.at <= said.window.p90) ++accuracy_.by_p90;
        const std::int64_t width = (said.window.p90 - said.window.p10).us / 1'000;
        const std::int64_t wait = (start.at - said.submitted).us / 1'000;
        if (accuracy_.widths_ms.size() < ring) {
            accuracy_.widths_ms.push_back(width);
            accuracy_.waits_ms.push_back(wait);
        } else {
            accuracy_.widths_ms[accuracy_.next] = width;
            accuracy_.waits_ms[accuracy_.next] = wait;
            accuracy_.next = (accuracy_.next + 1) % ring;
        }
    }
}

// Those still waiting after the end of their window.
void Forecaster::tell_late() {
    for (auto& [job, pending] : pending_) {
        if (pending.is_late || pending.window.p90 >= made_) continue;
        pending.is_late = true;
        calibration_.late(pending.said);
    }
}

sched::AheadInput Forecaster::ahead_input(const ForecastInput::PoolCopy& pool,
                                          std::uint32_t draw) const {
    sched::AheadInput ahead;
    ahead.now = newest_.now;
    ahead.running = pool.running;
    ahead.later = pool.later;
    ahead.follows = pool.follows;
    ahead.relaxing = pool.relaxing;
    ahead.market = pool.market;
    for (sched::Running& run : ahead.running) {
        const ForecastJob& job = known_.at(run.job);
        const auto left =
            run_times_.estimate(job.key, job.walltime, job.ran, place_of(run.job, draw)).remaining;
        run.ends = std::min(run.ends, newest_.now + left);
        run.goes_on_until = std::min(run.goes_on_until, newest_.now + left);
    }
    for (const ForecastJob& job : newest_.jobs) {
        if (job.lease || job.pool != pool.id) continue;
        ahead.runs.emplace_back(
            job.id, run_times_.estimate(job.key, job.walltime, Duration{}, place_of(job.id, draw))
                        .remaining);
    }
    return ahead;
}

std::vector<sched::AheadInput> Forecaster::ahead_inputs(const ForecastInput::PoolCopy& pool) const {
    std::vector<sched::AheadInput> out;
    for (std::uint32_t draw = 0; draw < draws; ++draw)
        out.push_back(ahead_input(pool, draw));
    return out;
}

void Forecaster::update(ForecastInput input) {
    for (const EndedRun& run : input.ended)
        run_times_.learn(run.key, run.ran);
    score(input.started);
    made_ = input.now;
    tell_late();
    ended_until_ = input.ended_until;
    newest_ = std::move(input);
    forecasts_.clear();
    known_.clear();
    for (const ForecastJob& job : newest_.jobs)
        known_.emplace(job.id, job);
    prepared_.clear();
    for (const ForecastInput::PoolCopy& pool : newest_.pools)
        prepared_.push_back(ahead_inputs(pool));
    for (std::size_t pool = 0; pool < newest_.pools.size(); ++pool)
        run_pool(pool);
    list_soonest();
    for (const auto& [id, forecast] : forecasts_) {
        const bool ran = forecast.basis == Forecast::Basis::run_ahead ||
                         forecast.basis == Forecast::Basis::clearing;
        if (!ran || pending_.size() >= pending_max) continue;
        pending_.emplace(
            id, Pending{made_, forecast.said, forecast.start, known_.at(id).submitted, false});
    }
}

void Forecaster::list_soonest() {
    soonest_.clear();
    for (const auto& [id, forecast] : forecasts_) {
        if (has_start(forecast.basis))
            soonest_.push_back({id, forecast.start.p50, forecast.start.p90});
    }
    const auto sooner = [](const ExpectedStart& a, const ExpectedStart& b) {
        return std::tuple(a.p50, a.p90, a.job) < std::tuple(b.p50, b.p90, b.job);
    };
    const std::size_t shown = std::min(soonest_.size(), soonest_max);
    std::partial_sort(soonest_.begin(), soonest_.begin() + static_cast<std::ptrdiff_t>(shown),
                      soonest_.end(), sooner);
    soonest_.resize(shown);
    soonest_.shrink_to_fit();
}

// One run ahead for each draw; no more once they have started as many as one may.
std::vector<sched::AheadResult> Forecaster::run_draws(const sched::PoolScheduler& pool,
                                                      const std::vector<sched::AheadInput>& inputs,
                                                      std::uint32_t starts_max) const {
    std::vector<sched::AheadResult> out;
    std::size_t starts = 0;
    for (const sched::AheadInput& input : inputs) {
        sched::AheadInput ahead = input;
        ahead.starts_max = starts_max;
        out.push_back(sched::run_ahead(pool, std::move(ahead)));
        starts += out.back().starts.size();
        if (starts >= starts_max) break;
    }
    return out;
}

// Of a job that started in so many draws. A draw in which it has no start counts as the latest;
// nothing when that is so for half of them.
std::optional<Said> Forecaster::said_of(std::vector<Time> starts, std::size_t results) const {
    const std::size_t middle = (results - 1) / 2;
    if (starts.size() <= middle) return std::nullopt;
    std::sort(starts.begin(), starts.end());
    return Said{starts.front() - made_, starts[middle] - made_, starts.back() - made_};
}

void Forecaster::run_pool(std::size_t number) {
    const ForecastInput::PoolCopy& pool = newest_.pools[number];
    const std::vector<sched::AheadResult> results =
        run_draws(pool.scheduler, prepared_[number], starts_background_max);
    answer_pool(results);
    const sched::AheadResult& result = results.front();
    if (result.complete || result.starts.empty()) return;
    // Beyond the end of the run the queue goes on at the pace of the run.
    const Duration span = result.reached - made_;
    const auto done = static_cast<std::int64_t>(result.starts.size());
    std::int64_t rank = 0;
    for (const JobId id : pool.scheduler.order(limits::jobs_waiting_max)) {
        if (forecasts_.count(id) != 0) continue;
        const Duration more{mul_div_floor(span.us, ++rank, done)};
        forecasts_.emplace(id, in_queue(known_.at(id), result.reached + more));
    }
}

void Forecaster::answer_pool(const std::vector<sched::AheadResult>& results) {
    std::map<JobId, std::vector<Time>> starts;
    for (const sched::AheadResult& result : results) {
        for (const auto& [id, at] : result.starts)
            starts[id].push_back(at);
    }
    for (auto& [id, of] : starts) {
        const auto job = known_.find(id);
        if (job == known_.end() || job->second.lease) continue;
        if (const auto said = said_of(std::move(of), results.size())) {
            const auto basis =
                job->second.bidding ? Forecast::Basis::clearing : Forecast::Basis::run_ahead;
            forecasts_.emplace(id, make(job->second, *said, basis));
        }
    }
    for (const JobId id : results.front().unsold) {
        if (forecasts_.count(id) == 0)
            forecasts_.emplace(id, make(known_.at(id), Said{}, Forecast::Basis::outbid));
    }
}

// No start is earlier, whatever the factors say: its own begin, the next clearing.
Time Forecaster::not_before(const ForecastJob& job) const {
    if (!job.bidding) return job.begin;
    Time least = job.begin;
    for (const ForecastInput::PoolCopy& pool : newest_.pools) {
        if (pool.id == job.pool) least = std::max(least, pool.market.next);
    }
    return least;
}

Forecast Forecaster::in_queue(const ForecastJob& job, Time start) const {
    return make(job, Said::unsure(start - made_), Forecast::Basis::queue);
}

Forecast Forecaster::make(const ForecastJob& job, const Said& said, Forecast::Basis basis) const {
    Forecast out;
    out.basis = basis;
    out.made = made_;
    if (has_start(basis)) {
        out.raw = made_ + said.middle;
        out.said = said;
        out.start = calibration_.window(made_, said);
        const Time least = not_before(job);
        for (Time* end : {&out.start.p10, &out.start.p50, &out.start.p90})
            *end = std::max(*end, least);
    }
    const auto run = [&](std::uint32_t permille) {
        return run_times_.estimate(job.key, job.walltime, Duration{}, permille);
    };
    out.run_p50 = run(500).remaining;
    out.run_p90 = run(900).remaining;
    out.samples = run(500).samples;
    out.cost_p50 = cost(job.milli_devices, out.run_p50, job.price);
    out.cost_p90 = cost(job.milli_devices, out.run_p90, job.price);
    out.cost_max = cost(job.milli_devices, job.walltime, job.price);
    return out;
}

std::optional<Forecast> Forecaster::of(JobId job) const {
    const auto found = forecasts_.find(job);
    if (found == forecasts_.end()) return std::nullopt;
    return found->second;
}

// The latest start of those of the same member and at least its size; 0 without one.
Time Forecaster::behind_member(const ForecastJob& asked) const {
    Time latest;
    for (const auto& [id, forecast] : forecasts_) {
        const ForecastJob& other = known_.at(id);
        if (other.pool != asked.pool || other.key.member != asked.key.member ||
            other.milli_devices < asked.milli_devices ||
            forecast.basis == Forecast::Basis::outbid) {
            continue;
        }
        latest = std::max(latest, forecast.raw);
    }
    return latest;
}

Forecast Forecaster::ask(const Job& job, Time now) const {
    ForecastJob asked = forecast_job(job, now);
    asked.submitted = now;
    const auto copy =
        std::find_if(newest_.pools.begin(), newest_.pools.end(),
                     [&](const ForecastInput::PoolCopy& pool) { return pool.id == job.pool; });
    if (copy == newest_.pools.end()) return make(asked, Said{}, Forecast::Basis::unknown);
    const Time behind = job.bidding ? Time{} : behind_member(asked);
    const bool long_queue = copy->scheduler.totals().waiting_jobs > starts_question_max;
    if (long_queue && behind - made_ > Duration::minutes(10)) return in_queue(asked, behind);
    const auto number = static_cast<std::size_t>(copy - newest_.pools.begin());
    std::vector<sched::AheadInput> inputs = prepared_[number];
    for (std::uint32_t draw = 0; draw < inputs.size(); ++draw)
        add_question(inputs[draw], job, place_of(job.id, draw));
    const auto results = run_draws(copy->scheduler, inputs, starts_question_max);
    std::vector<Time> starts;
    for (const sched::AheadResult& result : results) {
        for (const auto& [id, at] : result.starts) {
            if (id == job.id) starts.push_back(at);
        }
    }
    if (const auto said = said_of(std::move(starts), results.size()))
        return make(asked, *said,
                    job.bidding ? Forecast::Basis::clearing : Forecast::Basis::run_ahead);
    if (job.bidding) return make(asked, Said{}, Forecast::Basis::outbid);
    return in_queue(asked, std::max(results.front().reached, behind));
}

void Forecaster::add_question(sched::AheadInput& ahead, const Job& job,
                              std::uint32_t permille) const {
    ahead.market.clearings_max = clearings_question_max;
    ahead.until = job.id;
    ahead.later.push_back({waiting_job(job), made_, 0});
    if (job.topology_wait.us > 0) ahead.relaxing[job.id] = {Time{}, job.topology_wait};
    if (job.bidding) ahead.market.bids.emplace(job.id, job.price.micro_yuan);
    const auto run =
        run_times_.estimate(run_like(job), job.walltime, Duration{}, permille).remaining;
    ahead.runs.emplace_back(job.id, run);  // of the highest id: it stays in order
}

}  // namespace suan::core
