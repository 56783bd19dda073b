// POST /v1/ledgers/{id}/batches: batches of transfers in their binary form, as many as the sender
// likes, taken and settled while they arrive. The answers, one byte a transfer, come when the body
// has ended; of the body only a window is ever held.
#pragma once

#include "api/call.hpp"
#include "api/http/router.hpp"

#include <optional>

namespace suan::api {

void add_ledger_stream_route(http::Router& router, const ContextPtr& context);

// Why a batch was refused whole; nothing when it was settled.
std::optional<http::Failure> failure_of(const runtime::LedgerService::Settled& done);

}  // namespace suan::api
