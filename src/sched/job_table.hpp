// JobTable: the waiting jobs of a pool, and the queues that they stand in.
//
// A queue (JobQueue) belongs to one member, or to the whole pool under first-come orders. It is
// split by kind; within a kind jobs stand by (rank, stands, id), where rank holds tier and priority
// or the wall time. A waiting job costs 96 bytes here and 16 to 32 in the index.
//
// Each kind of a queue has a cursor for the pass in hand: the jobs before it were looked at.
#pragma once

#include "sched/id_index.hpp"
#include "sched/kinds.hpp"
#include "sched/ordered.hpp"

#include <vector>

namespace suan::sched {

struct JobSlot {
    JobId id;
    std::uint64_t rank = 0;
    Time queued;
    Time stands;  // submission, put back by what it is expected to run
    Duration walltime;
    Duration expected;
    Time latest_start;
    std::uint32_t leaf = 0;  // of the fair tree
    std::uint32_t kind = 0;
    std::int32_t priority = 0;
    Links links;
    Links age_links;
};

struct KindQueue {
    std::uint32_t kind = 0;
    std::uint32_t root = nil;
    std::uint32_t jobs = 0;
    std::uint32_t cursor = nil;
    std::uint64_t cursor_pass = 0;
};
using JobQueue = std::vector<KindQueue>;  // by kind number; its order has no meaning

class JobTable {
public:
    std::uint32_t find(JobId id) const { return index_.find(id.value); }
    const JobSlot& operator[](std::uint32_t slot) const { return slots_[slot]; }
    JobSlot& operator[](std::uint32_t slot) { return slots_[slot]; }
    std::size_t size() const { return index_.size(); }

    std::uint32_t add(const JobSlot& job);
    void remove(std::uint32_t slot);
    // Returns true when the queue did not hold the job's kind before.
    bool push(JobQueue& queue, std::uint32_t slot);
    // Returns true when the queue no longer holds the job's kind.
    bool pop(JobQueue& queue, std::uint32_t slot);

    // The first job of a kind that the pass has not looked at, or nil.
    std::uint32_t cursor(KindQueue& queue, std::uint64_t pass) const;
    void skip(JobQueue& queue, std::uint32_t slot, std::uint64_t pass);
    std::uint32_t first(const KindQueue& queue) const { return ordered::first(*this, queue.root); }
    std::uint32_t next(std::uint32_t slot) const { return ordered::next(*this, slot); }
    // All jobs by (queued, id), the oldest first; nil at the end.
    std::uint32_t oldest() const { return ordered::first(ByAge{slots_}, age_root_); }
    std::uint32_t next_oldest(std::uint32_t slot) const {
        return ordered::next(ByAge{slots_}, slot);
    }
    // All slots in use, in no order that has a meaning.
    std::vector<std::uint32_t> slots() const;

    // For `ordered`: the order of one queue.
    Links& links(std::uint32_t slot) { return slots_[slot].links; }
    const Links& links(std::uint32_t slot) const { return slots_[slot].links; }
    bool less(std::uint32_t a, std::uint32_t b) const {
        const JobSlot& x = slots_[a];
        const JobSlot& y = slots_[b];
        if (x.rank != y.rank) return x.rank < y.rank;
        if (x.stands != y.stands) return x.stands < y.stands;
        return x.id < y.id;
    }

private:
    template <typename Slots>
    struct ByAgeOf {
        Slots& slots;
        auto& links(std::uint32_t slot) const { return slots[slot].age_links; }
        bool less(std::uint32_t a, std::uint32_t b) const {
            return slots[a].queued != slots[b].queued ? slots[a].queued < slots[b].queued
                                                      : slots[a].id < slots[b].id;
        }
    };
    using ByAge = ByAgeOf<const std::vector<JobSlot>>;
    using MutableByAge = ByAgeOf<std::vector<JobSlot>>;

    std::vector<JobSlot> slots_;
    std::vector<std::uint32_t> free_;
    IdIndex index_;
    std::uint32_t age_root_ = nil;
};

}  // namespace suan::sched
