// Idempotency keys: a request that was accepted under a key is not carried out again.
// Internal to src/core.
//
// A key belongs to the member who used it. The newest limits::idempotency_keys_kept keys of the
// centre are remembered; a request that changed nothing is not.
#pragma once

#include "core/state.hpp"
#include "core/step.hpp"

#include <string>
#include <variant>

namespace suan::core {

// What a key says before the request is decided: nothing, a fault of the key or a clash, or the
// request that was accepted under it (valid until the state changes).
using KeyAnswer = std::variant<std::monostate, Rejection, const IdempotentRequest*>;
KeyAnswer look_up_key(const State& state, MemberId member, const std::string& key,
                      const std::string& request_sm3);

// Remembers the current entry under a key that look_up_key knew nothing of; a second call with the
// same key gives the first one's.
IdempotentRequest& remember_key(State& state, MemberId member, const std::string& key,
                                const std::string& request_sm3);

}  // namespace suan::core
