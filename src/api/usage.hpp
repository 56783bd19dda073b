// Metered use and its charges over time, summed from the history's charges: in steps of ten minutes
// for a day and of four hours for thirty days. Each charge is read once; a question reads only what
// is new. Thread-safe; refresh reads the history's tables, so it belongs on the work pool.
#pragma once

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "runtime/history.hpp"
#include "suan/types.pb.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

namespace suan::api {

struct UsageRange {
    Duration step;
    std::uint32_t steps = 0;
    // Of the oldest step; the newest one holds `now`.
    Time from(Time now) const;
};
inline constexpr UsageRange usage_day{Duration::seconds(600), 144};
inline constexpr UsageRange usage_month{Duration::hours(4), 180};

// By step, oldest first.
struct UsageSteps {
    std::vector<std::int64_t> milli_device_ms;
    std::vector<std::int64_t> micro_yuan;
};
// Of services: no pool, no tier.
using UsageSums = std::map<std::pair<PoolId, Tier>, UsageSteps>;

// Shares `amount`, used evenly from `begin` to `end`, among the steps; what was before the range
// is dropped. Nothing is lost to rounding within it.
void spread(const UsageRange& range, Time now, Time begin, Time end, std::int64_t amount,
            std::vector<std::int64_t>& steps);

class Usage {
public:
    Result<void> refresh(const runtime::History& history, Time now);
    UsageSums sums(const UsageRange& range, OrgId org, Time now) const;  // org 0: of all

private:
    struct Part {  // of a charge, in one step of one range
        OrgId org;
        PoolId pool;
        Tier tier = TIER_STANDARD;
        friend auto operator<=>(const Part&, const Part&) = default;
    };
    struct Sum {
        std::int64_t milli_device_ms = 0;
        std::int64_t micro_yuan = 0;
    };
    using Table = std::map<std::pair<std::int64_t, Part>, Sum>;  // by start of the step
    static void add(Table& table, const UsageRange& range, const runtime::ChargeRow& charge);
    const Table& table_of(const UsageRange& range) const {
        return range.step == usage_day.step ? day_ : month_;
    }

    mutable std::mutex mutex_;
    std::uint64_t after_ = 0;  // number of the last charge read
    Table day_;
    Table month_;
};

}  // namespace suan::api
