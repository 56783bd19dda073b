// The machines: what runs under which lease in virtual time, and what they report, with faults on
// the way. Internal to src/sim/fault.
#pragma once

#include "base/time.hpp"
#include "core/state.hpp"
#include "sim/fault/faults.hpp"
#include "suan/log.pb.h"

#include <map>
#include <string>
#include <vector>

namespace suan::sim {

class Machines {
public:
    Machines(Rng& rng, Faults& faults) : rng_(rng), faults_(faults) {}

    // Orders of the hub. A second start of a lease is a failure of the hub, kept in `broken`.
    void start(const core::Job& job, const core::Lease& lease, Time now);
    void stop(std::uint64_t lease, Duration grace, Time now);

    // After a restart of the hub: reports for what ended meanwhile, and what is lost; false for
    // what never started and has to be started now. What runs unknown to the hub is killed.
    enum class Found : std::uint8_t { running, ended, never_started };
    Found adopt(std::uint64_t lease, Time now);
    void kill_unknown(const std::vector<std::uint64_t>& known);

    // The reports that arrive until `now`, in order of arrival.
    std::vector<LeaseReport> reports_until(Time now);
    // When the next thing happens; time_max when nothing will.
    Time next_at() const;
    // The hub died: what was on its way to it is lost with it.
    void drop_reports() { on_the_way_.clear(); }

    const std::string& broken() const { return broken_; }
    std::size_t running() const { return running_.size(); }

private:
    struct Run {
        std::uint64_t job = 0;
        Time ends;
        LeaseOutcome outcome = LEASE_OUTCOME_COMPLETED;
        std::int32_t exit_code = 0;
        Duration checkpoint_interval;
        Time next_checkpoint;
    };
    void send(LeaseReport report, Time now);
    void end(std::uint64_t lease, const Run& run, Time now);
    void advance(Time now);

    Rng& rng_;
    Faults& faults_;
    std::map<std::uint64_t, Run> running_;
    std::map<std::uint64_t, Run> ended_;           // kept for adopt
    std::map<std::uint64_t, std::uint32_t> seen_;  // leases ever started, how often
    std::multimap<Time, LeaseReport> on_the_way_;
    std::string broken_;
};

}  // namespace suan::sim
