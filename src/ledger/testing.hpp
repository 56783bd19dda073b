// Builders for the tests of the ledger: a small set of books with a bank, an org that cannot be
// overdrawn, and revenue.
#pragma once

#include "ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace suan::ledger::testing {

inline constexpr AccountId bank{0, 1};
inline constexpr AccountId org{0, 2};  // debits_must_not_exceed_credits
inline constexpr AccountId revenue{0, 3};
inline constexpr AccountId cap{0, 4};           // credits_must_not_exceed_debits
inline constexpr AccountId foreign_bank{0, 5};  // ledger 2
inline constexpr AccountId foreign_org{0, 6};   // ledger 2

class TransferBuilder {
public:
    explicit TransferBuilder(std::uint64_t id) { t_.id = {0, id}; }

    TransferBuilder& id(TransferId v) { return set(t_.id, v); }
    TransferBuilder& from(AccountId v) { return fill().set(t_.debit_account_id, v); }
    TransferBuilder& to(AccountId v) { return fill().set(t_.credit_account_id, v); }
    TransferBuilder& amount(std::uint64_t v) { return set(t_.amount, v); }
    TransferBuilder& ledger(std::uint32_t v) { return set(t_.ledger, v); }
    TransferBuilder& code(std::uint16_t v) { return set(t_.code, v); }
    TransferBuilder& timeout_us(std::uint64_t v) { return set(t_.timeout_us, v); }
    TransferBuilder& timestamp_us(std::int64_t v) { return set(t_.timestamp_us, v); }
    TransferBuilder& reserved(std::uint32_t v) { return set(t_.reserved, v); }
    TransferBuilder& data_128(UserData128 v) { return set(t_.user_data_128, v); }
    TransferBuilder& data_64(std::uint64_t v) { return set(t_.user_data_64, v); }
    TransferBuilder& data_32(std::uint32_t v) { return set(t_.user_data_32, v); }
    TransferBuilder& pending_id(std::uint64_t v) { return set(t_.pending_id, {0, v}); }
    TransferBuilder& flags(unsigned v) { return set(t_.flags, static_cast<std::uint16_t>(v)); }
    TransferBuilder& linked() { return flags(t_.flags | transfer_flags::linked); }
    TransferBuilder& pending() { return flags(t_.flags | transfer_flags::pending); }
    TransferBuilder& posts(std::uint64_t held) {
        return pending_id(held).flags(transfer_flags::post_pending);
    }
    TransferBuilder& voids(std::uint64_t held) {
        return pending_id(held).flags(transfer_flags::void_pending);
    }

    operator Transfer() const { return t_; }

private:
    TransferBuilder& fill() { return ledger(1).code(1); }
    template <typename T>
    TransferBuilder& set(T& field, T value) {
        field = value;
        return *this;
    }

    Transfer t_;
};

inline TransferBuilder transfer(std::uint64_t id) {
    return TransferBuilder(id);
}

struct Books {
    Ledger ledger;
    Time now{1'000};

    explicit Books(const Options& options = Options{.finished_kept = 1'000}) : ledger(options) {
        open(bank, 1, 0);
        open(org, 1, account_flags::debits_must_not_exceed_credits);
        open(revenue, 1, 0);
        open(cap, 1, account_flags::credits_must_not_exceed_debits);
        open(foreign_bank, 2, 0);
        open(foreign_org, 2, account_flags::debits_must_not_exceed_credits);
    }

    void open(AccountId id, std::uint32_t unit, std::uint16_t flags) {
        const Account account{.id = id, .ledger = unit, .code = 1, .flags = flags};
        EXPECT_TRUE(ledger.create_account(account, now));
    }
    AccountIndex index(AccountId id) const { return ledger.find_account(id); }
    const Account& at(AccountId id) const { return ledger.account(index(id)); }
    Refusal send(const Transfer& t) { return ledger.create_transfer(t, now); }
    void must(const Transfer& t) { EXPECT_STREQ(to_string(send(t)), "created"); }
    std::vector<TransferId> expire(std::int64_t after_us) {
        std::vector<TransferId> ids;
        ledger.expire(now + Duration{after_us}, ids);
        return ids;
    }
};

}  // namespace suan::ledger::testing
