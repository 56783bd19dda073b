// Live updates: the newest committed entries, kept once for all subscribers, each of which holds
// only its cursor. Who is further behind gets what is missing from the log, on its own thread.
#pragma once

#include "runtime/hub.hpp"
#include "runtime/org_index.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace suan::runtime {

// Thread-safe.
class LiveFeed {
public:
    // Entries up to that of `state` are in the past. `log` and `history` (may be null) outlive it.
    LiveFeed(const log::Log& log, const History* history, const core::State& state,
             std::size_t entries_kept);

    // The next entries of the log, in order. Wakes those who wait; on the calling thread.
    void publish(std::vector<Committed> entries);

    // The feed must outlive it.
    std::unique_ptr<Subscription> subscribe(std::uint64_t after, std::function<void()> wake);
    std::size_t subscribers() const;

private:
    class Cursor;
    struct Waiter {
        std::mutex mutex;  // held while `wake` runs, so that none runs after the subscription ended
        std::function<void()> wake;
        bool armed = true;  // under the feed's mutex
    };

    Result<std::vector<Committed>> read(Waiter& waiter, std::uint64_t& cursor, std::size_t max);
    Result<std::vector<Committed>> read_log(std::uint64_t& cursor, std::uint64_t last) const;
    void leave(const std::shared_ptr<Waiter>& waiter);

    const log::Log& log_;
    OrgIndex orgs_;
    const std::size_t entries_kept_;
    mutable std::mutex mutex_;
    std::uint64_t last_seq_;
    std::deque<Committed> entries_;  // up to last_seq_, without gaps
    std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace suan::runtime
