// Demand: what the jobs of a pool ask for of one node, and what a place costs those to come.
//
// The fragment of a node is what a task drawn from the demand is expected to be unable to use there
// (Weng et al., "Beware of Fragmentation", ATC'23; docs/rules/fragments.md):
//
//   F(node) = sum over shapes m of weight(m) x free milli-devices that m cannot use on the node
//
// all of them where m does not fit, else those of shared devices that have too little left for m. A
// task goes where F grows least. The demand is what waits and what runs now: it follows from the
// facts, whatever was asked before them. A gang asks one node for all its devices, and one that no
// node holds asks whole nodes; its weight is the number of nodes.
#pragma once

#include "base/limits.hpp"
#include "sched/types.hpp"

#include <boost/container/small_vector.hpp>

#include <array>
#include <vector>

namespace suan::sched {

// What is free on a node: whole devices, and the free milli of each shared one.
struct NodeFree {
    std::uint32_t idle = 0;
    boost::container::small_vector<std::uint32_t, 8> parts;
};

// Losses that differ by less are taken as equal, and the fullest node is chosen. Of 30 to 300 tried
// on the openb lists this one fills most (fragments.hpp).
inline constexpr std::int64_t equal_loss_milli = 130;

class Demand {
public:
    // Forgets all; from now on nodes have at most so many devices.
    void reset(std::uint32_t devices_max);
    // Differs after every change, among copies of one.
    std::uint64_t version() const { return version_; }
    // `jobs` more of that shape, or fewer.
    void add(const Shape& shape, std::int64_t jobs);

    // How much F grows, in milli-devices, when `devices` of the `idle` ones of a node are taken.
    // In steps of equal_loss_milli; smaller is better.
    std::int64_t loss(std::uint32_t idle, std::uint32_t devices) const;
    // F of a node, in weight x milli-devices.
    std::int64_t fragment(const NodeFree& free) const;
    std::int64_t steps(std::int64_t growth) const;

private:
    std::int64_t fractions_up_to(std::uint32_t milli) const;  // their weight

    std::uint32_t devices_max_ = 0;
    std::int64_t weight_ = 0;
    std::int64_t wholes_ = 0;  // weight of those that ask for whole devices
    // [n] of which so much asks a node for more than n.
    std::array<std::int64_t, limits::devices_per_node_max + 1> above_{};
    std::vector<std::int64_t> fractions_;     // [milli]; empty until one is asked for
    mutable std::vector<std::int64_t> sums_;  // of fractions_[0..milli]
    mutable bool stale_ = false;
    std::uint64_t version_ = 0;
};

}  // namespace suan::sched
