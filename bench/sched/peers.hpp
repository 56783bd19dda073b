// Peers with priorities: Slurm-like multifactor order with backfill, and priority preemption that
// does not look at checkpoints.
#pragma once

#include "simulator.hpp"

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace suan::contest {

// Slurm's priority/multifactor with its documented factors (age up to 7 days, classic fair share
// 2^(-use/share) with a half-life of 7 days, size) and weights 1000 / 10000 / 1000, reckoned anew
// every 5 minutes (PriorityCalcPeriod), and EASY backfill: the first job that does not fit gets its
// place as early as the limits of what runs allow, and later jobs must not delay it.
struct MultifactorOptions {
    std::vector<double> shares;  // by org, summing up to 1
    // The limit of a job, whose run time the trace gives but whose user's bound it does not.
    enum class Limit : std::uint8_t { true_run_time, none } limit = Limit::true_run_time;
};

class Multifactor : public Policy {
public:
    Multifactor(MultifactorOptions options, std::uint32_t devices);
    void submitted(const Simulator& sim, std::uint32_t job) override;
    void ended(const Simulator& sim, std::uint32_t job) override;
    void decide(Simulator& sim) override;

private:
    double priority(const Simulator& sim, std::uint32_t job) const;
    std::int64_t limit_us(const Simulator& sim, std::uint32_t job) const;
    void reckon(const Simulator& sim);
    bool start(Simulator& sim, std::uint32_t job, const std::vector<std::uint32_t>& free);
    void plan(const Simulator& sim, std::uint32_t job);

    MultifactorOptions options_;
    double devices_;
    std::vector<double> use_;  // by org, device-seconds, decayed
    std::int64_t reckoned_us_ = 0;
    std::set<std::pair<double, std::uint32_t>> waiting_;  // (-priority, job)
    std::vector<double> key_;                             // by job
    std::map<std::uint32_t, std::int64_t> ends_;          // of what runs, by its limit
    std::int64_t shadow_us_ = 0;                          // when the head can start
    std::vector<std::uint32_t> kept_;                     // devices kept for it, by node
};

// Strict jobs first, first come, then the rest; a strict job that does not fit stops best-effort
// jobs on the first node where that helps (whole nodes for a larger gang), the youngest first, as
// Kubernetes' scheduler orders victims of one priority.
class PriorityPreemption : public Policy {
public:
    void submitted(const Simulator& sim, std::uint32_t job) override;
    void ended(const Simulator& sim, std::uint32_t job) override;
    void decide(Simulator& sim) override;

private:
    bool make_room(Simulator& sim, std::uint32_t devices);

    std::set<std::tuple<bool, std::int64_t, std::uint32_t>> waiting_;  // (best effort, submitted)
    std::set<std::uint32_t> best_effort_;                              // running
};

}  // namespace suan::contest
