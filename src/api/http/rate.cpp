#include "api/http/rate.hpp"

#include <algorithm>
#include <chrono>

namespace suan::api::http {
namespace {

constexpr std::int64_t micro = 1'000'000;

}  // namespace

Time steady_now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return Time{std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

RateLimiter::RateLimiter(RateLimit limit, Clock clock, std::size_t buckets_max)
    : limit_{limit.per_second, std::max<std::uint32_t>(limit.burst, 1)},
      clock_(std::move(clock)),
      buckets_max_(buckets_max),
      shared_{limit_.burst * micro, clock_()},
      swept_at_(shared_.filled_at) {}

// per_second tokens a second are per_second micro-tokens a microsecond.
void RateLimiter::fill(Bucket& bucket, Time now) const {
    const std::int64_t full = limit_.burst * micro;
    const std::int64_t until_full_us = (full - bucket.micro_tokens) / limit_.per_second + 1;
    const std::int64_t elapsed_us = std::max<std::int64_t>((now - bucket.filled_at).us, 0);
    bucket.micro_tokens =
        elapsed_us >= until_full_us ? full : bucket.micro_tokens + elapsed_us * limit_.per_second;
    bucket.filled_at = std::max(now, bucket.filled_at);
}

void RateLimiter::forget_full(Time now) {
    swept_at_ = now;
    for (auto it = buckets_.begin(); it != buckets_.end();) {
        fill(it->second, now);
        it = it->second.micro_tokens >= limit_.burst * micro ? buckets_.erase(it) : std::next(it);
    }
}

RateLimiter::Bucket& RateLimiter::bucket_of(std::string_view key, Time now) {
    if (const auto found = buckets_.find(key); found != buckets_.end()) return found->second;
    // A sweep reads every bucket, so a flood of new keys must not cause one for each request.
    const bool sweep_due = now - swept_at_ >= Duration::seconds(1);
    if (buckets_.size() >= buckets_max_ && sweep_due) forget_full(now);
    if (buckets_.size() >= buckets_max_) return shared_;
    return buckets_.try_emplace(std::string(key), Bucket{limit_.burst * micro, now}).first->second;
}

std::optional<Duration> RateLimiter::take(std::string_view key) {
    if (limit_.per_second == 0) return std::nullopt;
    const Time now = clock_();
    const std::lock_guard lock(mutex_);
    Bucket& bucket = bucket_of(key, now);
    fill(bucket, now);
    if (bucket.micro_tokens >= micro) {
        bucket.micro_tokens -= micro;
        return std::nullopt;
    }
    return Duration{(micro - bucket.micro_tokens + limit_.per_second - 1) / limit_.per_second};
}

std::size_t RateLimiter::buckets() const {
    const std::lock_guard lock(mutex_);
    return buckets_.size();
}

}  // namespace suan::api::http
