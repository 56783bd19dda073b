#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace suan {
namespace {

TEST(bytes, hex_goes_both_ways) {
    const std::string raw("\x00\x7f\xff", 3);
    EXPECT_EQ(to_hex(as_bytes(raw)), "007fff");
    EXPECT_EQ(from_hex("007FfF"), raw);
}

TEST(bytes, hex_refuses_odd_length_and_other_characters) {
    EXPECT_FALSE(from_hex("0"));
    EXPECT_FALSE(from_hex("0g"));
    EXPECT_FALSE(from_hex(" 0"));
    EXPECT_FALSE(hash_from_hex("00"));
}

TEST(bytes, numbers_are_little_endian) {
    std::string out;
    append_u32(out, 0x01020304);
    append_u64(out, 0x05);
    EXPECT_EQ(to_hex(as_bytes(out)), "040302010500000000000000");
    EXPECT_EQ(read_u32(out, 0), 0x01020304U);
    EXPECT_EQ(read_u64(out, 4), 5U);
}

TEST(bytes, utf8_is_checked_strictly) {
    EXPECT_TRUE(is_utf8("算力 ok"));
    EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
    EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
    EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
    EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // past the end
    EXPECT_FALSE(is_utf8("\xE7\xAE"));          // cut short
    EXPECT_FALSE(is_utf8("\x80"));
}

}  // namespace
}  // namespace suan
