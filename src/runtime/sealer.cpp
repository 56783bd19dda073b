#include "runtime/sealer.hpp"

#include <fmt/format.h>

#include <chrono>

namespace suan::runtime {

Sealer::Sealer(log::Log& log, crypto::PrivateKey key, Checkpointer& checkpointer, Metrics& metrics,
               Complain fatal, Complain log_line)
    : log_(log),
      key_(std::move(key)),
      checkpointer_(checkpointer),
      metrics_(metrics),
      fatal_(std::move(fatal)),
      log_line_(std::move(log_line)),
      thread_([this] { run(); }) {}

void Sealer::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void Sealer::run() {
    for (auto works = queue_.take(); !works.empty(); works = queue_.take()) {
        for (SealWork& work : works) {
            if (failed_) continue;
            auto sealed = seal(work.header);
            if (!sealed) {
                failed_ = true;
                fatal_(std::move(sealed).error().context);
                continue;
            }
            checkpointer_.block_stored();
            if (work.snapshot) write_snapshot(work.header, *work.snapshot);
            work.snapshot.reset();
        }
    }
}

Result<void> Sealer::seal(const log::BlockHeader& header) {
    auto block = log::seal(header, key_);
    if (!block) return std::move(block).error();
    auto stored = log_.put_block(*block);
    if (!stored) return stored;
    add(metrics_.blocks);
    metrics_.last_block.store(header.number, std::memory_order_relaxed);
    metrics_.last_block_us.store(static_cast<std::uint64_t>(header.time.us),
                                 std::memory_order_relaxed);
    return {};
}

void Sealer::write_snapshot(const log::BlockHeader& header, const core::State& state) {
    const auto begun = std::chrono::steady_clock::now();
    std::string body;
    if (!core::to_snapshot(state).SerializeToString(&body)) {
        log_line_(fmt::format("snapshot {}: too large to be written", header.last_seq));
        return;
    }
    auto written = log_.snapshots().put(header.last_seq, header.state_digest, body);
    if (!written) {
        log_line_(std::move(written).error().context);
        return;
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    add(metrics_.snapshots);
    metrics_.snapshot_us.record(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
}

}  // namespace suan::runtime
