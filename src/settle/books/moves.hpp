// What a batch did to the accounts of a book, for histories and for what is kept over restarts.
// Pure values.
#pragma once

#include "ledger/types.hpp"

#include <cstdint>

namespace suan::settle {

// The numbers are stored in histories.
enum class MoveKind : std::uint8_t {
    transfer = 0,
    hold = 1,
    post = 2,
    release = 3,  // a void
    expiry = 4,   // of a hold; no record of a batch asked for it
    derived = 5,  // a fee or a split, made by a contract with the transfer of its index
};

// `held` and `posted` were added, `released` was taken from what was held, on both accounts.
struct Move {
    ledger::AccountIndex debit;
    ledger::AccountIndex credit;
    std::uint64_t held = 0;
    std::uint64_t released = 0;
    std::uint64_t posted = 0;
    std::uint32_t index = 0;  // of the transfer in its batch; 0 of an expiry
    MoveKind kind = MoveKind::transfer;
};

// A transfer that finished and is no record of its batch: a hold that a post or void ended, or that
// ran out, or a fee or split. The records of the batch that finish at once stand between them:
// record i at finish_place(i).
struct Finish {
    std::uint32_t place = 0;
    ledger::Remembered remembered;
};
constexpr std::uint32_t finish_place(std::uint32_t index) {
    return (index + 1) * 4;  // an ended hold stands one before, fees one after, expiries at 0
}

}  // namespace suan::settle
