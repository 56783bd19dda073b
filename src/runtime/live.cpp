#include "runtime/live.hpp"

#include "log/entry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::runtime {
namespace {

// Read from the log in one call, whatever was asked for: each costs look-ups of its orgs.
constexpr std::size_t log_entries_max = 1'024;

}  // namespace

class LiveFeed::Cursor final : public Subscription {
public:
    Cursor(LiveFeed& feed, std::shared_ptr<Waiter> waiter, std::uint64_t after)
        : feed_(feed), waiter_(std::move(waiter)), cursor_(after) {}
    ~Cursor() override { feed_.leave(waiter_); }

    Result<std::vector<Committed>> next(std::size_t max) override {
        return feed_.read(*waiter_, cursor_, max);
    }
    std::uint64_t cursor() const override { return cursor_; }

private:
    LiveFeed& feed_;
    std::shared_ptr<Waiter> waiter_;
    std::uint64_t cursor_;
};

LiveFeed::LiveFeed(const log::Log& log, const History* history, const core::State& state,
                   std::size_t entries_kept)
    : log_(log), orgs_(state, history), entries_kept_(entries_kept), last_seq_(state.seq) {}

void LiveFeed::publish(std::vector<Committed> entries) {
    std::vector<std::shared_ptr<Waiter>> wake;
    std::vector<Committed> dropped;  // freed outside of the mutex
    for (const Committed& entry : entries)
        orgs_.follow(entry);
    {
        const std::lock_guard lock(mutex_);
        for (Committed& entry : entries) {
            last_seq_ = entry.entry->seq();
            entries_.push_back(std::move(entry));
        }
        while (entries_.size() > entries_kept_) {
            dropped.push_back(std::move(entries_.front()));
            entries_.pop_front();
        }
        for (const auto& waiter : waiters_) {
            if (std::exchange(waiter->armed, false)) wake.push_back(waiter);
        }
    }
    for (const auto& waiter : wake) {
        const std::lock_guard lock(waiter->mutex);
        if (waiter->wake) waiter->wake();
    }
}

std::unique_ptr<Subscription> LiveFeed::subscribe(std::uint64_t after, std::function<void()> wake) {
    auto waiter = std::make_shared<Waiter>();
    waiter->wake = std::move(wake);
    const std::lock_guard lock(mutex_);
    waiters_.push_back(waiter);
    return std::make_unique<Cursor>(*this, std::move(waiter), after);
}

std::size_t LiveFeed::subscribers() const {
    const std::lock_guard lock(mutex_);
    return waiters_.size();
}

Result<std::vector<Committed>> LiveFeed::read(Waiter& waiter, std::uint64_t& cursor,
                                              std::size_t max) {
    std::vector<Committed> out;
    std::uint64_t past = 0;  // the newest entry that is only in the log
    {
        const std::lock_guard lock(mutex_);
        past = last_seq_ - entries_.size();
        for (; cursor >= past && cursor < last_seq_ && out.size() < max; ++cursor) {
            out.push_back(entries_[cursor - past]);
        }
        if (cursor >= last_seq_ && out.empty()) waiter.armed = true;
    }
    if (cursor >= past || max == 0) return out;
    return read_log(cursor, std::min<std::uint64_t>(past, cursor + std::min(max, log_entries_max)));
}

Result<std::vector<Committed>> LiveFeed::read_log(std::uint64_t& cursor, std::uint64_t last) const {
    std::vector<Committed> out;
    auto read = log_.for_each(
        cursor + 1, last, [&](log::Seq seq, std::string_view bytes) -> Result<log::Next> {
            auto entry = std::make_shared<Entry>();
            if (!entry->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
                return Error{ErrorCode::corrupt,
                             fmt::format("entry {}: expected an Entry, found {} bytes that are "
                                         "none",
                                         seq, bytes.size())};
            }
            auto orgs = orgs_.orgs_of(*entry);
            if (!orgs) return std::move(orgs).error();
            out.push_back({std::move(entry), log::entry_hash(bytes), std::move(*orgs)});
            return log::Next::more;
        });
    if (!read) return std::move(read).error();
    cursor += out.size();
    return out;
}

void LiveFeed::leave(const std::shared_ptr<Waiter>& waiter) {
    {
        const std::lock_guard lock(mutex_);
        std::erase(waiters_, waiter);
    }
    const std::lock_guard lock(waiter->mutex);
    waiter->wake = nullptr;
}

}  // namespace suan::runtime
