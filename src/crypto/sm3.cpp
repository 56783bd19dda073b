#include "crypto/sm3.hpp"

#include "base/assert.hpp"
#include "crypto/sm3_portable.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace suan::crypto {
namespace {

// Below this many the lanes would mostly be idle.
constexpr std::size_t lanes_worthwhile = 3;

std::array<std::uint32_t, 8> initial_state() {
    return std::to_array(sm3_initial);
}

void compress(std::array<std::uint32_t, 8>& state, const std::uint8_t* block) {
    std::uint32_t words[1][8];
    std::copy(state.begin(), state.end(), words[0]);
    Sm3Rounds<Sm3Portable>::compress(words, &block);
    std::copy(words[0], words[0] + 8, state.begin());
}

Sm3Job job_of(const Sm3Message& message, Hash256& out) {
    SUAN_ASSERT(message.head.size() <= 64);
    return {as_bytes(message.head).data(), message.head.size(), as_bytes(message.body).data(),
            message.body.size(), out.data()};
}
Sm3Job job_of(std::string_view message, Hash256& out) {
    return {nullptr, 0, as_bytes(message).data(), message.size(), out.data()};
}

void run(const Sm3Job* jobs, std::size_t count, Isa isa) {
    if (isa == Isa::avx512 && count >= lanes_worthwhile) {
        sm3_many_avx512(jobs, count);
    } else if (isa >= Isa::avx2 && count >= lanes_worthwhile) {
        sm3_many_avx2(jobs, count);
    } else {
        Sm3Walk<Sm3Portable> walk;
        walk.run(jobs, count);
    }
}

template <typename Message>
void hash_all(std::span<const Message> messages, std::span<Hash256> out, Isa isa) {
    SUAN_ASSERT(messages.size() == out.size());
    SUAN_ASSERT(isa <= best_isa());
    // A stretch at a time, so that the jobs stay in the first cache.
    std::array<Sm3Job, 256> jobs;
    for (std::size_t at = 0; at < messages.size(); at += jobs.size()) {
        const std::size_t count = std::min(jobs.size(), messages.size() - at);
        for (std::size_t i = 0; i < count; ++i)
            jobs[i] = job_of(messages[at + i], out[at + i]);
        run(jobs.data(), count, isa);
    }
}

}  // namespace

Sm3::Sm3() : state_(initial_state()) {}

Sm3& Sm3::update(std::string_view part) {
    std::size_t filled = size_bytes_ % 64;
    size_bytes_ += part.size();
    if (filled + part.size() < 64) {
        std::copy(part.begin(), part.end(), block_.begin() + std::ptrdiff_t(filled));
        return *this;
    }
    if (filled > 0) {
        const std::size_t count = 64 - filled;
        std::copy_n(part.begin(), count, block_.begin() + std::ptrdiff_t(filled));
        compress(state_, block_.data());
        part.remove_prefix(count);
    }
    for (; part.size() >= 64; part.remove_prefix(64))
        compress(state_, as_bytes(part).data());
    std::copy(part.begin(), part.end(), block_.begin());
    return *this;
}

Hash256 Sm3::finish() {
    const std::uint64_t bits = size_bytes_ * 8;
    std::size_t filled = size_bytes_ % 64;
    block_[filled++] = 0x80;
    if (filled > 56) {
        std::fill(block_.begin() + std::ptrdiff_t(filled), block_.end(), std::uint8_t(0));
        compress(state_, block_.data());
        filled = 0;
    }
    std::fill(block_.begin() + std::ptrdiff_t(filled), block_.begin() + 56, std::uint8_t(0));
    for (std::size_t i = 0; i < 8; ++i)
        block_[56 + i] = std::uint8_t(bits >> (56 - 8 * i));
    compress(state_, block_.data());
    Hash256 hash;
    store_hash(state_.data(), 1, hash.data());
    state_ = initial_state();
    size_bytes_ = 0;
    return hash;
}

Hash256 sm3(std::string_view message) {
    return Sm3().update(message).finish();
}

void sm3_many(std::span<const Sm3Message> messages, std::span<Hash256> out, Isa isa) {
    hash_all(messages, out, isa);
}
void sm3_many(std::span<const std::string_view> messages, std::span<Hash256> out, Isa isa) {
    hash_all(messages, out, isa);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace suan::crypto
