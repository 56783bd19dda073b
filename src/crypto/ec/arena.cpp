#include "crypto/ec/arena.hpp"

#include "base/assert.hpp"

#include <openssl/crypto.h>

#include <cstdlib>

namespace suan::crypto::ec {
namespace {

constexpr std::size_t block_bytes_min = 1 << 20;

std::size_t rounded(std::size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

}  // namespace

Arena::~Arena() {
    wipe();
    for (std::size_t i = 0; i < count_; ++i)
        std::free(blocks_[i].data);
}

void* Arena::take(std::size_t bytes) {
    bytes = rounded(bytes);
    while (block_ < count_ && blocks_[block_].size - used_ < bytes) {
        ++block_;
        used_ = 0;
    }
    if (block_ == count_) {
        SUAN_ASSERT(count_ < blocks_max);
        // Each block is twice the one before, so that there are never many.
        std::size_t size = block_bytes_min << (count_ < 20 ? count_ : 20);
        if (size < bytes) size = bytes;
        void* data = std::aligned_alloc(64, rounded(size));
        SUAN_ASSERT(data != nullptr);
        blocks_[count_++] = {data, size};
        used_ = 0;
    }
    void* out = static_cast<char*>(blocks_[block_].data) + used_;
    used_ += bytes;
    return out;
}

Arena::Mark Arena::mark() const {
    return {block_, used_};
}

void Arena::restore(Mark mark) {
    block_ = mark.block;
    used_ = mark.used;
}

void Arena::wipe() {
    for (std::size_t i = 0; i < count_; ++i)
        OPENSSL_cleanse(blocks_[i].data, blocks_[i].size);
}

}  // namespace suan::crypto::ec
