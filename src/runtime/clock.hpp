// Where the runtime's time comes from. The loop stamps entries with it and never trusts it further:
// a clock that goes backwards is clamped to the time of the last entry.
#pragma once

#include "base/time.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace suan::runtime {

// now() may be called from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
    // How long a thread may really sleep until this clock shows `due`; nullopt: until it is woken.
    virtual std::optional<Duration> sleep_until(Time due) const = 0;
    // Called after the clock was moved by hand; a real clock never calls it. One listener.
    virtual void on_moved(std::function<void()> listener) = 0;
};

// The system's UTC clock.
class RealClock final : public Clock {
public:
    Time now() const override;
    std::optional<Duration> sleep_until(Time due) const override;
    void on_moved(std::function<void()>) override {}
};

// A clock for tests and rehearsals: it stands still until it is moved.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time start) : now_(start) {}
    Time now() const override;
    std::optional<Duration> sleep_until(Time) const override { return std::nullopt; }
    void on_moved(std::function<void()> listener) override;

    void advance(Duration by);
    void set(Time to);  // backwards as well

private:
    mutable std::mutex mutex_;
    Time now_;
    std::function<void()> listener_;
};

}  // namespace suan::runtime
