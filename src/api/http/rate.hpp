// Token buckets, one for each key (a peer's address, a token's hash).
#pragma once

#include "base/limits.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace suan::api::http {

// Monotonic time; injected, so that tests own it.
using Clock = std::function<Time()>;
Time steady_now();

struct RateLimit {
    std::uint32_t per_second = 0;  // 0: no limit
    std::uint32_t burst = 0;  // requests at once after a rest; at least 1 where there is a limit
};

// At most limits::rate_buckets_max keys are remembered. A bucket that has filled up again is
// forgotten; when all are in use, further keys share one. Thread-safe.
class RateLimiter {
public:
    RateLimiter(RateLimit limit, Clock clock, std::size_t buckets_max = limits::rate_buckets_max);

    // Nothing when the request may pass, else how long until it would.
    std::optional<Duration> take(std::string_view key);

    std::size_t buckets() const;

private:
    struct Bucket {
        std::int64_t micro_tokens = 0;
        Time filled_at;
    };
    struct KeyHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const {
            return std::hash<std::string_view>{}(s);
        }
    };

    void fill(Bucket& bucket, Time now) const;
    void forget_full(Time now);
    Bucket& bucket_of(std::string_view key, Time now);

    const RateLimit limit_;
    const Clock clock_;
    const std::size_t buckets_max_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Bucket, KeyHash, std::equal_to<>> buckets_;
    Bucket shared_;
    Time swept_at_;
};

}  // namespace suan::api::http
