// What the hub's answers are over HTTP: one table from refusals to statuses.
#pragma once

#include "api/http/failure.hpp"
#include "core/rejection.hpp"
#include "runtime/hub.hpp"
#include "suan/api.pb.h"

#include <optional>
#include <string>

namespace suan::api {

// Names fields as the API calls them ("pool_id" of a command is "pool" of a request).
http::Failure failure_of(const core::Rejection& rejection);

// The same text whether a thing does not exist or is another org's.
http::Failure not_found(std::string message, std::string field = {});
http::Failure invalid(std::string field, std::string message);
http::Failure forbidden_role(std::string_view role);
http::Failure unknown_token();
http::Failure hub_unavailable(std::string message);

core::Rejection refuse(core::RejectionCode code, std::string field, std::string message);
core::Rejection refuse_role(const Actor& actor);

// Nothing when it was accepted, now or as the retry of an earlier request.
std::optional<http::Failure> failure_in(const runtime::Answer& answer);

void fill(const http::Failure& failure, ErrorBody& out);

}  // namespace suan::api
