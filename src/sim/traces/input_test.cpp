#include "sim/traces/input.hpp"

#include "base/limits.hpp"
#include "sim/traces/traces_testing.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace suan::sim {
namespace {

using ::testing::ElementsAre;
using testing::gzip;
using ::testing::HasSubstr;
using testing::inline_file;

struct Lines {
    std::vector<std::string> lines;
    std::string error;
};

Lines lines_of(std::string_view bytes) {
    LineReader reader(inline_file(bytes));
    Lines out;
    std::string_view line;
    while (true) {
        auto found = reader.next(line);
        if (!found) out.error = found.error().context;
        if (!found || !*found) return out;
        out.lines.emplace_back(line);
    }
}

std::string many_lines() {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += std::to_string(i) + "\n";
    }
    return text;
}

TEST(LineReader, splits_at_both_line_ends_and_needs_none_at_the_last) {
    EXPECT_THAT(lines_of("\xef\xbb\xbf"
                         "a\r\nb\n\nc")
                    .lines,
                ElementsAre("a", "b", "", "c"));
    EXPECT_TRUE(lines_of("").lines.empty());
}

TEST(LineReader, reads_lines_across_chunks_plain_and_gzip_alike) {
    const std::string text = many_lines();
    const Lines plain = lines_of(text);
    EXPECT_EQ(plain.lines.size(), 100'000U);
    EXPECT_EQ(plain.lines.back(), "99999");
    EXPECT_EQ(lines_of(gzip(text)).lines, plain.lines);
}

TEST(LineReader, a_line_may_be_as_long_as_the_limit_and_no_longer) {
    const std::string longest(limits::trace_line_bytes_max, 'x');
    EXPECT_EQ(lines_of(longest + "\nend").lines.size(), 2U);
    EXPECT_THAT(lines_of("a\n" + longest + "x\n").error,
                HasSubstr("test.csv:2: a line of more than 65536 bytes"));
    EXPECT_THAT(lines_of(std::string(1 << 20, 'x')).error, HasSubstr("test.csv:1: a line of more"));
}

TEST(Input, reads_gzip_members_one_after_another_and_zero_padding) {
    EXPECT_THAT(lines_of(gzip("a\nb") + gzip("c\n") + std::string(100, '\0')).lines,
                ElementsAre("a", "bc"));
}

TEST(Input, a_gzip_cut_anywhere_is_refused) {
    const std::string whole = gzip(many_lines());
    const std::string small = gzip("a,b\n1,2\n");
    for (std::size_t size = 2; size < small.size(); ++size) {
        EXPECT_THAT(lines_of(small.substr(0, size)).error, HasSubstr("gzip data ends early"));
    }
    EXPECT_THAT(lines_of(whole.substr(0, whole.size() / 2)).error, HasSubstr("ends early"));
}

TEST(Input, a_damaged_gzip_is_refused_with_its_place) {
    std::string bytes = gzip(many_lines());
    bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // of the CRC
    EXPECT_THAT(lines_of(bytes).error, HasSubstr("gzip data is damaged (incorrect data check)"));
    EXPECT_THAT(lines_of(gzip("a") + "trailing").error, HasSubstr("is followed by something else"));
    EXPECT_THAT(lines_of("\x1f\x8bnonsense").error, HasSubstr("at byte"));
}

TEST(Input, a_missing_file_is_named) {
    const auto opened = Input::file("/nonexistent/trace.csv");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::not_found);
    EXPECT_THAT(opened.error().context, HasSubstr("/nonexistent/trace.csv: open: No such file"));
}

TEST(Input, a_folder_is_an_error_not_an_empty_file) {
    auto opened = Input::file("/");
    ASSERT_TRUE(opened);
    char byte = 0;
    EXPECT_THAT(opened->read(&byte, 1).error().context, HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace suan::sim
