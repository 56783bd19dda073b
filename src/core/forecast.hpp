// Forecasts: when waiting jobs will start and what they will cost.
//
//   ForecastInput   what a run ahead needs, copied out of the State in one go
//   Forecaster      learns run times from what ended, runs the scheduler ahead on the copy, turns
//                   the result into windows by how far it was off before, and scores itself
//
// A run ahead gives one start for each job. Its window is that start, scaled by how much longer or
// shorter jobs waited than a run ahead had said. docs/rules/forecast.md explains it with an
// example.
//
// Pure: the shell copies the input in its loop and runs the rest where it likes. One thread at a
// time.
#pragma once

#include "core/state.hpp"
#include "sched/run_ahead.hpp"
#include "sched/run_lengths.hpp"

#include <array>
#include <map>
#include <optional>
#include <vector>

namespace suan::core {

struct ForecastJob {
    JobId id;
    PoolId pool;
    sched::RunLike key;
    Duration walltime;
    Duration ran;   // of a running one, so far
    LeaseId lease;  // 0: it waits
    Money price;
    std::int64_t milli_devices = 0;
    Time submitted;
    Time begin;            // not before
    bool bidding = false;  // it has to win a clearing of the spot market first
};
struct EndedRun {
    sched::RunLike key;
    Duration ran;
};
struct StartedJob {
    JobId job;
    Time at;
};

struct ForecastInput {
    struct PoolCopy {
        PoolId id;
        sched::PoolScheduler scheduler;
        std::vector<sched::Running> running;
        std::vector<sched::Later> later;
        std::vector<sched::Follows> follows;
        std::map<JobId, sched::Relaxing> relaxing;
        sched::AheadMarket market;
    };
    Time now;
    std::vector<PoolCopy> pools;
    std::vector<ForecastJob> jobs;    // waiting and running, by id
    std::vector<EndedRun> ended;      // since the input before
    std::vector<StartedJob> started;  // of those asked for
    Time ended_until;                 // give it to the next call as `ended_since`
};

// `watched` are jobs whose start the forecaster wants to hear of.
ForecastInput forecast_input(const State& state, Time ended_since,
                             const std::vector<JobId>& watched);
sched::RunLike run_like(const Job& job);

struct Window {
    Time p10, p50, p90;
};

// What the draws of a run ahead said of one wait. One that was not run ahead is taken for as unsure
// as any.
struct Said {
    Duration least, middle, most;
    static Said unsure(Duration wait) { return {Duration{}, wait, wait + wait}; }
};

struct Forecast {
    enum class Basis : std::uint8_t {
        starts_now,
        run_ahead,
        clearing,  // run ahead, with the spot market cleared by the bids of now
        outbid,    // no clearing of that run was won by it: it has no start
        queue,
        unknown
    } basis = Basis::unknown;
    Time made;
    Time raw;  // as the run ahead said: the middle of its draws
    Said said;
    Window start;
    Duration run_p50, run_p90;
    Money cost_p50, cost_p90, cost_max;
    std::uint32_t samples = 0;  // runs that the run time was learned from
};
const char* to_string(Forecast::Basis basis);
bool has_start(Forecast::Basis basis);

// A start that is expected, for lists of what comes next.
struct ExpectedStart {
    JobId job;
    Time p50, p90;
};

// What runs ahead said of waits, against what they were: for each size of wait, and for how far the
// draws were apart, the three factors that make a window of what was said. Each factor follows its
// quantile: a start beyond it moves it out by 2 % of the tail it is to leave, one within it moves
// it back in proportion, so that in the long run as many starts lie beyond as are meant to, however
// the centre changes (adaptive conformal inference, Gibbs and Candes, 2021; here on whole
// millionths).
class Calibration {
public:
    Calibration();
    Window window(Time made, const Said& said) const;
    // A window has ended and its job still waits. Nobody waits for the start to learn that.
    void late(const Said& said);
    enum class Late : std::uint8_t { told, not_told };
    // `window` was given for `said`; told: late() was called for it.
    void learn(const Said& said, const Window& window, Time start, Late told);

private:
    static constexpr std::size_t sizes = 24;  // powers of two of seconds
    static constexpr std::size_t spreads = 5;
    struct Factors {  // millionths of what was said
        std::int64_t low, middle, high;
    };
    static std::size_t bin_of(const Said& said);
    std::array<Factors, sizes * spreads> factors_;
};

// How good the windows were, of jobs that had one while they waited.
struct Accuracy {
    std::int64_t scored = 0;
    std::int64_t in_window = 0;  // p10 <= start <= p90
    std::int64_t by_p50 = 0;
    std::int64_t by_p90 = 0;
    std::vector<std::int64_t> widths_ms;  // of the newest, a ring
    std::vector<std::int64_t> waits_ms;   // of the same jobs, from submission
    std::size_t next = 0;

