// What the log says of every run. Internal to src/sim/whatif.
#pragma once

#include "base/time.hpp"
#include "core/forecast.hpp"
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
    std::vector<PastRun> runs;  // by attempt
};

class History {
public:
    explicit History(const std::vector<Entry>& log);

    const PastJob* job(std::uint64_t id) const;
    // How long the job runs when nothing stops it, and how it ends.
    struct Natural {
        Duration lasts;
        LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED;
        std::int32_t exit_code = 0;
        bool known = false;  // false: learned from others
    };
    Natural natural(std::uint64_t id) const;

private:
    void read(const Entry& entry);
    void submitted(const Entry& entry, const JobAdmitted& event);

    std::map<std::uint64_t, PastJob> jobs_;
    std::map<std::uint64_t, std::pair<std::uint64_t, std::size_t>> leases_;  // job, attempt - 1
    sched::RunLengths run_times_;
};

}  // namespace suan::sim
