// Watches the entries of a replay and sums up what the report says. It keeps its own account of
// nodes and jobs, from events alone, and asks the State nothing.
#pragma once

#include "base/money.hpp"
#include "core/state.hpp"
#include "core/table.hpp"
#include "sim/replay/report.hpp"
#include "sim/traces/trace.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <vector>

namespace suan::sim {

class Measure {
public:
    // `begin_us` is when the first job is submitted, on the State's clock; pools and nodes are
    // those of `state`, which is not kept.
    Measure(const core::State& state, const Trace& trace, std::int64_t begin_us);

    // What job `id` of the core is in the trace, and when it was submitted; ids come in order.
    void admitted(JobId id, std::uint32_t job, PoolId pool, std::int64_t at_us);
    void refused(std::uint32_t job, std::string_view code);
    void watch(const Entry& entry);

    std::uint32_t trace_job(JobId id) const { return jobs_[id.value - first_job_].job; }

    // Fills counts, times, devices, orgs and pools. The end is that of the last run.
    void fill(ReplayReport& report);

private:
    struct Seen {
        std::uint32_t job = 0;
        std::uint32_t pool = 0;
        std::int64_t submitted_us = 0;
        std::int64_t started_us = -1;  // first
        std::int64_t ended_us = -1;
        std::uint8_t state = JOB_STATE_WAITING;
        bool waits = true;  // not so while it is resized
    };
    struct Run {
        JobId job;
        std::int64_t saved_us = 0;  // what it did until then is not lost; at first, its start
        std::vector<std::pair<std::uint32_t, std::uint32_t>> milli_of_node;
    };
    struct PoolMeter {
        std::string name;
        std::int64_t devices_milli = 0;
        std::int64_t used_milli = 0;
        std::int64_t partly_free_milli = 0;  // free, on nodes that are not wholly free
        std::int64_t waiting = 0;
        std::int64_t last_us = 0;
        int128 used = 0, partly_free = 0, idle_wanted = 0;  // milli-device microseconds
    };
    struct NodeMeter {
        std::uint32_t pool = 0;
        std::int64_t devices_milli = 0;
        std::int64_t used_milli = 0;
    };

    Seen& seen(std::uint64_t job_id) { return jobs_[job_id - first_job_]; }
    PoolMeter& pool_at(std::uint32_t pool, std::int64_t now_us);
    void take(std::uint32_t node, std::int64_t milli);
    void started(const JobStarted& event, std::int64_t now_us);
    void lease_ended(const LeaseEnded& event, std::int64_t now_us);
    void job_ended(const JobEnded& event, std::int64_t now_us);
    void begins_to_wait(Seen& job, std::int64_t now_us);
    void stops_waiting(Seen& job, std::int64_t now_us);
    void fill_pools(ReplayReport& report);
    void fill_orgs(ReplayReport& report);

    const Trace& trace_;
    std::int64_t begin_us_;
    std::int64_t end_us_;
    std::uint64_t first_job_;
    std::vector<Seen> jobs_;
    std::vector<std::uint32_t> refused_by_org_;
    std::map<std::string, std::int64_t, std::less<>> refused_;
    core::Table<Run> runs_;
    std::vector<PoolMeter> pools_;  // by id, [0] unused
    std::vector<NodeMeter> nodes_;  // by id, [0] unused
    std::int64_t starts_ = 0, reservations_ = 0, preemptions_ = 0, resizes_ = 0;
    int128 lost_ = 0;
};

}  // namespace suan::sim
