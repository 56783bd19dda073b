// Contracts: rules on one account, as a list of clauses over integer expressions. There are no
// loops, no calls and no state but the counters of limits, so each evaluation ends after at most
// limits::operations_max steps. docs/formats/contract.md has the language:
//
//   debit require code == 7 and now < 1798761600;
//   debit require to in [#a1, #a2];
//   debit limit 500000 per day;
//   debit limit 800000 per user_data_64;    -- the sum of what bears the same mark
//   debit fee amount * 3 / 1000 to #fee;
//   credit split 300000 to #pool;           -- ppm of what arrives is passed on
//
// `Contract::compile` checks types, bounds and cost. Bounds: every intermediate result has an
// interval, from the ranges of the fields up, and none may leave +-2^120, nor a divisor's hold 0;
// so nothing can overflow or divide by zero later, and evaluation has no errors.
//
// Pure values; evaluation is const. Threads: as for a const vector.
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/types.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace suan::ledger {

// What an expression may read of the transfer at hand.
struct Facts {
    std::uint64_t amount = 0;
    std::uint16_t code = 0;
    std::uint32_t unit = 0;  // Transfer::ledger
    std::uint32_t user_data_32 = 0;
    std::uint64_t user_data_64 = 0;
    std::int64_t now_us = 0;    // since 1970; not negative
    std::uint64_t balance = 0;  // what the account may spend, before the transfer or its chain
    std::uint32_t signer = 0;   // number of the key that signed; 0: nobody
    std::uint32_t held = 0;     // 1 of a hold, 0 of a transfer in one phase
    AccountId from{};
    AccountId to{};

    std::int64_t now_s() const { return now_us / 1'000'000; }
};
// All but `balance` and `signer`, which the transfer does not tell.
Facts facts_of(const Transfer& transfer, Time now);

enum class Side : std::uint8_t { debit, credit };
enum class ClauseKind : std::uint8_t { require, limit, fee, split };
// What a limit sums up: the transfer alone, a window of time, or all transfers with one
// user_data_64.
enum class Per : std::uint8_t { transfer, window, user_data_64 };

enum class Op : std::uint8_t {
    number,
    id,
    amount,
    code,
    unit,
    user_data_32,
    user_data_64,
    now,
    now_us,
    balance,
    signer,
    held,
    from,
    to,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    negate,
    less,
    less_equal,
    equal,
    not_equal,
    both,
    either,
    opposite,
    in,
};

struct Operation {
    Op op = Op::number;
    std::uint32_t constant = 0;  // place among the constants, or among the lists for `in`
};

struct Clause {
    Side side = Side::debit;
    ClauseKind kind = ClauseKind::require;
    std::uint32_t first_operation = 0;  // of a require or fee: its expression, in postfix form
    std::uint32_t operation_count = 0;
    std::uint64_t amount = 0;   // of a limit
    Per per = Per::transfer;    // of a limit
    std::int64_t window_s = 0;  // of a limit per window: seconds
    std::uint32_t counter = 0;  // of a limit per window: which of the account's counters
    std::uint32_t ppm = 0;      // of a split
    AccountId target{};         // of a fee or split
    std::uint32_t line = 0;     // where it stands in the text, from 1
};

class Contract {
public:
    // `invalid` names the line, what was found and what would be right.
    static Result<Contract> compile(std::string_view text);

    std::span<const Clause> clauses() const { return clauses_; }
    std::uint32_t counters() const { return counters_; }
    bool reads_balance() const;

    // Whether every `require` of the side holds.
    bool allows(Side side, const Facts& facts) const;
    // What a transfer may move at most by the limits of the side, those per window aside, when
    // transfers with its user_data_64 have moved `moved` before. INT64_MAX: any amount.
    std::int64_t room(Side side, std::int64_t moved) const;

    // Of a require: whether it holds. Of a fee: its amount, which may be out of range.
    int128 evaluate(const Clause& clause, const Facts& facts) const;

private:
    friend class ContractParser;

    std::vector<Clause> clauses_;
    std::vector<Operation> operations_;
    std::vector<int128> constants_;
    std::vector<std::vector<int128>> lists_;  // sorted
    std::uint32_t counters_ = 0;
};

// Ids and numbers share one stack: an id is compared with ids alone, so its bits may be negative.
constexpr int128 bits_of(AccountId id) {
    return static_cast<int128>((static_cast<uint128>(id.high) << 64) | id.low);
}

}  // namespace suan::ledger
