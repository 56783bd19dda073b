// RunLengths: how long jobs like this one have run, for forecasts. What ended is remembered under
// several keys, from "the same member, name and size" to "anything"; the narrowest key with enough
// runs answers. Decisions use RunTimes (run_times.hpp), which is part of the state and so is small,
// coarse and knows no names; a forecast is outside the state and asks what is left of a run that
// has lasted so long, which needs the runs themselves.
//
// Quantiles are of the newest runs of a key, by nearest rank, in whole milliseconds. The wall time
// bounds every answer. docs/rules/forecast.md has a worked example.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <vector>

namespace suan::sched {

// Whose run it is and what it looks like. `name` is name_number of the job's or app's name.
struct RunLike {
    OrgId org;
    MemberId member;
    std::uint64_t name = 0;
    std::uint32_t devices = 1;  // whole devices, rounded up; grouped by powers of two
};

// A 64-bit number for a name (FNV-1a), the same everywhere.
std::uint64_t name_number(std::string_view name);

struct RunEstimate {
    Duration remaining;       // from now, > 0
    std::uint32_t level = 0;  // 0: the narrowest key ... levels - 1; levels: nothing was known
    std::uint32_t samples = 0;
};

class RunLengths {
public:
    static constexpr std::uint32_t levels = 6;
    static constexpr std::size_t samples_max = 64;    // newest runs of one key
    static constexpr std::size_t keys_max = 200'000;  // the oldest keys are forgotten first
    static constexpr std::uint32_t enough = 4;        // runs that make a key worth asking

    void learn(const RunLike& key, Duration ran);
    // What is left of a run that has lasted `elapsed` and may last `walltime`: the quantile
    // (permille, 0 to 1000) of those that lasted longer. With nothing known, that part of what the
    // wall time leaves.
    RunEstimate estimate(const RunLike& key, Duration walltime, Duration elapsed,
                         std::uint32_t permille) const;
    std::uint64_t learned() const { return learned_; }

private:
    struct Samples {
        std::vector<std::int64_t> ms;  // a ring once full
        std::uint32_t next = 0;
    };
    static std::array<std::uint64_t, levels> keys_of(const RunLike& key);

    std::map<std::uint64_t, Samples> by_key_;
    std::deque<std::uint64_t> age_;  // keys, oldest first
    std::uint64_t learned_ = 0;
};

}  // namespace suan::sched
