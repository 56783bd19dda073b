// The policies that Suan is compared with, as orders of a list.
//
// Preemptive ones (SRTF, SRSF, least attained service) choose anew at every event who runs; the
// others never stop anything. Each says where its rules are published.
#pragma once

#include "simulator.hpp"

#include <array>
#include <map>
#include <set>
#include <tuple>

namespace suan::contest {

// SRTF and SRSF of Muri's simulator (SIGCOMM'22, run_sim.py): at every event the list is sorted
// (stably, as it stood) by remaining time, or that times devices; the cluster is emptied and filled
// in that order; what does not fit is passed by. It knows the true run times.
class ShortestRemaining : public Policy {
public:
    enum class By : std::uint8_t { time, service };
    explicit ShortestRemaining(By by) : by_(by) {}
    void submitted(const Simulator&, std::uint32_t job) override { list_.push_back(job); }
    void ended(const Simulator&, std::uint32_t job) override { std::erase(list_, job); }
    void decide(Simulator& sim) override;

private:
    By by_;
    std::vector<std::uint32_t> list_;
};

// Discretized 2D-LAS of Tiresias (NSDI'19) as its authors' simulator and Muri's run it
// ("dlas-gpu"): queues by attained service in device-seconds with these limits; first come inside a
// queue, but a job that is passed by goes behind those of its queue that run; devices are only
// counted.
class LeastAttained : public Policy {
public:
    static constexpr std::array<std::int64_t, 2> limits_s{3'250, 7'200};
    void submitted(const Simulator&, std::uint32_t job) override;
    void ended(const Simulator&, std::uint32_t job) override;
    void decide(Simulator& sim) override;
    std::optional<std::int64_t> wakes_us() const override { return wakes_us_; }

private:
    struct Attained {
        std::size_t queue = 0;
        std::int64_t us = 0;  // held
        std::int64_t seen_us = 0;
        bool ran = false;
    };
    void demote(const Simulator& sim);
    void wait_for_demotion(const Simulator& sim);

    std::array<std::vector<std::uint32_t>, 3> queues_;
    std::map<std::uint32_t, Attained> attained_;
    std::optional<std::int64_t> wakes_us_;
};

// First come, or shortest true run time first; ties in the order of the trace. Strict stops at the
// first job that does not fit; aggressive passes it by and promises it nothing.
class QueueOrder : public Policy {
public:
    enum class By : std::uint8_t { submission, run_time };
    enum class Backfill : std::uint8_t { none, aggressive };
    QueueOrder(By by, Backfill backfill) : by_(by), backfill_(backfill) {}
    void submitted(const Simulator& sim, std::uint32_t job) override;
    void ended(const Simulator&, std::uint32_t) override {}
    void decide(Simulator& sim) override;

private:
    By by_;
    Backfill backfill_;
    std::set<std::pair<std::int64_t, std::uint32_t>> waiting_;
};

}  // namespace suan::contest
