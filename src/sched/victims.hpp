// Sets of leases whose stop would make room for one job.
//
// Who may be stopped: spot; and standard leases of orgs over their share that are not immune. An
// org stays a source as long as without the largest of its leases in the set it would hold more
// than it deserves, those already told to stop not counted: so nobody within its share is stopped.
//
// Which: the cheapest leases are taken until the gang fits (on each node alone when one node must
// hold it), then every victim that turns out not to be needed is let go, the dearest first. Where
// that finds nothing although all of them together would make room, what stands in the way is how
// many each org may lose. Then sets are tried one after the other, in each node, rack or pool that
// the topology asks for (in each node first, where one could hold the gang), up to 1,024 of them in
// each and 16,384 in all, with a bound on the leases looked at: every set of up to ten leases, in
// pools that are searched thoroughly (impl.hpp). Counting on is no way out, since choosing
// the leases is a knapsack problem.
#pragma once

#include "base/money.hpp"
#include "sched/impl.hpp"

#include <optional>
#include <vector>

namespace suan::sched {

struct Victim {
    int128 lost = 0;  // milli-device-microseconds
    LeaseId id;
    std::uint32_t slot = 0;
    Time old_enough;
};

struct VictimSet {
    int128 lost = 0;
    std::vector<Victim> victims;
};

// Works on the scratch capacity and leaves it as it is after the constructor: without the
// reservations that the job may lift.
class VictimSearch {
public:
    // `any`: also leases that min_runtime still protects, the oldest counting as the cheapest.
    enum class Age : std::uint8_t { old_enough, any };
    using Sources = PoolScheduler::Impl::Sources;

    VictimSearch(PoolScheduler::Impl& in, std::uint32_t job, PoolScheduler::Impl::Others others);
    // Everyone who may be stopped for the job at all. Notes when the next one will be old enough.
    void collect(Sources sources, Age age);
    Time freshest() const { return freshest_; }  // checkpoint of all who may be stopped
    std::optional<VictimSet> best(Sources sources);
    // Where the job goes when they are gone.
    Placement place_after(const VictimSet& set);

private:
    using Positions = std::vector<std::uint32_t>;

    std::optional<VictimSet> from(const std::vector<Victim>& candidates);
    std::optional<VictimSet> on_one_node(const std::vector<Victim>& candidates);
    std::optional<VictimSet> tried(const std::vector<Victim>& candidates);
    std::optional<VictimSet> tried_in(const std::vector<Victim>& candidates);
    using ByNode = std::vector<std::vector<Victim>>;  // by position
    ByNode by_node(const std::vector<Victim>& candidates) const;
    std::vector<Victim> within(const Positions& group, const ByNode& candidates) const;
    std::vector<Positions> groups(Topology topology) const;
    bool all_would_do(const std::vector<Victim>& candidates, std::size_t from);
    bool orgs_could_lose_enough(const Positions& group, const std::vector<Victim>& all) const;
    VictimSet least_of(const std::vector<Victim>& stopped);
    std::int64_t over_share(std::uint32_t org) const;
    bool may_stop(const Victim& victim) const;
    bool is_kept_for_others(const Placement& placement) const;
    void stop(const Victim& victim);
    void keep(const Victim& victim);
    bool fits() const { return in_.scratch.holds(ViewName::unreserved, shape_, in_.packing()); }
    const LeaseSlot& lease(const Victim& victim) const { return in_.leases[victim.slot]; }
    bool is_spot(const Victim& victim) const { return lease(victim).lease.tier == Tier::spot; }
    std::uint32_t org_of(const Victim& victim) const { return in_.tree[lease(victim).leaf].org; }

    PoolScheduler::Impl& in_;
    Shape shape_;
    bool one_node_ = false;  // a node could hold the gang, or must
    Age age_ = Age::old_enough;
    std::vector<std::pair<NodeId, std::uint64_t>> kept_;  // devices reserved for others
    std::vector<Victim> spot_;
    std::vector<Victim> standard_;
    Time freshest_;
    std::vector<std::pair<std::uint32_t, std::int64_t>> stopped_;  // org node, milli
    std::vector<std::pair<std::uint32_t, std::int64_t>> leaving_;  // org node, milli: told to stop
    std::uint32_t sets_left_ = 0;
    std::uint32_t steps_left_ = 0;
};

}  // namespace suan::sched
