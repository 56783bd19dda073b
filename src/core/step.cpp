#include "core/step.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>

namespace suan::core {

bool is_system(const Actor& actor) {
    return actor.member_id() == 0 && actor.role() == ROLE_UNSPECIFIED;
}
bool is_operator(const Actor& actor) {
    return is_system(actor) || (actor.role() == ROLE_OPERATOR && actor.org_id() == 0);
}
bool is_admin_of(const Actor& actor, OrgId org) {
    return is_operator(actor) || (actor.role() == ROLE_ADMIN && actor.org_id() == org.value);
}
bool is_member_of(const Actor& actor, OrgId org) {
    return is_admin_of(actor, org) || (actor.role() == ROLE_MEMBER && actor.org_id() == org.value);
}

Verdict check_name(const std::string& name, const char* field) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    bool good =
        !name.empty() && name.size() <= limits::name_bytes_max && name[0] != '-' && name[0] != '.';
    for (const char c : name)
        good = good && allowed(c);
    if (good) return std::nullopt;
    return reject(
        RejectionCode::invalid_field, field,
        fmt::format("{} must be 1 to {} letters, digits, '.', '_' or '-', beginning with a "
                    "letter, digit or '_'",
                    field, limits::name_bytes_max));
}

Verdict check_text(const std::string& text, std::size_t bytes_max, const char* field) {
    if (text.size() > bytes_max) {
        return reject(
            RejectionCode::invalid_field, field,
            fmt::format("{} has {} bytes, at most {} are allowed", field, text.size(), bytes_max));
    }
    bool good = is_utf8(text);
    for (const char c : text)
        good = good && (static_cast<unsigned char>(c) >= 0x20) && c != 0x7F;
    if (good) return std::nullopt;
    return reject(RejectionCode::invalid_field, field,
                  fmt::format("{} must be UTF-8 text without control characters", field));
}

Verdict check_amount(std::int64_t micro_yuan, const char* field) {
    if (micro_yuan > 0 && micro_yuan <= limits::money_max) return std::nullopt;
    return reject(
        RejectionCode::invalid_field, field,
        fmt::format("{} must be 1 to {} micro-yuan, got {}", field, limits::money_max, micro_yuan));
}

std::string yuan_text(Money money) {
    const bool negative = money.micro_yuan < 0;
    const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(money.micro_yuan)
                                    : static_cast<std::uint64_t>(money.micro_yuan);
    std::string whole = fmt::format("{}", magnitude / 1'000'000);
    for (std::size_t at = whole.size(); at > 3;) {
        at -= 3;
        whole.insert(at, ",");
    }
    std::string part = fmt::format("{:06}", magnitude % 1'000'000);
    while (part.size() > 2 && part.back() == '0')
        part.pop_back();
    return fmt::format("{}{}.{} yuan", negative ? "-" : "", whole, part);
}

sched::Tier sched_tier(Tier tier) {
    switch (tier) {
        case TIER_RESERVED:
            return sched::Tier::reserved;
        case TIER_SPOT:
            return sched::Tier::spot;
        default:
            return sched::Tier::standard;
    }
}
Tier proto_tier(sched::Tier tier) {
    switch (tier) {
        case sched::Tier::reserved:
            return TIER_RESERVED;
        case sched::Tier::spot:
            return TIER_SPOT;
        case sched::Tier::standard:
            return TIER_STANDARD;
    }
    return TIER_STANDARD;
}

sched::Placement placement_from(const google::protobuf::RepeatedPtrField<Slot>& slots,
                                std::uint32_t milli) {
    sched::Placement placement;
    placement.reserve(static_cast<std::size_t>(slots.size()));
    for (const Slot& slot : slots) {
        placement.push_back(
            sched::Slot{NodeId{slot.node_id()}, slot.tasks(), slot.device_mask(), milli});
    }
    return placement;
}
void placement_to(const sched::Placement& placement,
                  google::protobuf::RepeatedPtrField<Slot>* slots) {
    slots->Reserve(static_cast<int>(placement.size()));
    for (const sched::Slot& from : placement) {
        Slot& slot = *slots->Add();
        slot.set_node_id(from.node.value);
        slot.set_tasks(from.tasks);
        slot.set_device_mask(from.device_mask);
    }
}

}  // namespace suan::core
