#include "runtime/checkpointer.hpp"

namespace suan::runtime {
namespace {

// A full block with the history rows of its jobs is 2 to 4 MiB: this stays under
// SqliteOptions::checkpoint_pages, where a commit would have to do the work itself.
constexpr std::uint64_t blocks_per_checkpoint = 4;

}  // namespace

Checkpointer::Checkpointer(log::SqliteLog* log, Metrics& metrics,
                           std::function<void(const std::string&)> log_line)
    : log_(log), metrics_(metrics), log_line_(std::move(log_line)) {
    if (log_ != nullptr) thread_ = std::thread([this] { run(); });
}

void Checkpointer::block_stored() {
    if (log_ == nullptr || ++blocks_since_ < blocks_per_checkpoint) return;
    blocks_since_ = 0;
    wishes_.push(Wish{});
}

void Checkpointer::stop() {
    wishes_.close();
    if (thread_.joinable()) thread_.join();
}

void Checkpointer::run() {
    while (!wishes_.take().empty()) {
        auto done = log_->checkpoint();
        if (done) {
            add(metrics_.checkpoints);
        } else {
            log_line_(std::move(done).error().wrap("checkpoint of the log").context);
        }
    }
}

}  // namespace suan::runtime
