// An auditor of the log that shares no code with the core, the scheduler or the ledger. It reads
// what any outsider could read, the durable entries and what clients were told, keeps a model of
// its own that is naive on purpose (maps, scans, 128-bit sums), and reports the first rule that
// does not hold.
//
// Feed it every durable entry in order, everything that clients sent and were answered, then
// `finish`. After a finding it looks at nothing more. One thread. Memory and time grow with the
// log; it is made for logs of some 100,000 entries.
#pragma once

#include "sim/audit/rules.hpp"
#include "suan/log.pb.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace suan::sim {

// An account as a client reads it, micro-yuan.
struct BalanceSeen {
    enum class Of : std::uint8_t { org, voucher, revenue } of = Of::org;
    std::uint32_t id = 0;   // of the org or voucher
    std::int64_t free = 0;  // that may still be spent; of the revenue: earned
};

class Auditor {
public:
    Auditor();
    ~Auditor();

    // The next durable entry.
    void entry(const Entry& entry);

    // A client's request under a number of his own, before it reaches the hub; then at most one
    // answer. No answer: the hub died, and the request has its effect once or not at all.
    void sent(std::uint64_t request, const Actor& actor, const Command& command);
    void accepted(std::uint64_t request, std::uint64_t seq);  // 0: nothing had to change
    void refused(std::uint64_t request);
    void already_done(std::uint64_t request, std::uint64_t first_job, std::uint32_t count);

    // Read when all entries up to now were fed.
    void balance_seen(const BalanceSeen& seen);

    // All nodes are open, nothing runs and nothing is due: whoever still waits in a queue must have
    // a reason.
    void settled();
    // The workload has ended and all was let run out: nothing may be left.
    void finish();

    const std::optional<Finding>& finding() const;
    std::uint64_t entries_seen() const;

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace suan::sim
