// One deterministic discrete-event simulator for all policies: jobs arrive, a policy starts and
// stops them, they end. Integers only; times in microseconds since the first submission.
//
// At one moment, in this order: runs that end, by job; submissions, in the order of the trace; one
// decide() of the policy. A job stopped and started again in one decide() keeps running as if
// nothing had happened, wherever it is put.
//
// The simulator keeps the books of devices: a policy that puts a job on devices which are held, or
// tears a gang, aborts. So every policy here is judged by the same accounts.
//
// Thread rule: one simulator, one thread.
#pragma once

#include "base/assert.hpp"
#include "sched/types.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace suan::contest {

struct Job {
    std::uint32_t org = 0;     // from 0
    std::uint32_t member = 0;  // from 0, inside its org
    std::uint32_t devices = 1;
    std::int64_t submit_us = 0;
    std::int64_t run_us = 0;         // how long it runs; no policy but those that say so reads it
    std::int64_t limit_us = 0;       // the bound that its user gave; 0: none
    std::int64_t event_cost_us = 0;  // of its run time, lost at every event while it runs (Muri)
    std::int64_t deadline_us = 0;    // after submission; 0: none
    bool soft = false;               // of its deadline: missing it costs, but not everything
    sched::Tier tier = sched::Tier::standard;
};

// Devices of a job on one node.
struct Part {
    std::uint32_t node = 0;
    std::uint32_t devices = 0;
};
using Parts = std::vector<Part>;

// What is left of a run that is stopped. Zero: nothing, it begins again from the start.
struct RunModel {
    std::int64_t checkpoint_us = 0;  // work is saved after every so much of it
    bool stop_keeps_all = false;     // as the published preemptive simulators count
};

struct Progress {
    enum class State : std::uint8_t { coming, waiting, running, done } state = State::coming;
    std::int64_t done_us = 0;      // work that counts
    std::int64_t since_us = 0;     // of what runs: counted up to here
    std::int64_t started_us = -1;  // the latest start
    std::int64_t first_start_us = -1;
    std::int64_t end_us = -1;
    std::int64_t lost_us = 0;  // work that was done and did not count
    std::uint32_t stops = 0;
    Parts parts;
};

class Simulator;

class Policy {
public:
    virtual ~Policy() = default;
    virtual void submitted(const Simulator& sim, std::uint32_t job) = 0;
    virtual void ended(const Simulator& sim, std::uint32_t job) = 0;
    virtual void decide(Simulator& sim) = 0;
    // When it wants to be asked although nothing happens.
    virtual std::optional<std::int64_t> wakes_us() const { return std::nullopt; }
};

class Simulator {
public:
    // `jobs` by submission.
    Simulator(std::vector<Job> jobs, std::vector<std::uint32_t> devices_of_nodes,
              const RunModel& model = {});

    void run(Policy& policy);

    // For policies.
    std::int64_t now_us() const { return now_us_; }
    const std::vector<Job>& jobs() const { return jobs_; }
    const Job& job(std::uint32_t id) const { return jobs_[id]; }
    const Progress& progress(std::uint32_t id) const { return progress_[id]; }
    const std::vector<std::uint32_t>& free() const { return free_; }
    const std::vector<std::uint32_t>& devices_of_nodes() const { return devices_; }
    std::int64_t remaining_us(std::uint32_t id) const;
    // Work since the last checkpoint, lost if the job were stopped now.
    std::int64_t at_risk_us(std::uint32_t id) const;
    void start(std::uint32_t id, Parts parts);
    void stop(std::uint32_t id);  // it waits again
    // What runs from now on, and where: the rest is stopped, what runs already is moved.
    void run_exactly(std::vector<std::pair<std::uint32_t, Parts>> chosen);

    // Device-microseconds held so far.
    std::int64_t held_device_us() const { return held_device_us_; }

private:
    void count(std::uint32_t id);  // work up to now
    void count_all_running();
    std::int64_t end_of(std::uint32_t id) const;
    void end(std::uint32_t id);
    void take(std::uint32_t id, Parts parts);
    void give_back(std::uint32_t id);

    std::vector<Job> jobs_;
    std::vector<std::uint32_t> devices_;
    std::vector<std::uint32_t> free_;
    RunModel model_;
    std::vector<Progress> progress_;
    std::set<std::pair<std::int64_t, std::uint32_t>> ends_;
    bool costs_events_ = false;
    std::int64_t now_us_ = 0;
    std::int64_t held_device_us_ = 0;
};

// Placement of the published simulators: a gang that a node holds goes to one node, a larger one to
// whole free nodes and one node for the remainder; ties by node. Nothing where it does not fit.
// Nodes are alike. Of the nodes that hold it: the fullest (HeliosArtifact's "consolidate") or the
// first (Tiresias' and Muri's "yarn").
enum class Pick : std::uint8_t { fullest, first };
std::optional<Parts> consolidate(const std::vector<std::uint32_t>& free,
                                 std::uint32_t devices_per_node, std::uint32_t devices,
                                 Pick pick = Pick::fullest);

}  // namespace suan::contest
