// Suan's own rules: the scheduler of src/sched, which the core calls, fed with the facts of the
// simulator. It never reads a true run time: what it knows of one is the bound that the user gave,
// and what it learnt from jobs that ended before.
#pragma once

#include "sched/run_times.hpp"
#include "sched/scheduler.hpp"
#include "simulator.hpp"

#include <map>
#include <vector>

namespace suan::contest {

struct SuanOptions {
    sched::Rules rules;
    std::vector<sched::Share> shares;       // by org
    bool checkpoints = false;               // jobs save their work and report it
    std::int64_t limit_us = 0;              // the bound of jobs whose user gave none
    std::uint32_t expected_permille = 500;  // the quantile of learnt run times; 0: learn nothing
};

class Suan : public Policy {
public:
    Suan(const SuanOptions& options, const std::vector<std::uint32_t>& devices_of_nodes);
    void submitted(const Simulator& sim, std::uint32_t job) override;
    void ended(const Simulator& sim, std::uint32_t job) override;
    void decide(Simulator& sim) override;
    std::optional<std::int64_t> wakes_us() const override;

private:
    void follow(Simulator& sim, const sched::Decision& decision);
    void follow(Simulator& sim, const sched::Start& start);
    void report_checkpoints(const Simulator& sim);
    void enqueue(const Simulator& sim, std::uint32_t job);
    void leave(const Simulator& sim, std::uint32_t job);

    sched::PoolScheduler pool_;
    sched::RunTimes learnt_;
    SuanOptions options_;
    std::vector<LeaseId> lease_of_;   // by job
    std::vector<Duration> expected_;  // by job, when it was submitted
    std::map<LeaseId, std::uint32_t> job_of_;
    std::uint64_t leases_ = 0;
    Time now_;
};

}  // namespace suan::contest
