// The log run again. Internal to src/sim/whatif.
#pragma once

#include "core/transition.hpp"
#include "sim/whatif/history.hpp"
#include "sim/whatif/overlay.hpp"
#include "sim/whatif/side.hpp"

#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace suan::sim {

class Rerun {
public:
    // All references outlive it.
    Rerun(const std::vector<Entry>& log, const History& history, const WhatIfOptions& options,
          SideMeter& meter);

    void run();
    // The entry of the log from which on the rerun differs; 0: nowhere.
    std::uint64_t first_difference() const { return first_difference_; }
    std::int64_t refused() const { return refused_; }
    // Of the change, or of what the centre was made of: with it refused, the changed centre is none
    // that could have been. Nothing when there is no such thing.
    const std::optional<Error>& impossible() const { return impossible_; }
    std::int64_t unknown_runs() const { return unknown_runs_; }
    const core::State& state() const { return state_; }
    const Overlay& overlay() const { return overlay_; }

private:
    // A report that comes at its time; ties in the order in which they were planned.
    struct Due {
        Time at;
        std::uint64_t order = 0;
        std::uint64_t lease = 0;
        LeaseReport report;
        friend bool operator>(const Due& a, const Due& b) {
            return std::pair(a.at, a.order) > std::pair(b.at, b.order);
        }
    };

    // What is left of a job of the rerun, and how it ends.
    struct Job {
        History::Natural natural;  // less what was saved
        std::uint64_t lease = 0;   // that saved last
        Time saved;                // when
    };

    void follow(const Entry& logged);
    void tick_in_gap(const Entry& next);
    void catch_up(Time until);
    void tick(Time now);
    void give_all(const Entry& logged);
    core::Outcome give(const Entry& like, const Command& command, Entry& made);
    void see(const Entry& made);
    void give_missing(const Entry& like);
    void note_refused(const std::string& where, const Command& command,
                      const core::Rejection& refused);
    void diverge(std::uint64_t seq);
    void plan_live();
    void plan(const core::Lease& lease);
    Job& job_of(std::uint64_t id);
    void saved(const core::Lease& lease);
    void plan_end(const core::Lease& lease, Time at, LeaseOutcome outcome, std::int32_t exit_code);
    void stopped(std::uint64_t lease);
    Command copy_of(const Command& command, std::uint32_t copy) const;
    std::uint64_t job_in(std::uint64_t logged, std::uint32_t copy) const;
    void remember(const Entry& logged, const Entry& made);

    const std::vector<Entry>& log_;
    const History& history_;
    const WhatIfOptions& options_;
    SideMeter& meter_;
    core::State state_;
    Overlay overlay_;
    const bool changes_;  // the options change something at all
    bool following_ = true;
    std::uint64_t first_difference_ = 0;
    std::map<std::uint64_t, std::vector<std::uint64_t>> jobs_;  // of the log: those of the rerun
    std::map<std::uint64_t, std::uint64_t> logged_of_;          // the other way
    std::map<std::uint64_t, std::uint64_t> quotes_;
    std::map<std::uint64_t, Job> work_;  // of jobs that have started or saved
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::uint64_t order_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t unknown_runs_ = 0;
    std::optional<Error> impossible_;  // the first
};

}  // namespace suan::sim
