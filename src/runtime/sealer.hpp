// Signs blocks and writes snapshots, off the commit thread: a signature takes half a millisecond, a
// snapshot of a large centre a second. In order of the log; a snapshot is written after the block
// that ends at its entry.
#pragma once

#include "core/state.hpp"
#include "crypto/sm2.hpp"
#include "log/block.hpp"
#include "log/log.hpp"
#include "runtime/checkpointer.hpp"
#include "runtime/metrics.hpp"
#include "runtime/work_queue.hpp"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace suan::runtime {

struct SealWork {
    log::BlockHeader header;
    std::unique_ptr<core::State> snapshot;
};

class Sealer {
public:
    using Complain = std::function<void(const std::string&)>;

    // `fatal` when a block cannot be stored; a snapshot that cannot is only a line to `log_line`.
    Sealer(log::Log& log, crypto::PrivateKey key, Checkpointer& checkpointer, Metrics& metrics,
           Complain fatal, Complain log_line);
    ~Sealer() { stop(); }

    void push(SealWork work) { queue_.push(std::move(work)); }
    // Does what was pushed, then ends. Idempotent.
    void stop();

    const crypto::PublicKey& public_key() const { return key_.public_key(); }

private:
    void run();
    Result<void> seal(const log::BlockHeader& header);
    void write_snapshot(const log::BlockHeader& header, const core::State& state);

    log::Log& log_;
    crypto::PrivateKey key_;
    Checkpointer& checkpointer_;
    Metrics& metrics_;
    Complain fatal_;
    Complain log_line_;
    bool failed_ = false;
    WorkQueue<SealWork> queue_;
    std::thread thread_;
};

}  // namespace suan::runtime
