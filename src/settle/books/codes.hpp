// What became of a transfer. Below 64 the numbers are those of ledger::Refusal; the rest are of
// signatures and contracts. They are stored in journals, so they never change.
//
// Order of precedence of one transfer: amount_out_of_range, the signature itself (key_not_found,
// signature_invalid), who may move the account (key_not_of_account, signature_required), whether it
// was made before (exists...), the signature's time and serial, the contracts, the ledger's rules.
#pragma once

#include "ledger/refusal.hpp"

#include <cstdint>

namespace suan::settle {

enum class Code : std::uint8_t {
    created = 0,

    amount_out_of_range = 64,   // 2^63 and more: a negative number, or a mistake
    key_not_found = 65,         // the book has no key of that number
    signature_invalid = 66,     // not by that key over this transfer, book and journal
    signature_required = 67,    // the paying account has keys
    key_not_of_account = 68,    // never was, or was taken away
    signature_expired = 69,     // valid_until has come
    signature_too_long = 70,    // valid_until is further off than limits::signature_life_us_max
    signature_replayed = 71,    // the key has signed another accepted transfer with this serial
    signature_serial_old = 72,  // below the window of serials that are remembered

    contract_refused = 80,    // a `require` is false
    contract_limit = 81,      // a `limit` would be passed
    contract_chain = 82,      // reads a balance, and its account is moved twice in one chain
    contract_two_phase = 83,  // has fees or splits, which holds cannot carry
    contract_target = 84,     // a fee or split goes to an account with a contract of its own
    contract_overflow = 85,   // a fee is negative or too large
    contract_derived = 86,    // the ledger refused a fee or a split
};

constexpr Code code_of(ledger::Refusal refusal) {
    return static_cast<Code>(refusal);
}
constexpr bool is_ledger_refusal(Code code) {
    return static_cast<std::uint8_t>(code) < ledger::refusals;
}

// Whether any transfer can have this answer: for what is read from a disk.
bool is_code(std::uint8_t number);

// The name above, or the ledger's.
const char* to_string(Code code);

// What became of a change of a book.
enum class AdminCode : std::uint8_t {
    done = 0,
    exists = 1,  // the same is there already: a safe retry
    exists_different = 2,
    book_not_found = 3,
    too_many_books = 4,
    account_refused = 5,  // AdminAnswer::account says why
    account_not_found = 6,
    malformed_key = 7,  // not a point of the curve
    key_not_found = 8,
    too_many_keys = 9,
    contract_invalid = 10,  // AdminAnswer::why says where
    contract_not_found = 11,
    too_many_contracts = 12,
    number_must_not_be_zero = 13,
};

const char* to_string(AdminCode code);

}  // namespace suan::settle
