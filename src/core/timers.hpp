// TimerQueue: what must be looked at when its time comes, earliest first, ties by kind and id.
//
// Most timers are stale before they are due (the job has ended), so putting one in must be cheap:
// timers lie unsorted in buckets of about a second, and only the bucket that is due is ever sorted.
#pragma once

#include "base/assert.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace suan::core {

struct Timer {
    enum class Kind : std::uint8_t {
        lease = 0,
        begin = 1,
        voucher = 2,
        ledger = 3,
        quote = 4,
        rules = 5,
        spot = 6,
        relax = 7
    };
    Time at;
    Kind kind = Kind::lease;
    std::uint64_t id = 0;
    friend auto operator<=>(const Timer&, const Timer&) = default;
};

class TimerQueue {
public:
    void push(const Timer& timer) {
        SUAN_ASSERT(timer.at.us >= 0);
        Bucket& bucket = buckets_[timer.at.us >> bucket_bits];
        bucket.first = bucket.timers.empty() ? timer.at : std::min(bucket.first, timer.at);
        bucket.timers.push_back(timer);
        bucket.sorted = false;
    }

    // The time of the earliest timer; time_max without one.
    Time next() const { return buckets_.empty() ? time_max : buckets_.begin()->second.first; }

    // Takes out the earliest timer, if its time has come.
    std::optional<Timer> pop_due(Time now) {
        if (buckets_.empty() || buckets_.begin()->second.first > now) return std::nullopt;
        Bucket& bucket = buckets_.begin()->second;
        if (!bucket.sorted) std::sort(bucket.timers.begin(), bucket.timers.end(), std::greater<>());
        bucket.sorted = true;
        const Timer timer = bucket.timers.back();
        bucket.timers.pop_back();
        if (bucket.timers.empty()) {
            buckets_.erase(buckets_.begin());
        } else {
            bucket.first = bucket.timers.back().at;
        }
        return timer;
    }

private:
    static constexpr int bucket_bits = 20;  // 1.05 s
    struct Bucket {
        std::vector<Timer> timers;
        Time first;
        bool sorted = false;
    };
    std::map<std::int64_t, Bucket> buckets_;
};

}  // namespace suan::core
