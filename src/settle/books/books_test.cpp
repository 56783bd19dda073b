// Each way in which a change of a book may be wrong has its own code, and each limit stands where
// it says: the last that fits is taken, one more is refused and leaves nothing behind.
#include "settle/books/books.hpp"

#include "settle/testing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace suan::settle {
namespace {

using namespace testing;

RawKey numbered_key(std::uint32_t n) {
    RawKey out{};
    out[0] = 4;
    for (std::size_t i = 0; i < 4; ++i)
        out[61 + i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
    return out;
}

class BooksTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(change(OpenBook{1}), AdminCode::done);
        ASSERT_EQ(change(OpenAccount{1, account(1)}), AdminCode::done);
    }
    AdminAnswer ask(const Admin& change_in) { return books_.apply(change_in, Time{1'000}); }
    AdminCode change(const Admin& change_in) { return ask(change_in).code; }

    Books books_{Books::Options{}};
};

TEST_F(BooksTest, EveryFaultOfAChangeHasItsOwnCode) {
    ASSERT_EQ(change(AddKey{1, numbered_key(1)}), AdminCode::done);
    ASSERT_EQ(change(AddKey{1, numbered_key(2)}), AdminCode::done);
    ASSERT_EQ(change(SetKey{1, account_id(1), 1, KeyRight::grant}), AdminCode::done);
    const auto before = books_.digest(1);
    struct Case {
        Admin change;
        AdminCode code;
    };
    const std::vector<Case> cases{
        {OpenBook{0}, AdminCode::number_must_not_be_zero},
        {OpenBook{1}, AdminCode::exists},
        {OpenAccount{2, account(1)}, AdminCode::book_not_found},
        {AddKey{2, numbered_key(1)}, AdminCode::book_not_found},
        {OpenAccount{1, account(0)}, AdminCode::account_refused},
        {OpenAccount{1, account(1)}, AdminCode::exists},
        {SetGate{1, account_id(9), AccountGate::closed}, AdminCode::account_not_found},
        {SetKey{1, account_id(9), 1, KeyRight::grant}, AdminCode::account_not_found},
        {SetKey{1, account_id(9), 1, KeyRight::revoke}, AdminCode::account_not_found},
        {AttachContract{1, account_id(9), 0}, AdminCode::account_not_found},
        {AddKey{1, RawKey{}}, AdminCode::malformed_key},
        {SetKey{1, account_id(1), 0, KeyRight::grant}, AdminCode::key_not_found},
        {SetKey{1, account_id(1), 3, KeyRight::grant}, AdminCode::key_not_found},
        {SetKey{1, account_id(1), 2, KeyRight::revoke}, AdminCode::key_not_found},
        {SetKey{1, account_id(1), 1, KeyRight::grant}, AdminCode::exists},
        {SetKey{1, account_id(1), 1, KeyRight::revoke}, AdminCode::exists_different},
        {AddContract{1, "debit require"}, AdminCode::contract_invalid},
        {AttachContract{1, account_id(1), 1}, AdminCode::contract_not_found},
    };
    for (const Case& c : cases)
        EXPECT_EQ(change(c.change), c.code) << to_string(c.code);
    EXPECT_EQ(ask(OpenAccount{1, account(0)}).account, ledger::AccountRefusal::id_must_not_be_zero);
    EXPECT_NE(ask(AddContract{1, "debit require"}).why, "");
    EXPECT_EQ(books_.digest(1), before);
}

TEST_F(BooksTest, OneBookMoreThanFitIsRefused) {
    for (std::uint32_t n = 2; n <= limits::books_max; ++n)
        ASSERT_EQ(change(OpenBook{n}), AdminCode::done);
    EXPECT_EQ(change(OpenBook{limits::books_max + 1}), AdminCode::too_many_books);
    EXPECT_EQ(books_.size(), limits::books_max);
    EXPECT_EQ(change(OpenBook{limits::books_max}), AdminCode::exists) << "a retry is no new one";
}

TEST_F(BooksTest, OneKeyMoreThanFitIsRefused) {
    for (std::uint32_t n = 1; n <= limits::keys_per_book_max; ++n)
        ASSERT_EQ(change(AddKey{1, numbered_key(n)}), AdminCode::done);
    EXPECT_EQ(change(AddKey{1, numbered_key(limits::keys_per_book_max + 1)}),
              AdminCode::too_many_keys);
    EXPECT_EQ(change(AddKey{1, numbered_key(1)}), AdminCode::exists);
    for (std::uint32_t n = 1; n <= limits::keys_per_account_max; ++n)
        ASSERT_EQ(change(SetKey{1, account_id(1), n, KeyRight::grant}), AdminCode::done);
    EXPECT_EQ(change(SetKey{1, account_id(1), limits::keys_per_account_max + 1, KeyRight::grant}),
              AdminCode::too_many_keys);
}

TEST_F(BooksTest, OneContractMoreThanFitIsRefused) {
    const auto contract = [](std::uint32_t n) {
        return AddContract{1, fmt::format("debit require amount <= {};", n)};
    };
    for (std::uint32_t n = 1; n <= limits::contracts_per_book_max; ++n)
        ASSERT_EQ(change(contract(n)), AdminCode::done);
    EXPECT_EQ(change(contract(limits::contracts_per_book_max + 1)), AdminCode::too_many_contracts);
    EXPECT_EQ(change(contract(1)), AdminCode::exists);
    EXPECT_EQ(change(AttachContract{1, account_id(1), limits::contracts_per_book_max}),
              AdminCode::done);
}

}  // namespace
}  // namespace suan::settle
