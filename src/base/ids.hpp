// Strong ids: counters handed out by the core, never reused, 0 means "none".
#pragma once

#include <compare>
#include <cstdint>

namespace suan {

template <typename Tag, typename Rep>
struct Id {
    Rep value = 0;

    constexpr Id() = default;
    constexpr explicit Id(Rep v) : value(v) {}
    constexpr explicit operator bool() const { return value != 0; }
    friend constexpr auto operator<=>(Id, Id) = default;
};

using OrgId = Id<struct OrgTag, std::uint32_t>;
using ProjectId = Id<struct ProjectTag, std::uint32_t>;
using MemberId = Id<struct MemberTag, std::uint32_t>;
using PoolId = Id<struct PoolTag, std::uint32_t>;
using NodeId = Id<struct NodeTag, std::uint32_t>;  // unique over all pools
using JobId = Id<struct JobTag, std::uint64_t>;
using LeaseId = Id<struct LeaseTag, std::uint64_t>;
using VoucherId = Id<struct VoucherTag, std::uint32_t>;
using PriceSheetId = Id<struct PriceSheetTag, std::uint32_t>;
using LedgerId = Id<struct LedgerTag, std::uint32_t>;  // a tenant's, and its book's number

}  // namespace suan
