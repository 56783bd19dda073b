// Whom the events of an entry concern, when it is read from the log again long after the state went
// on. What still lives is remembered here; what has ended is in the history tables.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "runtime/hub.hpp"
#include "runtime/subject.hpp"

#include <mutex>
#include <unordered_map>
#include <vector>

namespace suan::runtime {

// Thread-safe.
class OrgIndex {
public:
    // `history` may be null: then the orgs of what has ended are not found. It outlives this.
    OrgIndex(const core::State& state, const History* history);

    // Follows the log: every entry once, in order, when it is durable (its history rows are too).
    void follow(const Committed& committed);

    // In the order of entry.events(), as Committed::event_orgs. `not_found` when one is not known.
    Result<std::vector<OrgId>> orgs_of(const Entry& entry) const;

private:
    using Orgs = std::unordered_map<std::uint64_t, OrgId>;

    Result<OrgId> org_of(const Subject& subject) const;
    OrgId remembered(const Subject& subject) const;

    const History* history_;
    mutable std::mutex mutex_;
    Orgs jobs_;    // that have not ended
    Orgs leases_;  // that have not ended
    Orgs members_;
    Orgs vouchers_;
};

}  // namespace suan::runtime
