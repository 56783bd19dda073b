#include "sim/replay/run_cost.hpp"

#include <sys/resource.h>

namespace suan::sim {

std::int64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1'024;  // Linux counts KiB
}

}  // namespace suan::sim
