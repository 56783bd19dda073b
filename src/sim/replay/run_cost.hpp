// What a run costs this machine: the only part of a report that differs between runs.
#pragma once

#include <chrono>
#include <cstdint>

namespace suan::sim {

// Wall time since it was made.
class RunCost {
public:
    std::int64_t wall_us() const {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::steady_clock::now() - began_)
            .count();
    }

private:
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// The most memory that the process has ever had resident.
std::int64_t peak_memory_bytes();

}  // namespace suan::sim
