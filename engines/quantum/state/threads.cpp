#include "quantum/state/threads.hpp"

#include <algorithm>

namespace suan::quantum {

namespace {

// A gate pass takes a fraction of a millisecond: a worker looks for the next one this often before
// it sleeps.
constexpr int spins_max = 20'000;

}  // namespace

Threads::Threads(unsigned count) {
    for (unsigned i = 1; i < std::max(count, 1U); ++i)
        workers_.emplace_back([this, i] { loop(i); });
}

Threads::~Threads() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        ++round_;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_)
        worker.join();
}

void Threads::drain(unsigned worker) {
    for (;;) {
        const std::size_t piece = next_.fetch_add(1, std::memory_order_relaxed);
        if (piece >= pieces_) return;
        (*work_)(worker, piece);
    }
}

void Threads::loop(unsigned worker) {
    std::uint64_t seen = 0;
    for (;;) {
        for (int i = 0; i < spins_max && round_.load(std::memory_order_acquire) == seen; ++i) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return round_.load() != seen; });
            seen = round_.load();
            if (stop_) return;
        }
        drain(worker);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            const std::lock_guard lock(mutex_);
            done_.notify_one();
        }
    }
}

void Threads::run(std::size_t pieces, const std::function<void(unsigned, std::size_t)>& work) {
    if (workers_.empty() || pieces <= 1) {
        for (std::size_t i = 0; i < pieces; ++i)
            work(0, i);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        work_ = &work;
        pieces_ = pieces;
        next_ = 0;
        busy_ = static_cast<unsigned>(workers_.size());
        ++round_;
    }
    wake_.notify_all();
    drain(0);
    for (int i = 0; i < spins_max && busy_.load(std::memory_order_acquire) != 0; ++i) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return busy_.load() == 0; });
}

}  // namespace suan::quantum
