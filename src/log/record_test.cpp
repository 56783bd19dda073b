#include "log/record.hpp"

#include "base/limits.hpp"
#include "log/crc32c.hpp"

#include <gtest/gtest.h>

namespace suan::log {
namespace {

TEST(Crc32c, gives_the_published_values) {
    // RFC 3720, appendix B.4.
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, continues_from_a_part) {
    const std::string text = "the quick brown fox jumps over the lazy dog";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text));
}

const std::vector<std::string_view> three = {"a", "some entry", std::string_view("\0\0", 2)};

Result<std::vector<std::string>> read(std::string_view body, Seq first_seq, std::uint64_t count) {
    std::vector<std::string> out;
    auto next = for_each_record(body, first_seq, count, 0, UINT64_MAX,
                                [&](Seq, std::string_view entry) -> Result<Next> {
                                    out.emplace_back(entry);
                                    return Next::more;
                                });
    if (!next) return std::move(next).error();
    return out;
}

TEST(Records, come_back_as_they_went_in) {
    std::string body;
    append_records(body, 7, three);
    EXPECT_EQ(read(body, 7, 3).value(), std::vector<std::string>(three.begin(), three.end()));
}

TEST(Records, visit_only_the_range_asked_for) {
    std::string body;
    append_records(body, 7, three);
    std::vector<Seq> seen;
    ASSERT_TRUE(for_each_record(body, 7, 3, 8, 8, [&](Seq seq, std::string_view) -> Result<Next> {
        seen.push_back(seq);
        return Next::more;
    }));
    EXPECT_EQ(seen, std::vector<Seq>{8});
}

TEST(Records, a_flip_of_any_bit_is_found) {
    std::string body;
    append_records(body, 7, three);
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
        std::string bad = body;
        bad[bit / 8] = char(bad[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(read(bad, 7, 3).error().code, ErrorCode::corrupt) << bit;
    }
}

TEST(Records, a_cut_anywhere_is_found) {
    std::string body;
    append_records(body, 7, three);
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_EQ(read(std::string_view(body).substr(0, size), 7, 3).error().code,
                  ErrorCode::corrupt);
}

TEST(Records, cannot_change_places_or_numbers) {
    std::string swapped;
    append_records(swapped, 8, std::vector<std::string_view>{"second"});
    append_records(swapped, 7, std::vector<std::string_view>{"firsts"});
    const auto found = read(swapped, 7, 2);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().context.find("entry 7: chunk offset 0: CRC-32C: expected"),
              std::string::npos)
        << found.error().context;
    std::string body;
    append_records(body, 7, three);
    EXPECT_FALSE(read(body, 8, 3));
    EXPECT_FALSE(read(body, 7, 2));
    EXPECT_FALSE(read(body, 7, 4));
}

}  // namespace
}  // namespace suan::log
