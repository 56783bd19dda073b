// LeaseTable: what runs in a pool, by id and in the order in which wall times run out.
#pragma once

#include "sched/id_index.hpp"
#include "sched/ordered.hpp"
#include "sched/types.hpp"

#include <vector>

namespace suan::sched {

struct LeaseSlot {
    // What the order compares stands beside the links, on one cache line.
    Links links;
    std::uint32_t leaf = 0;  // of the fair tree
    Time ends_by;
    LeaseId id;
    RunningLease lease;

    std::int64_t milli() const { return lease.shape.milli_devices(lease.tasks); }
};

class LeaseTable {
public:
    std::uint32_t find(LeaseId id) const { return index_.find(id.value); }
    LeaseSlot& operator[](std::uint32_t slot) { return slots_[slot]; }
    const LeaseSlot& operator[](std::uint32_t slot) const { return slots_[slot]; }
    std::size_t size() const { return index_.size(); }

    std::uint32_t add(const RunningLease& lease, std::uint32_t leaf) {
        std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
        if (free_.empty()) {
            slots_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        slots_[slot].lease = lease;
        slots_[slot].leaf = leaf;
        slots_[slot].ends_by = lease.ends_by;
        slots_[slot].id = lease.id;
        index_.insert(lease.id.value, slot);
        ordered::insert(*this, root_, slot);
        return slot;
    }
    void remove(std::uint32_t slot) {
        ordered::erase(*this, root_, slot);
        index_.erase(slots_[slot].lease.id.value);
        free_.push_back(slot);
    }

    // In the order (ends_by, id); nil at the end.
    std::uint32_t first() const { return ordered::first(*this, root_); }
    std::uint32_t next(std::uint32_t slot) const { return ordered::next(*this, slot); }

    // For `ordered`.
    Links& links(std::uint32_t slot) { return slots_[slot].links; }
    const Links& links(std::uint32_t slot) const { return slots_[slot].links; }
    bool less(std::uint32_t a, std::uint32_t b) const {
        const LeaseSlot& x = slots_[a];
        const LeaseSlot& y = slots_[b];
        return x.ends_by != y.ends_by ? x.ends_by < y.ends_by : x.id < y.id;
    }

private:
    std::vector<LeaseSlot> slots_;
    std::vector<std::uint32_t> free_;
    IdIndex index_;
    std::uint32_t root_ = nil;
};

}  // namespace suan::sched
