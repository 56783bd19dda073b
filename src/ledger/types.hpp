// The plain records of the ledger, after TigerBeetle's data model (docs.tigerbeetle.com, "Account"
// and "Transfer"). They are values without padding, so that they may be stored, hashed and compared
// as bytes on a little-endian machine.
//
// Amounts are unsigned 64-bit counts of the smallest unit of a ledger: micro-yuan (1e-6 CNY) for
// the centre's own money. 64 bits hold 18 trillion yuan; a sum that does not fit is refused.
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

namespace suan::ledger {

// 128 bits chosen by the caller. 0 means "none"; all ones is never valid.
template <typename Tag>
struct Id128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    constexpr explicit operator bool() const { return (high | low) != 0; }
    constexpr bool is_all_ones() const { return (high & low) == UINT64_MAX; }
    friend constexpr auto operator<=>(const Id128&, const Id128&) = default;
};

using AccountId = Id128<struct AccountIdTag>;
using TransferId = Id128<struct TransferIdTag>;
using UserData128 = Id128<struct UserDataTag>;  // opaque to the ledger

// The position of an account in order of creation: dense, stable for ever, the same after a
// restore.
struct AccountIndex {
    std::uint32_t value = UINT32_MAX;  // UINT32_MAX: none

    constexpr explicit operator bool() const { return value != UINT32_MAX; }
    friend constexpr auto operator<=>(AccountIndex, AccountIndex) = default;
};

namespace account_flags {
// Debits, held ones included, may never exceed posted credits: an account that cannot be overdrawn.
inline constexpr std::uint16_t debits_must_not_exceed_credits = 1;
// The mirror image: an account that cannot take more than was put on its debit side.
inline constexpr std::uint16_t credits_must_not_exceed_debits = 2;
// A mark for whoever keeps balances over time; the ledger stores it and does not act on it.
inline constexpr std::uint16_t history = 4;
// Set by close_account: only releases (void, expiry) still touch the account.
inline constexpr std::uint16_t closed = 8;
inline constexpr std::uint16_t all = 15;
}  // namespace account_flags

// One cache line. The four balances are owned by the ledger and are zero when an account is
// created.
struct Account {
    AccountId id{};
    std::uint64_t debits_pending = 0;
    std::uint64_t debits_posted = 0;
    std::uint64_t credits_pending = 0;
    std::uint64_t credits_posted = 0;
    std::int64_t timestamp_us = 0;  // when it was created; given by the ledger
    std::uint32_t ledger = 0;       // the unit it counts in; transfers stay within one ledger
    std::uint16_t code = 0;         // the caller's kind of account, not 0
    std::uint16_t flags = 0;

    friend bool operator==(const Account&, const Account&) = default;
};
static_assert(sizeof(Account) == 64);
static_assert(std::has_unique_object_representations_v<Account>);

namespace transfer_flags {
// This and the next transfer of the batch succeed or fail together. How a transfer was sent, not
// what it is: the mark is not remembered.
inline constexpr std::uint16_t linked = 1;
inline constexpr std::uint16_t pending = 2;       // hold the amount
inline constexpr std::uint16_t post_pending = 4;  // post up to the held amount, release the rest
inline constexpr std::uint16_t void_pending = 8;  // release the held amount
inline constexpr std::uint16_t all = 15;
}  // namespace transfer_flags

// The amount of a post that means "all that is held".
inline constexpr std::uint64_t amount_all = UINT64_MAX;

// A post or void may leave accounts, ledger and code zero ("as in the pending transfer"); where
// they are given they must be the pending transfer's.
struct Transfer {
    TransferId id{};
    AccountId debit_account_id{};
    AccountId credit_account_id{};
    TransferId pending_id{};  // of a post or void: the pending transfer that it ends
    UserData128 user_data_128{};
    std::uint64_t amount = 0;  // not 0, except of a void, where it must be 0
    std::uint64_t user_data_64 = 0;
    std::uint64_t timeout_us =
        0;  // of a pending transfer: it expires so long after its timestamp; 0: never
    std::int64_t timestamp_us = 0;  // given by the ledger: 0 when sent
    std::uint32_t user_data_32 = 0;
    std::uint32_t ledger = 0;
    std::uint16_t code = 0;  // the caller's kind of transfer, not 0
    std::uint16_t flags = 0;
    std::uint32_t reserved = 0;  // must be 0

    friend bool operator==(const Transfer&, const Transfer&) = default;
};
static_assert(sizeof(Transfer) == 128);
static_assert(std::has_unique_object_representations_v<Transfer>);

// What became of a transfer.
enum class TransferState : std::uint8_t {
    settled,  // a plain transfer, a post or a void: done at once
    pending,
    posted,
    voided,
    expired,
};

// A transfer as the ledger remembers it: as it was sent, without `linked`, with its timestamp.
struct Remembered {
    Transfer transfer;
    TransferState state = TransferState::settled;

    friend bool operator==(const Remembered&, const Remembered&) = default;
};

}  // namespace suan::ledger
