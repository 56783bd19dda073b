// A few threads that work on numbered pieces of a task. One task at a time; the caller works too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace suan::quantum {

class Threads {
public:
    // `count` workers, the caller among them; at least 1.
    explicit Threads(unsigned count);
    ~Threads();
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    unsigned count() const { return static_cast<unsigned>(workers_.size()) + 1; }
    // Calls work(worker, piece) for each piece in [0, pieces), in any order, and waits for the end.
    void run(std::size_t pieces, const std::function<void(unsigned, std::size_t)>& work);

private:
    void loop(unsigned worker);
    void drain(unsigned worker);

    std::vector<std::thread> workers_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    const std::function<void(unsigned, std::size_t)>* work_ = nullptr;
    std::atomic<std::size_t> next_{0};
    std::size_t pieces_ = 0;
    std::atomic<std::uint64_t> round_{0};
    std::atomic<unsigned> busy_{0};
    bool stop_ = false;
};

}  // namespace suan::quantum
