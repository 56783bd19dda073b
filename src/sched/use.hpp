// Use: milli-device-milliseconds that lose half their worth in every half-life.
//
// All uses decay alike, so the past is left alone and the present is blown up instead: what is
// used at time t counts 2^((t - base) / half_life) times, and at each whole half-life everything is
// halved once and the base moves on. Integers only: the power comes in 256 steps of a table.
#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace suan::sched {

// Sums stop here: far above what 100,000 nodes can use in a year, far below overflow.
inline constexpr std::uint64_t use_max = 1ULL << 62;

// floor(2^(elapsed / half_life) * 2^32), 0 <= elapsed < half_life, in 256 steps.
std::uint64_t inflation(Duration elapsed, Duration half_life);

// use * inflation, and use / inflation, saturating at use_max.
std::uint64_t inflate(std::uint64_t use, std::uint64_t inflation);
std::uint64_t deflate(std::uint64_t use, std::uint64_t inflation);
std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b);

}  // namespace suan::sched
