// A few threads for what must not run on an I/O thread or in the hub's loop: reads of SQLite and of
// the log, and writing large answers. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace suan::api {

class WorkPool {
public:
    explicit WorkPool(std::uint32_t threads);
    ~WorkPool();  // after stop() (asserted)

    // Dropped after stop: a Responder in it answers for itself.
    void post(std::function<void()> work);
    // Finishes what was posted and joins. Idempotent, not from a thread of the pool.
    void stop();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> work_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace suan::api
