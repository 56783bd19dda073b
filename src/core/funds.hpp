// Holding, charging and giving back money: what the ledger's accounts and transfers mean for a job.
// Internal to src/core.
//
// A hold covers the whole wall time before a job may wait: vouchers first (oldest expiry first,
// those that may pay for the pool), the org's own money for the rest. Budgets of the org and the
// project hold the same amount beside it, on a ledger of their own that only counts. A charge posts
// a part of the hold, so no cap can be overshot: what is not held cannot be charged.
#pragma once

#include "core/step.hpp"

#include <span>
#include <vector>

namespace suan::core {

// What a job may cost at most: all its tasks for its whole wall time, rounded up.
Money hold_amount(const sched::Shape& shape, Duration walltime, Money price_per_device_hour);

using Payments = google::protobuf::RepeatedPtrField<Payment>;

// One part of a planned hold. VoucherId{}: the org's own money.
struct HoldPart {
    VoucherId voucher;
    Money amount;
};

// Plans the holds of jobs one after the other: what an earlier one takes is not there for the next.
class HoldPlanner {
public:
    HoldPlanner(const State& state, OrgId org, ProjectId project, Time now);

    // Appends to `parts` how `amount` is held for the job, or says why it
    // cannot be. A voucher's cap for one job counts what it paid in earlier runs.
    Verdict plan(const Job& job, Money amount, std::vector<HoldPart>& parts);
    // What is held for the job now may be held anew.
    void count_as_free(const Job& job);

private:
    Money left(ledger::AccountId account) const;
    void take(ledger::AccountId account, Money amount);
    Money plan_vouchers(const Job& job, Money amount, std::vector<HoldPart>& parts) const;
    Verdict check_budget(const Budget& budget, const char* whose, Money amount) const;

    const State& state_;
    const Org& org_;
    const Project& project_;
    Time now_;
    std::vector<std::pair<ledger::AccountId, Money>> taken_;
};
void holds_to(std::span<const HoldPart> parts, Payments& holds);

// Makes the transfers of `holds` (and of active budgets) and remembers them in the job.
void place_holds(State& state, Job& job, const Payments& holds);
// Releases whatever is still held.
void release_holds(State& state, Job& job);

// What a hold is for: user_data_64 and user_data_32 of its transfer.
struct HoldPurpose {
    std::uint64_t about = 0;  // a job's or a tenant's ledger's id
    PoolId pool;              // of a job
};
HoldPurpose purpose_of(const Job& job);
// The transfer by which hold.micro_yuan of hold.account are held, before it has an id.
ledger::Transfer hold_transfer(const Hold& hold, const HoldPurpose& purpose);
// Makes it; the account has the money.
Hold make_hold(State& state, const HoldPurpose& purpose, Hold hold);
// Posts `amount` of the hold; what remains is held again, or released with the last charge.
enum class LastCharge { no, yes };
void draw(State& state, const HoldPurpose& purpose, Hold& hold, std::int64_t amount,
          LastCharge last);

// What a lease costs from its start to `to`, given what was charged already.
struct Metering {
    std::int64_t milli_device_ms = 0;  // since the last charge; negative when work is given back
    Money amount;                      // likewise
};
Metering meter(const Job& job, const Lease& lease, Time to);
// From now on a device hour of the lease costs so much; what it has cost so far stays.
void change_price(const Job& job, Lease& lease, Money per_device_hour, Time now);

// Splits `amount` over the job's holds (positive) or back over who paid (negative).
void plan_payments(const Job& job, const Lease& lease, Money amount, Payments& payments);
// Moves the money. `last`: the rest of the hold is released with the posts.
void pay(State& state, Job& job, Lease& lease, const Payments& payments, LastCharge last);

// One plain transfer, asserted to be accepted.
struct Move {
    ledger::AccountId debit;
    ledger::AccountId credit;
    Money amount;
    std::uint32_t ledger = ledger_cny;
    std::uint16_t code = 1;
    std::uint64_t about = 0;  // a job, voucher or correction id
};
void move_money(State& state, const Move& move);

// Codes of transfers, for whoever reads the journal.
namespace transfer_code {
inline constexpr std::uint16_t funded = 1;
inline constexpr std::uint16_t hold = 2;
inline constexpr std::uint16_t charge = 3;
inline constexpr std::uint16_t credit = 4;
inline constexpr std::uint16_t voucher_issued = 5;
inline constexpr std::uint16_t voucher_expired = 6;
inline constexpr std::uint16_t correction = 7;
inline constexpr std::uint16_t budget = 8;
inline constexpr std::uint16_t compensation = 9;
}  // namespace transfer_code

}  // namespace suan::core
