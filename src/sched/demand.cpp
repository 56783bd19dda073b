#include "sched/demand.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::sched {

namespace {
constexpr std::uint32_t whole = limits::milli_per_device;
}

void Demand::reset(std::uint32_t devices_max) {
    const std::uint64_t version = version_;
    *this = Demand{};
    devices_max_ = devices_max;
    version_ = version + 1;
}

void Demand::add(const Shape& shape, std::int64_t jobs) {
    if (devices_max_ == 0) return;  // no nodes: told again when there are some
    ++version_;
    if (shape.milli < whole) {
        if (fractions_.empty()) fractions_.resize(whole);
        fractions_[shape.milli] += jobs * shape.tasks_max;
        weight_ += jobs * shape.tasks_max;
        stale_ = true;
        return;
    }
    const std::uint64_t devices = std::uint64_t{shape.tasks_max} * shape.devices_per_task;
    const auto nodes = static_cast<std::int64_t>((devices + devices_max_ - 1) / devices_max_);
    const auto asked = static_cast<std::uint32_t>(std::min<std::uint64_t>(devices, devices_max_));
    for (std::uint32_t n = 0; n < asked; ++n)
        above_[n] += jobs * nodes;
    wholes_ += jobs * nodes;
    weight_ += jobs * nodes;
    SUAN_ASSERT(weight_ >= 0);
}

std::int64_t Demand::steps(std::int64_t growth) const {
    return weight_ == 0 ? 0 : growth / (weight_ * equal_loss_milli);
}

// On a node without shared devices fractions lose nothing.
std::int64_t Demand::loss(std::uint32_t idle, std::uint32_t devices) const {
    const std::uint32_t left = idle - devices;
    return steps((left * above_[left] - idle * above_[idle]) * whole);
}

std::int64_t Demand::fractions_up_to(std::uint32_t milli) const {
    if (fractions_.empty()) return 0;
    if (stale_) {
        sums_.resize(fractions_.size());
        std::int64_t sum = 0;
        for (std::size_t m = 0; m < fractions_.size(); ++m)
            sums_[m] = sum += fractions_[m];
        stale_ = false;
    }
    return sums_[std::min<std::size_t>(milli, sums_.size() - 1)];
}

std::int64_t Demand::fragment(const NodeFree& free) const {
    std::int64_t parts = 0;
    std::uint32_t largest = free.idle > 0 ? whole : 0;
    for (const std::uint32_t part : free.parts) {
        parts += part;
        largest = std::max(largest, part);
    }
    const std::int64_t all = std::int64_t{free.idle} * whole + parts;
    std::int64_t sum = above_[free.idle] * all + (wholes_ - above_[free.idle]) * parts;
    const std::int64_t hosted = fractions_up_to(largest);
    sum += (fractions_up_to(whole) - hosted) * all;
    for (const std::uint32_t part : free.parts)
        sum += part * (hosted - fractions_up_to(part));
    return sum;
}

}  // namespace suan::sched
