#include "settle/advice.hpp"

#include "settle/books/limits.hpp"
#include "settle/id_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace suan::settle {
namespace {

TEST(Advice, EveryRefusalSaysWhatWouldBeRight) {
    for (unsigned number = 1; number <= UINT8_MAX; ++number) {
        const auto byte = static_cast<std::uint8_t>(number);
        if (!is_code(byte)) continue;
        const Code code{byte};
        EXPECT_GE(std::string(advice(code)).size(), 15U) << to_string(code);
    }
    for (unsigned number = 1; number < ledger::account_refusals; ++number)
        EXPECT_GE(std::string(advice(static_cast<ledger::AccountRefusal>(number))).size(), 15U);
    EXPECT_STREQ(advice(code_of(ledger::Refusal::exists)),
                 "it was made before: nothing is left to do");
    EXPECT_STREQ(advice(code_of(ledger::Refusal::too_many_pending_transfers)),
                 "post or void some holds first: the ledger keeps no more of them");
    EXPECT_STREQ(advice(AdminCode::number_must_not_be_zero), "the number must not be zero");
}

TEST(Advice, WhatIsAtItsMostNamesItsMost) {
    const auto names = [](AdminCode code, std::uint32_t most) {
        return std::string(advice(code)).find(std::to_string(most)) != std::string::npos;
    };
    EXPECT_TRUE(names(AdminCode::too_many_books, limits::books_max));
    EXPECT_TRUE(names(AdminCode::too_many_keys, limits::keys_per_account_max));
    EXPECT_TRUE(names(AdminCode::too_many_keys, limits::keys_per_book_max));
    EXPECT_TRUE(names(AdminCode::too_many_contracts, limits::contracts_per_book_max));
}

TEST(IdText, IdsAreHexadecimalDigitsWithoutLeadingZeros) {
    using ledger::AccountId;
    const auto round_trip = [](std::string_view text) {
        const auto id = parse_id<AccountId>(text);
        return id ? id_text(*id) : "none";
    };
    EXPECT_EQ(round_trip("a1"), "a1");
    EXPECT_EQ(round_trip("#00A1"), "a1");
    EXPECT_EQ(round_trip("10000000000000000"), "10000000000000000");
    EXPECT_EQ(round_trip("0123456789abcdef0123456789abcdef"), "123456789abcdef0123456789abcdef");
    for (const char* text : {"", "#", "0", "-1", "+1", "0x1", "g", " 1", "1 ", "a-1",
                             "123456789012345678901234567890123"}) {
        EXPECT_EQ(round_trip(text), "none") << text;
    }
}

}  // namespace
}  // namespace suan::settle
