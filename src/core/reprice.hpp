// What was charged, at other prices: a month that was, under a price sheet that is only drafted.
//
// A lease is priced as a whole, as it is metered (core/funds): what it used in the time asked
// about times the new price, rounded down once. Two kinds of charges stay as they were: those that
// no line of the draft prices, and those that did not come from the line they name (a price that a
// market found). So the prices that hold reproduce what was charged, to the micro-yuan. Whether
// people would have asked for more or less at other prices is not guessed.
//
// Pure. One thread at a time.
#pragma once

#include "core/rejection.hpp"
#include "core/state.hpp"

#include <google/protobuf/repeated_field.h>

#include <map>
#include <tuple>

namespace suan::core {

// A charge as it lies in the history. Of a service: no lease, pool or tier.
struct PastCharge {
    OrgId org;
    LeaseId lease;
    PoolId pool;
    Tier tier = TIER_UNSPECIFIED;
    Service service = SERVICE_UNSPECIFIED;
    PriceSheetId sheet;
    std::uint32_t price_line = 0;
    std::int64_t milli_device_ms = 0;  // negative where work is given back
    std::int64_t quantity = 0;         // of the service, in its own measure (state.hpp)
    Money amount;
};

// Sums that would not fit into 64 bits stop at the largest that does.
struct Repriced {
    std::uint64_t charges = 0;
    Money was;
    Money would_be;
};

// What a line of a price sheet prices.
using Priced = std::tuple<PoolId, Tier, Service>;

class Repricing {
public:
    struct Result {
        Repriced all;
        Money kept;  // part of both sums
        std::map<Priced, Repriced> by_line;
        std::map<OrgId, Repriced> by_org;
    };
    using Lines = google::protobuf::RepeatedPtrField<PriceLine>;

    // What publishing the draft would refuse.
    static std::optional<Rejection> check(const State& state, const Lines& draft);
    // A draft that `check` lets pass; `state` knows the prices of the past.
    Repricing(const State& state, const Lines& draft);

    void add(const PastCharge& charge);
    Result result() const;

private:
    struct LeaseSum {
        PastCharge sum;  // milli_device_ms and amount of all its charges
        std::uint64_t charges = 0;
    };
    Repriced of_lease(const LeaseSum& lease, bool& kept) const;
    Repriced of_service(const PastCharge& charge, bool& kept) const;

    std::map<Priced, Money> draft_;
    std::map<std::pair<PriceSheetId, std::uint32_t>, Money> past_;  // of device hours
    std::map<LeaseId, LeaseSum> leases_;
    Result services_;
};

}  // namespace suan::core
