// RunTimes: how long jobs ran, learnt from those that ended, and what that says of the next one.
//
// Four levels: the member's jobs of this many devices, the org's of this many, the pool's of this
// many, all of the pool. The narrowest level with at least `samples_min` runs answers. A level is a
// histogram over half octaves of seconds (1, 1.41, 2, 2.83, ...): bucket b holds run times of
// 2^(b/2) up to 2^((b+1)/2) seconds. At `samples_max` runs all counts are halved, so that the past
// fades. A quantile is the lower edge of the first bucket at which that part of the runs is
// reached; integers only (Hyndman and Fan's definition 1, on buckets).
//
// Only runs that ended by themselves are learnt: one that was stopped says little.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace suan::sched {

// Who ran, and with how many milli-devices in all. 0 in a field: any.
struct RunKey {
    OrgId org;
    MemberId member;
    std::int64_t milli = 0;
    friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

inline constexpr std::size_t run_time_buckets = 52;  // the last one begins at 2^25.5 s, 547 days

struct RunHistogram {
    std::array<std::uint8_t, run_time_buckets> counts{};
    std::uint16_t total = 0;
    friend bool operator==(const RunHistogram&, const RunHistogram&) = default;
};

class RunTimes {
public:
    static constexpr std::uint16_t samples_min = 4;
    static constexpr std::uint16_t samples_max = 64;

    void learn(const RunKey& who, Duration ran);
    // The run time that `permille` of such jobs did not pass; nothing while nobody has ended.
    std::optional<Duration> expected(const RunKey& who, std::uint32_t permille) const;

    // For snapshots: in the order of the keys.
    const std::map<RunKey, RunHistogram>& levels() const { return levels_; }
    void restore(const RunKey& key, const RunHistogram& histogram) { levels_[key] = histogram; }

    static std::size_t bucket_of(Duration ran);
    static Duration lower_edge(std::size_t bucket);

private:
    std::map<RunKey, RunHistogram> levels_;
};

}  // namespace suan::sched
