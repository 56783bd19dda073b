// Why a command is refused. A closed list, in the order in which the rules are tried: the first
// that holds is the answer. A refused command leaves no trace in the state or the log.
#pragma once

#include <cstdint>
#include <string>

namespace suan::core {

enum class RejectionCode : std::uint8_t {
    forbidden = 1,         // the actor's role may not do this at all
    not_found,             // no such thing, or not the actor's to see
    invalid_field,         // `field` is out of its range or contradicts another
    exists,                // a name that is taken
    limit_reached,         // one of base/limits.hpp
    idempotency_clash,     // the key was used for a different request
    disabled,              // the member, org or pool takes nothing new
    dependency_not_found,  // a dependency that does not exist or ended too long ago to know
    dependency_failed,     // a dependency that can no longer be met
    no_price,              // no price sheet has a line for this pool and tier
    never_fits,          // larger than the empty pool, or than the org's limit: waiting cannot help
    insufficient_funds,  // money and vouchers do not cover the hold
    budget_exceeded,     // a budget's rest does not cover the hold
    wrong_state,         // the job or node is not in a state where this makes sense
};

// "never_fits", ... as the API and the CLI show it.
const char* to_string(RejectionCode code);

struct Rejection {
    RejectionCode code = RejectionCode::invalid_field;
    std::string field;    // of the command, "" when it is about the whole
    std::string message;  // what is wrong and what would be right, one sentence

    // For retries: true when the same command may be accepted later without being changed.
    bool try_again() const;
};

}  // namespace suan::core
