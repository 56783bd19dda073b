// What the log says of every run. Internal to src/sim/whatif.
#pragma once

#include "base/time.hpp"
#include "core/forecast.hpp"
#include "exec/sim/sim_work.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace suan::sim {

// A report of an executor, so long after the start of its lease, or after it was told to stop.
struct PastReport {
    Duration after;
    bool after_stop = false;
    LeaseReport report;
};

struct PastRun {
    Time started;
    std::uint32_t tasks = 1;
    Duration saved;  // from its start to its last checkpoint
    std::optional<Time> stopped;
    std::vector<PastReport> reports;
    // Of a run that ended by itself.
    std::optional<Duration> lasted;
    LeaseOutcome outcome = LEASE_OUTCOME_UNSPECIFIED;
    std::int32_t exit_code = 0;
};

struct PastJob {
    sched::RunLike key;
    Duration walltime;
    std::uint32_t tasks = 1;    // that it asked for
    std::vector<PastRun> runs;  // by attempt
};

class History {
public:
    explicit History(const std::vector<Entry>& log);

    const PastJob* job(std::uint64_t id) const;
    // How much there is to do when nothing stops the job, and how it ends: what the attempts before
    // its last one saved, and all of that one. A run with half the tasks takes twice as long.
    struct Natural {
        exec::SimWork work{Duration{}, 1};
        LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED;
        std::int32_t exit_code = 0;
        bool known = false;  // false: learned from others
    };
    Natural natural(std::uint64_t id) const;

private:
    void read(const Entry& entry);
    void submitted(const Entry& entry, const JobAdmitted& event);
    void started(const JobStarted& event, Time now);
    PastRun* run_of(std::uint64_t lease);

    std::map<std::uint64_t, PastJob> jobs_;
    std::map<std::uint64_t, std::pair<std::uint64_t, std::size_t>> leases_;  // job, attempt - 1
    sched::RunLengths run_times_;
};

}  // namespace suan::sim
