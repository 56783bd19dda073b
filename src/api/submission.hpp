// A JobRequest on its way to the core: the public part as a command, the private part as a payload,
// names still as names. No rules of the core are repeated here.
#pragma once

#include "api/http/failure.hpp"
#include "core/state.hpp"
#include "runtime/hub.hpp"
#include "suan/api.pb.h"

#include <optional>
#include <string>

namespace suan::api {

// What must be looked up in the state before the command can be decided.
struct Submission {
    Command command;
    std::string payload;  // a serialised JobPayload, or empty
    std::string org, project, pool, member;
    std::string not_local;  // why a pool of real executors cannot run it; empty: it can
};

// Moves out of the request. The key is the header's of a single request, or the request's own of a
// batch. `prefix` ("jobs[3].") names the request in messages.
std::optional<http::Failure> make_submission(JobRequest& request, std::string_view idempotency_key,
                                             std::string_view prefix, Submission& out);

// Ids for the names, in the hub's loop.
std::optional<core::Rejection> resolve(const core::State& state, const Actor& actor,
                                       const Submission& submission, SubmitJob& command);

// What the answer to an accepted submission is.
void fill(const runtime::Accepted& accepted, JobAccepted& out);
void fill(const core::AlreadyDone& done, JobAccepted& out);

}  // namespace suan::api
