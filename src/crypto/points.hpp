// Memory for points, 64-byte aligned, for the verifiers alone.
#pragma once

#include "base/assert.hpp"
#include "crypto/ec/point.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>

namespace suan::crypto {

// Grows and never shrinks; its points stay when it grows.
class PointPool {
public:
    ec::PackedPoint* data() { return points_.get(); }
    const ec::PackedPoint* data() const { return points_.get(); }
    std::size_t size() const { return size_; }

    // Room for `count` points, and half as many again when it has to move.
    void reserve(std::size_t count) {
        if (size_ >= count && points_) return;
        grow(count + count / 2 + 1);
    }
    // Room for exactly `count`, for tables.
    void grow(std::size_t count) {
        void* memory = std::aligned_alloc(64, count * sizeof(ec::PackedPoint));
        SUAN_ASSERT(memory != nullptr);
        if (points_) std::memcpy(memory, points_.get(), size_ * sizeof(ec::PackedPoint));
        points_.reset(static_cast<ec::PackedPoint*>(memory));
        size_ = count;
    }

private:
    struct Free {
        void operator()(ec::PackedPoint* points) const { std::free(points); }
    };
    std::unique_ptr<ec::PackedPoint[], Free> points_;
    std::size_t size_ = 0;
};

}  // namespace suan::crypto
