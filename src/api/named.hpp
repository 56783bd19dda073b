// Ids for names in commands, in the hub's loop.
#pragma once

#include "api/answers.hpp"
#include "core/state.hpp"
#include "suan/prices.pb.h"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace suan::api {

// A tenant's own org where none is named. Another's is as if it were not there.
template <typename Message>
std::optional<core::Rejection> set_org(const core::State& state, const Actor& actor,
                                       const std::string& name, Message& command) {
    using core::RejectionCode;
    if (name.empty()) {
        command.set_org_id(actor.org_id());
        if (actor.org_id() != 0) return std::nullopt;
        return refuse(RejectionCode::invalid_field, "org", "org: name one");
    }
    const core::Org* org = state.org_by_name(name);
    if (org == nullptr || (actor.org_id() != 0 && org->id.value != actor.org_id()))
        return refuse(RejectionCode::not_found, "org", fmt::format("there is no org {}", name));
    command.set_org_id(org->id.value);
    return std::nullopt;
}

template <typename Message>
std::optional<core::Rejection> set_pool(const core::State& state, const std::string& name,
                                        Message& command) {
    const core::Pool* pool = state.pool_by_name(name);
    if (pool == nullptr) {
        return refuse(core::RejectionCode::not_found, "pool",
                      fmt::format("there is no pool {}; GET /v1/pools lists them", name));
    }
    command.set_pool_id(pool->id.value);
    return std::nullopt;
}

// The lines of a price sheet, numbered as they come; `Message` has `lines`.
template <typename Message>
std::optional<core::Rejection> name_price_lines(
    const core::State& state, const google::protobuf::RepeatedPtrField<PriceLineRequest>& lines,
    Message& out) {
    for (int i = 0; i < lines.size(); ++i) {
        const PriceLineRequest& from = lines[i];
        PriceLine& line = *out.add_lines();
        line.set_line(static_cast<std::uint32_t>(i) + 1);
        line.set_micro_yuan_per_device_hour(from.micro_yuan_per_device_hour());
        line.set_service(from.service());
        line.set_micro_yuan_per_unit(from.micro_yuan_per_unit());
        line.set_tier(from.tier());
        if (from.service() != SERVICE_UNSPECIFIED && from.pool().empty()) continue;
        if (auto bad = set_pool(state, from.pool(), line)) {
            bad->field = fmt::format("lines[{}].pool", i);
            return bad;
        }
        if (from.tier() == TIER_UNSPECIFIED) line.set_tier(TIER_STANDARD);
    }
    return std::nullopt;
}

}  // namespace suan::api
