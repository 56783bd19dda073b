// Moves the log's write-ahead file into its database on a thread of its own, so that commits need
// not stop for it and the file does not grow without bound. Other logs than SQLite's have none.
#pragma once

#include "log/sqlite/sqlite_log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/work_queue.hpp"

#include <functional>
#include <string>
#include <thread>

namespace suan::runtime {

class Checkpointer {
public:
    // All outlive it; `log` may be null. A checkpoint that fails is a line to `log_line`: the log
    // still has everything, and the next one tries again.
    Checkpointer(log::SqliteLog* log, Metrics& metrics,
                 std::function<void(const std::string&)> log_line);
    ~Checkpointer() { stop(); }

    // A block was stored. Returns at once; several calls may share one checkpoint. One thread.
    void block_stored();
    // Ends after the checkpoint that runs. Idempotent.
    void stop();

private:
    struct Wish {};
    void run();

    log::SqliteLog* log_;
    Metrics& metrics_;
    std::function<void(const std::string&)> log_line_;
    std::uint64_t blocks_since_ = 0;
    WorkQueue<Wish> wishes_;
    std::thread thread_;
};

}  // namespace suan::runtime