    std::int64_t coverage_permille() const { return scored == 0 ? 0 : in_window * 1'000 / scored; }
    std::int64_t width_p50_ms() const;
    std::int64_t wait_p50_ms() const;
};

class Forecaster {
public:
    // Runs ahead. Afterwards of() answers for every job that waited in the input.
    void update(ForecastInput input);
    std::optional<Forecast> of(JobId job) const;
    // Of all that wait, the first soonest_max to start, in that order.
    const std::vector<ExpectedStart>& soonest() const { return soonest_; }
    static constexpr std::size_t soonest_max = 2'000;
    // A job that is not submitted: one more run, or the place in the queue it would take; of one
    // that bids (take_bid), the clearing that it would win.
    Forecast ask(const Job& job, Time now) const;
    // Jobs with a first forecast that have not been seen to start.
    std::vector<JobId> watched() const;

    Time made() const { return made_; }
    std::size_t jobs() const { return forecasts_.size(); }
    const Accuracy& accuracy() const { return accuracy_; }
    const sched::RunLengths& run_times() const { return run_times_; }
    Time ended_until() const { return ended_until_; }

    // Starts of one run ahead of the background, and of one for a single question.
    static constexpr std::uint32_t starts_background_max = 30'000;
    static constexpr std::uint32_t starts_question_max = 500;
    static constexpr std::uint32_t clearings_question_max = 100;
    // Of run times; each is a run ahead. Fewer where one alone reaches the bound of starts.
    static constexpr std::uint32_t draws = 9;

private:
    struct Pending {
        Time made;
        Said said;
        Window window;
        Time submitted;
        bool is_late = false;  // the calibration was told
    };
    void tell_late();
    void score(const std::vector<StartedJob>& started);
    void run_pool(std::size_t pool);
    void answer_pool(const std::vector<sched::AheadResult>& results);
    void list_soonest();
    Time not_before(const ForecastJob& job) const;
    Time behind_member(const ForecastJob& asked) const;
    Forecast make(const ForecastJob& job, const Said& said, Forecast::Basis basis) const;
    Forecast in_queue(const ForecastJob& job, Time start) const;
    std::vector<sched::AheadResult> run_draws(const sched::PoolScheduler& pool,
                                              const std::vector<sched::AheadInput>& inputs,
                                              std::uint32_t starts_max) const;
    std::optional<Said> said_of(std::vector<Time> starts, std::size_t results) const;
    sched::AheadInput ahead_input(const ForecastInput::PoolCopy& pool, std::uint32_t draw) const;
    std::vector<sched::AheadInput> ahead_inputs(const ForecastInput::PoolCopy& pool) const;
    void add_question(sched::AheadInput& ahead, const Job& job, std::uint32_t permille) const;

    sched::RunLengths run_times_;
    Calibration calibration_;
    Accuracy accuracy_;
    ForecastInput newest_;  // the schedulers stand as they were copied
    // Of each pool of it, the draws with its learned run times.
    std::vector<std::vector<sched::AheadInput>> prepared_;
    std::map<JobId, ForecastJob> known_;
    std::map<JobId, Forecast> forecasts_;
    std::vector<ExpectedStart> soonest_;
    std::map<JobId, Pending> pending_;
    Time made_;
    Time ended_until_;
};

}  // namespace suan::core
