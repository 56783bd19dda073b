#include "sched/run_times.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace suan::sched {

namespace {

// 2^(b/2) seconds in microseconds; 1'414'213 is a million times the root of two, rounded down.
constexpr std::array<std::int64_t, run_time_buckets> make_edges() {
    std::array<std::int64_t, run_time_buckets> out{};
    for (std::size_t b = 0; b < out.size(); ++b)
        out[b] = (b % 2 == 0 ? 1'000'000LL : 1'414'213LL) << (b / 2);
    return out;
}
constexpr std::array<std::int64_t, run_time_buckets> edges = make_edges();

std::array<RunKey, 4> levels_of(const RunKey& who) {
    return {who, RunKey{who.org, MemberId{}, who.milli}, RunKey{OrgId{}, MemberId{}, who.milli},
            RunKey{}};
}

}  // namespace

std::size_t RunTimes::bucket_of(Duration ran) {
    const auto above = std::upper_bound(edges.begin(), edges.end(), ran.us);
    return above == edges.begin() ? 0 : static_cast<std::size_t>(above - edges.begin()) - 1;
}

Duration RunTimes::lower_edge(std::size_t bucket) {
    SUAN_ASSERT(bucket < run_time_buckets);
    return Duration{edges[bucket]};
}

void RunTimes::learn(const RunKey& who, Duration ran) {
    SUAN_ASSERT(who.org);
    const std::size_t bucket = bucket_of(ran);
    for (const RunKey& key : levels_of(who)) {
        RunHistogram& level = levels_[key];
        ++level.counts[bucket];
        if (++level.total < samples_max) continue;
        level.total = 0;
        for (std::uint8_t& count : level.counts) {
            count = static_cast<std::uint8_t>(count / 2);
            level.total = static_cast<std::uint16_t>(level.total + count);
        }
    }
}

std::optional<Duration> RunTimes::expected(const RunKey& who, std::uint32_t permille) const {
    SUAN_ASSERT(permille <= 1'000);
    for (const RunKey& key : levels_of(who)) {
        const auto found = levels_.find(key);
        if (found == levels_.end()) continue;
        const RunHistogram& level = found->second;
        const bool widest = key == RunKey{};
        if (level.total == 0 || (level.total < samples_min && !widest)) continue;
        const std::uint32_t wanted =
            std::max<std::uint32_t>(1, (level.total * permille + 999) / 1'000);
        std::uint32_t reached = 0;
        for (std::size_t b = 0; b < run_time_buckets; ++b) {
            reached += level.counts[b];
            if (reached >= wanted) return lower_edge(b);
        }
    }
    return std::nullopt;
}

}  // namespace suan::sched
