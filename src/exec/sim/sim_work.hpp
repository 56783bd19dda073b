// How much of a virtual job is done, and how long the rest takes. Work is counted in task time: a
// run with half the tasks takes twice as long for what is left.
#pragma once

#include "base/money.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <cstdint>

namespace suan::exec {

class SimWork {
public:
    // `whole` is how long it takes with all of its `tasks` (at least one), and nothing is done yet.
    SimWork(Duration whole, std::uint32_t tasks)
        : all_(int128{std::max<std::int64_t>(whole.us, 0)} * std::max(tasks, 1U)) {}

    // How long the rest takes with so many tasks (at least one), rounded up.
    Duration left(std::uint32_t tasks) const {
        const std::int64_t by = std::max(tasks, 1U);
        return Duration{static_cast<std::int64_t>((all_ - saved_ + by - 1) / by)};
    }
    // What so many tasks did in `span` is not lost any more.
    void save(std::uint32_t tasks, Duration span) {
        saved_ = std::min(all_, saved_ + int128{span.us} * tasks);
    }
    // What so many tasks have done after `span`, of all; 0 to 1000.
    std::uint32_t permille(std::uint32_t tasks, Duration span) const {
        if (all_ == 0) return 1'000;
        const int128 done = std::min(all_, saved_ + int128{span.us} * tasks);
        return static_cast<std::uint32_t>(done * 1'000 / all_);
    }

private:
    int128 all_;  // task time in microseconds
    int128 saved_ = 0;
};

}  // namespace suan::exec
