#include "runtime/live.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::runtime {

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

LiveFeed::LiveFeed(std::uint64_t seq, std::size_t entries_kept)
    : entries_kept_(entries_kept), last_seq_(seq) {}

void LiveFeed::publish(std::vector<Committed> entries) {
    std::vector<std::shared_ptr<Waiter>> wake;
    std::vector<Committed> dropped;  // freed outside of the mutex
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
    const std::lock_guard lock(mutex_);
    const std::uint64_t first = last_seq_ - entries_.size() + 1;
    if (cursor + 1 < first) {
        return Error{
            ErrorCode::not_found,
            fmt::format("cursor {}: only entries after {} are kept ready", cursor, first - 1)};
    }
    for (; cursor < last_seq_ && out.size() < max; ++cursor) {
        out.push_back(entries_[cursor + 1 - first]);
    }
    if (out.empty()) waiter.armed = true;
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
