// For tests: whether devices could be taken back for a gang, found by trying every set of leases.
// Shares no code with the scheduler's own search, and knows nothing but the facts of a World.
#pragma once

#include "sched/world.hpp"

namespace suan::sched::testing {

// Of leases that min_runtime still protects: they may not be stopped now, or may be before long.
enum class Young : std::uint8_t { stay, count };

class Feasible {
public:
    explicit Feasible(const World& world);

    std::int64_t asked(const WaitingJob& job) const;
    // What the org of the job holds, and what is being freed (or, with `kept`, only kept) for its
    // other jobs, in reserved and standard leases.
    std::int64_t held(const WaitingJob& job) const;
    enum class Coming : std::uint8_t { freed, kept };
    std::int64_t coming(const WaitingJob& job, Coming which) const;
    // held + coming + asked <= deserved.
    bool within_share(const WaitingJob& job, Coming which) const;
    // Its devices are idle or belong to leases that were told to stop.
    bool is_pending(const Reservation& reservation) const;
    // A reservation that no job within its share may take: pending, or of such a job.
    bool stands(const Reservation& reservation) const;
    // It holds a reservation, or fewer than reservations_max stand.
    bool has_slot(const WaitingJob& job) const;
    // Some set of leases that may be stopped for it makes room together with what is idle, beside
    // the reservations of others that stand. An org may lose leases as long as without the largest
    // of them it would hold more than it deserves.
    bool room_can_be_made(const WaitingJob& job, Young young) const;

    static std::int64_t tried_too_many;  // sets: taken as impossible

private:
    using Devices = std::map<NodeId, std::vector<std::uint32_t>>;  // used milli of each
    struct Try {
        const WaitingJob* job;
        Devices used;
        std::vector<const RunningLease*> leases;
        std::map<OrgId, std::vector<std::int64_t>> stopped;
        int sets = 0;
    };
    bool may_stop(const WaitingJob& job, const RunningLease& lease, Young young) const;
    bool fits(const Devices& used, const Shape& shape) const;
    bool search(Try& at, std::size_t next) const;
    bool over_without_largest(const std::vector<std::int64_t>& stopped, OrgId org) const;

    const World& world_;
    std::map<OrgId, std::int64_t> held_;     // reserved and standard
    std::map<OrgId, std::int64_t> staying_;  // of it, when those told to stop have left
    std::map<OrgId, std::int64_t> all_;      // spot included
};

}  // namespace suan::sched::testing
