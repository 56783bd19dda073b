#include "sched/run_lengths.hpp"

#include "base/assert.hpp"
#include "base/money.hpp"

#include <algorithm>
#include <bit>

namespace suan::sched {
namespace {

// splitmix64: keys of different levels must not meet.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

std::uint64_t combine(std::uint64_t level, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
    return mix(mix(mix(mix(level) ^ a) ^ b) ^ c);
}

}  // namespace

std::uint64_t name_number(std::string_view name) {
    std::uint64_t out = 0xCBF29CE484222325ULL;
    for (const char c : name)
        out = (out ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return out;
}

std::array<std::uint64_t, RunLengths::levels> RunLengths::keys_of(const RunLike& key) {
    const auto size = static_cast<std::uint64_t>(std::bit_width(std::max(1U, key.devices) - 1));
    const std::uint64_t member = (std::uint64_t{key.org.value} << 32) | key.member.value;
    const std::uint64_t org = key.org.value;
    return {combine(0, member, key.name, size),
            combine(1, org, key.name, size),
            combine(2, member, size, 0),
            combine(3, org, size, 0),
            combine(4, size, 0, 0),
            combine(5, 0, 0, 0)};
}

void RunLengths::learn(const RunLike& key, Duration ran) {
    ++learned_;
    const std::int64_t ms = std::max<std::int64_t>(1, ran.us / 1'000);
    for (const std::uint64_t number : keys_of(key)) {
        const auto [found, fresh] = by_key_.try_emplace(number);
        if (fresh) age_.push_back(number);
        Samples& samples = found->second;
        if (samples.ms.size() < samples_max) {
            samples.ms.push_back(ms);
        } else {
            samples.ms[samples.next] = ms;
            samples.next = static_cast<std::uint32_t>((samples.next + 1) % samples_max);
        }
    }
    while (by_key_.size() > keys_max) {
        by_key_.erase(age_.front());
        age_.pop_front();
    }
}

RunEstimate RunLengths::estimate(const RunLike& key, Duration walltime, Duration elapsed,
                                 std::uint32_t permille) const {
    SUAN_ASSERT(permille <= 1'000);
    const std::int64_t left_ms = std::max<std::int64_t>(1, (walltime - elapsed).us / 1'000);
    const std::int64_t elapsed_ms = elapsed.us / 1'000;
    std::uint32_t level = 0;
    for (const std::uint64_t number : keys_of(key)) {
        const auto found = by_key_.find(number);
        if (found != by_key_.end()) {
            std::vector<std::int64_t> longer;
            for (const std::int64_t ms : found->second.ms) {
                if (ms > elapsed_ms) longer.push_back(ms);
            }
            if (longer.size() >= enough) {
                std::sort(longer.begin(), longer.end());
                const std::size_t rank = (longer.size() * permille + 999) / 1'000;
                const std::int64_t ms = longer[std::max<std::size_t>(rank, 1) - 1] - elapsed_ms;
                return {Duration::milliseconds(std::min(ms, left_ms)), level,
                        static_cast<std::uint32_t>(longer.size())};
            }
        }
        ++level;
    }
    const std::int64_t part = mul_div_floor(left_ms, permille, 1'000);
    return {Duration::milliseconds(std::max<std::int64_t>(1, part)), levels, 0};
}

}  // namespace suan::sched
