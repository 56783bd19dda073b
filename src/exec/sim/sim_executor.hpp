// Virtual tasks: an executor that takes virtual time and no machine. A lease starts after
// `start_delay`, runs for its SimScript's duration, and ends with its exit code, or fails on the
// way when the dice say so.
//
// It saves a checkpoint after every checkpoint_interval of a run. The job's next attempt has only
// what was not saved left to do, shared among the tasks that it has then (sim_work.hpp). What was
// saved lives as long as the executor: started by another one, a job begins anew.
//
// It has no clock and no thread: `advance(now)` delivers, in a total order (time, then order of
// arrival), every report due up to `now`, in the caller's thread. SimTimer advances one in scaled
// time. Deterministic: the same orders at the same times and the same seed give the same reports.
// The dice of an attempt depend on the seed, the job and the attempt only, not on what else runs.
// Thread rule: one thread at a time.
#pragma once

#include "exec/executor.hpp"
#include "exec/sim/sim_work.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace suan::exec {

// Of so many jobs the executor remembers what they saved; then it forgets the oldest.
inline constexpr std::size_t sim_jobs_saved_max = 100'000;

struct SimOptions {
    std::uint64_t seed = 1;
    std::uint32_t fail_permille = 0;         // of attempts: a task fails on the way
    std::uint32_t launch_fail_permille = 0;  // of attempts: never start
    std::uint32_t lost_permille = 0;   // of attempts: end as lost on the way, as if a node died
    std::uint32_t progress_steps = 0;  // progress reports while it runs, evenly spread
    Duration start_delay = {};
    Duration stop_delay = {};  // from a stop to its end, never more than the grace
    // A job that saves more often than this saves so often: reports must not flood a hub.
    Duration checkpoint_interval_min = Duration::seconds(5);
};

class SimExecutor final : public Executor {
public:
    SimExecutor(SimOptions options, Sink sink);

    // Orders take effect at the time of the last advance().
    void start(StartOrder order) override;
    void stop(StopOrder order) override;
    // Virtual tasks do not survive their executor: what is not known here never started.
    Result<std::vector<Adopted>> adopt(const std::vector<LeaseRef>& known) override;
    Result<LogChunk> read_log(const LogQuery& query) const override;
    Result<FileList> list_files(const AttemptRef& of) const override;
    Result<FileChunk> read_file(const FileQuery& query) const override;
    std::string describe() const override;

    // Time never goes back: an earlier `now` changes nothing.
    void advance(Time now);
    // When the next report is due.
    std::optional<Time> next_due() const;
    std::size_t running() const { return leases_.size(); }

private:
    enum class Step { started, progress, saved, ended, refused };
    struct Due {
        LeaseRef ref;
        Step step = Step::started;
        std::uint32_t permille = 0;
        LeaseEnded end;  // of Step::ended; message also of Step::refused
    };
    // What a checkpoint belongs to: all attempts of one job, or of one element.
    using JobKey = std::pair<JobId, std::optional<std::uint32_t>>;
    struct Lease {
        std::uint32_t tasks = 0;
        std::uint32_t permille = 0;
        bool started = false;
        SimWork before{{}, 1};         // when it started
        Duration checkpoint_interval;  // 0: none
        Time begins;
        Time ends;
        std::vector<std::pair<Time, std::uint64_t>> due;  // its keys in due_
    };
    struct Fate {
        LeaseEnded end;
        Duration runs;
        bool starts = true;
    };

    Fate fate_of(const StartOrder& order, Duration runs) const;
    SimWork work_of(const StartOrder& order) const;
    void plan(Time at, Due due);
    void plan_progress(const LeaseRef& ref, const Lease& lease);
    void plan_checkpoint(const LeaseRef& ref, const Lease& lease);
    void save(const LeaseRef& ref, Lease& lease);
    void deliver(Due due);

    SimOptions options_;
    Sink sink_;
    Time now_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<Time, std::uint64_t>, Due> due_;
    std::map<LeaseRef, Lease> leases_;
    std::map<JobKey, SimWork> saved_;  // of jobs that may run again; at most sim_jobs_saved_max
};

}  // namespace suan::exec
