#include "sim/traces/fields.hpp"

#include <gmock/gmock.h>

namespace suan::sim {
namespace {

TEST(ParseDecimal, is_exact_or_refused) {
    const auto seconds = [](std::string_view text) { return parse_decimal_us(text, second_us); };
    EXPECT_EQ(seconds("0"), 0);
    EXPECT_EQ(seconds("66.0"), 66'000'000);
    EXPECT_EQ(seconds("0.1"), 100'000);
    EXPECT_EQ(seconds("1.000001"), 1'000'001);
    EXPECT_EQ(seconds("1.0000010000000000000000"), 1'000'001);
    EXPECT_EQ(seconds("9223372036854.775807"), INT64_MAX);
    EXPECT_EQ(parse_decimal_us("0.5", minute_us), 30'000'000);
    EXPECT_EQ(parse_decimal_us("0.001", millisecond_us), 1);
    for (const char* bad : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1.0000001",
                            "9223372036854.775808", "9223372036855", "99999999999999999999", " 1",
                            "1 ", "0x1", "nan", "1.-5", "1,5", "1.5.5"}) {
        EXPECT_EQ(seconds(bad), std::nullopt) << bad;
    }
}

TEST(ParseCivil, follows_the_calendar) {
    EXPECT_EQ(parse_civil_us("1970-01-01 00:00:00"), 0);
    EXPECT_EQ(parse_civil_us("2000-02-29 12:00:01"), 951'825'601'000'000);
    EXPECT_EQ(parse_civil_us("2017-10-09 07:01:55"), 1'507'532'515'000'000);  // date -u -d ... +%s
    EXPECT_EQ(parse_civil_us("9999-12-31 23:59:59"), 253'402'300'799'000'000);
    for (const char* bad : {"", "2017-10-09", "2017-02-29 00:00:00", "1900-01-01 00:00:00",
                            "2017-13-01 00:00:00", "2017-00-01 00:00:00", "2017-04-31 00:00:00",
                            "2017-01-01 24:00:00", "2017-01-01 00:60:00", "2017-01-01 00:00:60",
                            "2017-01-01T00:00:00", "2017-1-01 000:00:00", "2017-01-01 00:00:00Z"}) {
        EXPECT_EQ(parse_civil_us(bad), std::nullopt) << bad;
    }
}

TEST(QuotedValue, is_printable_and_short) {
    EXPECT_EQ(quoted_value("a\nb"), "'a\\x0ab'");
    EXPECT_EQ(quoted_value(std::string(63, 'x') + "算x"), "'" + std::string(63, 'x') + "...'");
}

}  // namespace
}  // namespace suan::sim
