// Turns what executors report into commands, and keeps chatty progress out of the log. Thread-safe.
#pragma once

#include "exec/executor.hpp"
#include "runtime/clock.hpp"
#include "runtime/metrics.hpp"
#include "suan/log.pb.h"

#include <map>
#include <mutex>
#include <vector>

namespace suan::runtime {

LeaseOutcome outcome_of(exec::Outcome outcome);
LeaseReport ended_report(const exec::LeaseEnded& end);
LeaseReport started_report(const exec::LeaseRef& ref);

class ReportFilter {
public:
    ReportFilter(const Clock& clock, Metrics& metrics, Duration progress_interval)
        : clock_(clock), metrics_(metrics), progress_interval_(progress_interval) {}

    // The commands to decide for a report, in order; none for what the log need not know.
    std::vector<LeaseReport> commands(const exec::Report& report);

private:
    struct Seen {
        Time sent;
        std::uint32_t permille = 0;
        bool marked = false;     // a mark was sent
        Time saved;              // when the last checkpoint was
        bool saves = false;      // a checkpoint was sent
        bool held_back = false;  // one that came too soon after it
    };
    void add_progress(const exec::LeaseRef& ref, const exec::ProgressMark& mark,
                      std::vector<LeaseReport>& out);
    void add_checkpoint(const exec::LeaseRef& ref, std::vector<LeaseReport>& out);
    void add_end(const exec::LeaseEnded& end, std::vector<LeaseReport>& out);

    const Clock& clock_;
    Metrics& metrics_;
    const Duration progress_interval_;
    std::mutex mutex_;
    std::map<LeaseId, Seen> seen_;
};

}  // namespace suan::runtime
