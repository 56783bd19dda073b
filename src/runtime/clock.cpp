#include "runtime/clock.hpp"

#include <algorithm>
#include <chrono>

namespace suan::runtime {

Time RealClock::now() const {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return Time{std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
}

std::optional<Duration> RealClock::sleep_until(Time due) const {
    if (due >= time_max) return std::nullopt;
    return std::max(due - now(), Duration{0});
}

Time ManualClock::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

void ManualClock::on_moved(std::function<void()> listener) {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
}

void ManualClock::advance(Duration by) {
    set(now() + by);
}

// The listener is called with the mutex held, so that on_moved({}) ends all calls.
void ManualClock::set(Time to) {
    const std::lock_guard lock(mutex_);
    now_ = to;
    if (listener_) listener_();
}

}  // namespace suan::runtime
