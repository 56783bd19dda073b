// Waits, use and money of one side, from its entries alone. Internal to src/sim/whatif.
#pragma once

#include "base/money.hpp"
#include "sim/whatif/whatif.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace suan::sim {

class SideMeter {
public:
    void entry(const Entry& entry);
    // At the end of the log: what still runs is counted up to there.
    WhatIfSide side(Time end);

private:
    struct Job {
        std::uint32_t org = 0;
        std::int64_t submitted_us = 0;
        std::int64_t milli_each = 0;  // of one task
        bool started = false;
    };
    struct Lease {
        std::uint64_t job = 0;
        std::int64_t milli = 0;
        std::int64_t started_us = 0;
    };
    struct Org {
        WhatIfOrg out;
        std::vector<std::int64_t> waits;
        int128 used = 0;  // milli-device microseconds
    };
    void started(const JobStarted& event, std::int64_t now_us);
    void ended(const Lease& lease, std::int64_t now_us);

    std::map<std::uint32_t, Org> orgs_;
    std::map<std::uint64_t, Job> jobs_;
    std::map<std::uint64_t, Lease> leases_;
    std::map<std::uint64_t, std::uint64_t> lease_job_;
    std::int64_t devices_milli_ = 0;
    std::int64_t first_us_ = -1;  // first submission
    std::int64_t preemptions_ = 0;
    std::int64_t entries_ = 0;
};

}  // namespace suan::sim
