#include "runtime/metrics.hpp"

#include <algorithm>
#include <bit>

namespace suan::runtime {

void Histogram::record(std::uint64_t us) {
    record_many(us, 1);
}

void Histogram::record_many(std::uint64_t us, std::uint64_t count) {
    const auto i = us <= 1 ? 0U : static_cast<unsigned>(std::bit_width(us - 1));
    add(counts_[std::min<std::size_t>(i, buckets - 1)], count);
    add(sum_us_, us * count);
}

std::uint64_t Histogram::count() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < buckets; ++i)
        sum += count_in(i);
    return sum;
}

}  // namespace suan::runtime
