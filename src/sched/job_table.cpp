#include "sched/job_table.hpp"

#include <algorithm>

namespace suan::sched {

namespace {

JobQueue::iterator queue_of(JobQueue& queue, std::uint32_t kind) {
    return std::find_if(queue.begin(), queue.end(),
                        [kind](const KindQueue& q) { return q.kind == kind; });
}

}  // namespace

std::uint32_t JobTable::add(const JobSlot& job) {
    SUAN_ASSERT(job.id);
    std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
    if (free_.empty()) {
        slots_.push_back(job);
    } else {
        slot = free_.back();
        free_.pop_back();
        slots_[slot] = job;
    }
    index_.insert(job.id.value, slot);
    MutableByAge items{slots_};
    ordered::insert(items, age_root_, slot);
    return slot;
}

void JobTable::remove(std::uint32_t slot) {
    MutableByAge items{slots_};
    ordered::erase(items, age_root_, slot);
    index_.erase(slots_[slot].id.value);
    slots_[slot].id = JobId{};
    free_.push_back(slot);
}

bool JobTable::push(JobQueue& queue, std::uint32_t slot) {
    auto place = queue_of(queue, slots_[slot].kind);
    const bool is_new = place == queue.end();
    if (is_new) {
        queue.push_back(KindQueue{slots_[slot].kind, nil, 0, nil, 0});
        place = queue.end() - 1;
    }
    ordered::insert(*this, place->root, slot);
    ++place->jobs;
    // A job that arrives before the cursor must still be looked at.
    if (place->cursor == nil || less(slot, place->cursor)) place->cursor = slot;
    return is_new;
}

bool JobTable::pop(JobQueue& queue, std::uint32_t slot) {
    const auto place = queue_of(queue, slots_[slot].kind);
    SUAN_ASSERT(place != queue.end());
    if (place->cursor == slot) place->cursor = next(slot);
    ordered::erase(*this, place->root, slot);
    if (--place->jobs > 0) return false;
    *place = queue.back();
    queue.pop_back();
    return true;
}

std::uint32_t JobTable::cursor(KindQueue& queue, std::uint64_t pass) const {
    if (queue.cursor_pass != pass) {
        queue.cursor_pass = pass;
        queue.cursor = first(queue);
    }
    return queue.cursor;
}

void JobTable::skip(JobQueue& queue, std::uint32_t slot, std::uint64_t pass) {
    const auto place = queue_of(queue, slots_[slot].kind);
    SUAN_ASSERT(place != queue.end());
    SUAN_ASSERT(cursor(*place, pass) == slot);
    place->cursor = next(slot);
}

std::vector<std::uint32_t> JobTable::slots() const {
    std::vector<std::uint32_t> out;
    out.reserve(size());
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].id) out.push_back(i);
    }
    return out;
}

}  // namespace suan::sched
