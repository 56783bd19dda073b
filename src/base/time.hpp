// Time as the core sees it: a number stamped by the runtime, never read from a clock.
#pragma once

#include <compare>
#include <cstdint>

namespace suan {

// Microseconds since 1970-01-01 00:00:00 UTC (or since the start of a trace in the simulator).
struct Time {
    std::int64_t us = 0;
    friend constexpr auto operator<=>(Time, Time) = default;
};

// A span in microseconds.
struct Duration {
    std::int64_t us = 0;
    friend constexpr auto operator<=>(Duration, Duration) = default;

    static constexpr Duration milliseconds(std::int64_t n) { return Duration{n * 1'000}; }
    static constexpr Duration seconds(std::int64_t n) { return Duration{n * 1'000'000}; }
    static constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
    static constexpr Duration hours(std::int64_t n) { return seconds(n * 3'600); }
};

constexpr Time operator+(Time t, Duration d) {
    return Time{t.us + d.us};
}
constexpr Time operator-(Time t, Duration d) {
    return Time{t.us - d.us};
}
constexpr Duration operator-(Time a, Time b) {
    return Duration{a.us - b.us};
}
constexpr Duration operator+(Duration a, Duration b) {
    return Duration{a.us + b.us};
}
constexpr Duration operator-(Duration a, Duration b) {
    return Duration{a.us - b.us};
}

// Later than any time that a rule compares with.
inline constexpr Time time_max{INT64_MAX / 4};

}  // namespace suan
