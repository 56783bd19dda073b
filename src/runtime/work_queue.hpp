// A queue between two threads whose consumer takes everything that waits at once, so that its work
// comes in groups and a busy consumer costs its producers no wake-ups.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace suan::runtime {

template <typename T>
class WorkQueue {
public:
    // Waits while `depth_max` items are there or being worked on.
    explicit WorkQueue(std::size_t depth_max = SIZE_MAX) : depth_max_(depth_max) {}

    void push(T item) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return items_.size() + taken_ < depth_max_; });
        items_.push_back(std::move(item));
        if (waiting_) more_.notify_one();
    }

    // Everything that waits, after waiting for something; empty once closed and drained. What was
    // taken before counts as done.
    std::vector<T> take() {
        std::unique_lock lock(mutex_);
        const bool was_full = items_.size() + taken_ >= depth_max_;
        taken_ = 0;
        if (was_full) room_.notify_one();
        waiting_ = true;
        more_.wait(lock, [&] { return closed_ || !items_.empty(); });
        waiting_ = false;
        std::vector<T> out;
        out.swap(items_);
        taken_ = out.size();
        return out;
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        more_.notify_one();
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

private:
    const std::size_t depth_max_;
    mutable std::mutex mutex_;
    std::condition_variable more_;
    std::condition_variable room_;
    std::vector<T> items_;
    std::size_t taken_ = 0;
    bool waiting_ = false;
    bool closed_ = false;
};

}  // namespace suan::runtime
