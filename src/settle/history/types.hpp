// What histories tell about an account. Plain values.
#pragma once

#include "base/time.hpp"
#include "settle/books/moves.hpp"

#include <cstdint>

namespace suan::settle {

// In units of the account's ledger.
struct Balances {
    std::uint64_t debits_pending = 0;
    std::uint64_t debits_posted = 0;
    std::uint64_t credits_pending = 0;
    std::uint64_t credits_posted = 0;

    friend bool operator==(const Balances&, const Balances&) = default;
};

enum class MoveSide : std::uint8_t { debit = 0, credit = 1 };

// One change of one account.
struct HistoryItem {
    std::uint64_t sequence = 0;  // of the account: 1, 2, 3, ...
    std::uint64_t block = 0;
    std::uint32_t index = 0;  // of the transfer in the block; 0 of an expiry
    Time time;
    MoveKind kind = MoveKind::transfer;
    MoveSide side = MoveSide::debit;
    std::uint64_t held = 0;
    std::uint64_t released = 0;
    std::uint64_t posted = 0;
    Balances after;

    friend bool operator==(const HistoryItem&, const HistoryItem&) = default;
};

// Adds what the item did.
void apply_move(Balances& balances, const HistoryItem& item);

}  // namespace suan::settle
