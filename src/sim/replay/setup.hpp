// The centre of a replay: what the file says, completed from the trace.
//
// * An org, project or member that only the trace names is created. Such an org gets 100 million
//   yuan, and in every pool what the orgs of the file leave undeserved there is shared among the
//   created ones in proportion to the device time that their jobs ask of it, in whole devices.
// * A pool and tier without a price is free.
// * Names that the core would refuse (spaces, non-ASCII letters) have those bytes replaced by '_'
//   and the trace's number of the name added.
#pragma once

#include "base/result.hpp"
#include "core/state.hpp"
#include "sim/centre/centre.hpp"
#include "sim/traces/trace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace suan::sim {

// Sets the rules of every pool by a name of replay_rules; invalid for another one. Empty: nothing.
Result<void> set_rules(CentreFile& centre, std::string_view name);

// Adds to `centre` what `trace` needs.
void complete(CentreFile& centre, const Trace& trace);

// The pool that a trace's pool name means: the centre's of that name, or its only pool. PoolId{}
// (any) for an empty name in a centre of several; nothing for an unknown name there.
std::optional<PoolId> pool_for(const core::State& state, std::string_view name);

// Ids in the State of those whom the trace names.
class Directory {
public:
    struct Who {
        OrgId org;
        ProjectId project;
        MemberId member;
        bool named = false;  // the centre file named the org
    };

    // `named` are the orgs of the centre file before it was completed.
    Directory(const core::State& state, const Trace& trace, const std::vector<std::string>& named);
    const Who& who(const TraceJob& job) const;

private:
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Who> known_;
};

}  // namespace suan::sim
