// The commit thread: takes every batch that waits, makes one group commit of them, then starts the
// effects, answers, and publishes. Nothing leaves the hub before it is on disk.
#pragma once

#include "log/block.hpp"
#include "log/log.hpp"
#include "runtime/batch.hpp"
#include "runtime/effects.hpp"
#include "runtime/history_writer.hpp"
#include "runtime/live.hpp"
#include "runtime/sealer.hpp"
#include "runtime/work_queue.hpp"

#include <atomic>
#include <memory>
#include <span>
#include <thread>

namespace suan::runtime {

class Committer {
public:
    // What it works with; all outlive it. `history` may be null.
    struct Parts {
        log::Log& log;
        HistoryWriter* history;
        Sealer& sealer;
        Effector& effector;
        LiveFeed& live;
        Metrics& metrics;
        std::function<void()> callbacks_delivered;
        std::function<void(const std::string&)> fatal;
    };
    Committer(Parts parts, log::BlockBuilder blocks, std::size_t batches_in_flight_max);
    ~Committer() { stop(); }

    void start();
    // Waits while too many batches are on their way.
    void push(std::unique_ptr<Batch> batch) { queue_.push(std::move(batch)); }
    // Commits what was pushed, then ends. Idempotent.
    void stop();
    std::size_t depth() const { return queue_.size(); }
    // After a failed append every answer is Unavailable.
    bool failed() const { return failed_.load(std::memory_order_acquire); }

private:
    using Batches = std::vector<std::unique_ptr<Batch>>;
    void run();
    using Group = std::span<std::unique_ptr<Batch>>;
    void commit_all(Batches& batches);
    void commit(Group batches);
    Result<void> append(Group batches);
    void hash(Batch& batch);
    void answer(Batch& batch);
    void refuse(Batch& batch);
    void fail(const std::string& why);

    Parts parts_;
    log::BlockBuilder blocks_;
    std::string failure_;
    std::atomic<bool> failed_{false};
    WorkQueue<std::unique_ptr<Batch>> queue_;
    std::thread thread_;
};

}  // namespace suan::runtime
