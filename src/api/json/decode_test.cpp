#include "api/json/decode.hpp"

#include "api/json/encode.hpp"
#include "suan/testing.pb.h"

#include <gmock/gmock.h>

#include <string>

namespace suan::api::json {
namespace {

using suan::testing::Everything;
using ::testing::HasSubstr;

TEST(JsonDecode, fills_every_kind_of_field) {
    Everything m;
    const Result<void> done = decode(
        R"( {"flag":true,"i32":-2147483648,"u32":4294967295,"i64":"-9223372036854775808",
            "u64":"18446744073709551615","text":"a\n\u7b97\ud83d\ude00","blob":"00fF",
            "state":"node_fail","child":{"job_id":7,"state":"running"},"numbers":[1,2,3],
            "texts":["x",""],"states":["waiting","running"],"labels":{"k":"v","":"w"},
            "by_number":{"5":{"job_id":5}},"maybe":0,"right":9,"nested":{"nested":{}},
            "flags":[true,false],"longs":[-1,"2"],"zigzag":-0,"fixed":1} )",
        m);
    ASSERT_TRUE(done) << done.error().context;
    EXPECT_EQ(m.i32(), INT32_MIN);
    EXPECT_EQ(m.u32(), UINT32_MAX);
    EXPECT_EQ(m.i64(), INT64_MIN);
    EXPECT_EQ(m.u64(), UINT64_MAX);
    EXPECT_EQ(m.text(), "a\n\xE7\xAE\x97\xF0\x9F\x98\x80");
    EXPECT_EQ(m.blob(), std::string("\x00\xFF", 2));
    EXPECT_EQ(m.state(), suan::testing::JOB_STATE_NODE_FAIL);
    EXPECT_EQ(m.child().job_id(), 7U);
    EXPECT_EQ(m.numbers_size(), 3);
    EXPECT_EQ(m.states(1), suan::testing::JOB_STATE_RUNNING);
    EXPECT_EQ(m.labels().at("k"), "v");
    EXPECT_EQ(m.by_number().at(5).job_id(), 5U);
    EXPECT_TRUE(m.has_maybe());
    EXPECT_EQ(m.right(), 9U);
    EXPECT_TRUE(m.nested().has_nested());
    EXPECT_EQ(m.longs(1), 2);
}

TEST(JsonDecode, null_is_a_field_left_out) {
    Everything m;
    ASSERT_TRUE(decode(R"({"text":null,"maybe":null,"numbers":null,"child":null})", m));
    EXPECT_FALSE(m.has_maybe());
    EXPECT_FALSE(m.has_child());
}

TEST(JsonDecode, clears_what_was_there) {
    Everything m;
    m.set_text("old");
    ASSERT_TRUE(decode("{}", m));
    EXPECT_EQ(m.text(), "");
}

struct Refused {
    const char* json;
    const char* error;
};

class JsonRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(JsonRefused, says_where_and_what_would_be_right) {
    Everything m;
    const Result<void> done = decode(GetParam().json, m);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().context, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, JsonRefused,
    ::testing::Values(
        Refused{R"({"jobs":[{},{},{},{"tasks":"x"}]})",
                R"(jobs[3].tasks: expected an unsigned integer up to 4294967295, got "x")"},
        Refused{R"({"jobs":[{"walltme_s":1}]})",
                R"(jobs[0]: unknown field "walltme_s"; did you mean "walltime_s"?)"},
        Refused{R"({"child":{"zzzzzzzz":1}})",
                R"(child: unknown field "zzzzzzzz"; the fields here are job_id, state)"},
        Refused{R"({"u32":4294967296})",
                "u32: expected an unsigned integer up to 4294967295, got 4294967296"},
        Refused{R"({"u32":-1})", "u32: expected an unsigned integer up to 4294967295, got -1"},
        Refused{R"({"u32":1.5})", "u32: expected an unsigned integer up to 4294967295, got 1.5"},
        Refused{R"({"u32":1e3})", "u32: expected an unsigned integer up to 4294967295, got 1e3"},
        Refused{R"({"u32":01})", "u32: expected a number in JSON form, got 01"},
        Refused{R"({"i32":2147483648})",
                "i32: expected an integer from -2147483648 to 2147483647, got 2147483648"},
        Refused{R"({"u64":18446744073709551616})",
                "u64: expected an unsigned integer up to 18446744073709551615, got "
                "18446744073709551616"},
        Refused{R"({"u64":" 1"})",
                R"(u64: expected an unsigned integer up to 18446744073709551615, got " 1")"},
        Refused{R"({"i64":"9223372036854775808"})",
                "i64: expected an integer from -9223372036854775808 to 9223372036854775807, got "
                "\"9223372036854775808\""},
        Refused{R"({"flag":1})", "flag: expected true or false, got 1"},
        Refused{R"({"flag":truer})", "flag: expected true or false, got truer"},
        Refused{R"({"text":5})", "text: expected a string, got 5"},
        Refused{R"({"blob":"abc"})",
                "blob: expected a string of an even number of hexadecimal digits, got \"abc\""},
        Refused{R"({"state":"Running"})",
                "state: expected one of \"unspecified\", \"waiting\", \"running\", \"node_fail\", "
                "got \"Running\""},
        Refused{R"({"state":2})",
                "state: expected one of \"unspecified\", \"waiting\", \"running\", \"node_fail\", "
                "got 2"},
        Refused{R"({"child":[]})", "child: expected an object, got an array"},
        Refused{R"({"numbers":{}})", "numbers: expected an array, got an object"},
        Refused{R"({"numbers":[1,null]})",
                "numbers[1]: expected an unsigned integer up to 4294967295, got null"},
        Refused{R"({"text":"a","text":"b"})", "text: the field is given twice"},
        Refused{R"({"left":"a","right":1})", R"(right: cannot be given together with "left")"},
        Refused{R"({"labels":{"a":"1","a":"2"}})", R"(labels: the key "a" is given twice)"},
        Refused{R"({"by_number":{"x":{}}})",
                R"(by_number: expected an unsigned integer up to 4294967295 as key, got "x")"},
        Refused{R"({"by_number":{"5":{"job_id":true}}})",
                "by_number[\"5\"].job_id: expected an unsigned integer up to 18446744073709551615, "
                "got true"}));

INSTANTIATE_TEST_SUITE_P(
    Form, JsonRefused,
    ::testing::Values(
        Refused{"", "byte 0: expected an object, got the end of the document"},
        Refused{"[]", "byte 0: expected an object, got an array"},
        Refused{"{} x", "byte 3: expected the end of the document, got x"},
        Refused{"{}{}", "byte 2: expected the end of the document, got an object"},
        Refused{"{", "byte 1: expected a field name in quotes, got the end of the document"},
        Refused{R"({"flag":true,})", "byte 13: expected a field name in quotes, got }"},
        Refused{R"({flag:true})", "byte 1: expected a field name in quotes, got flag"},
        Refused{R"({"flag" true})", "byte 8: expected ':' after a field name, got true"},
        Refused{R"({"flag":true "u32":1})",
                "byte 13: expected ',' or '}' after a field, got \"u32\""},
        Refused{R"({"numbers":[1 2]})",
                "numbers: byte 14: expected ',' or ']' after an element, got 2"},
        Refused{R"({"text":"abc)", "text: the document ends inside a string"},
        Refused{"{\"text\":\"a\tb\"}",
                "text: byte 10: a control character in a string must be written as \\u0009"},
        Refused{"{\"text\":\"ab\xC0\xAF\"}", "text: byte 11: the string is not UTF-8 (byte 0xc0)"},
        Refused{"{\"text\":\"\\n\xED\xA0\x80\"}",
                "text: byte 11: the string is not UTF-8 (byte 0xed)"},
        Refused{R"({"text":"\ud800x"})", "text: byte 9: half of a surrogate pair stands alone"},
        Refused{R"({"text":"\q"})",
                "text: byte 9: unknown escape in a string; use one of \\\" \\\\ \\/ \\b \\f \\n "
                "\\r \\t \\uXXXX"},
        Refused{R"({"text":"\u12g4"})", "text: byte 13: \\u needs four hexadecimal digits"}));

TEST(JsonDecode, stops_at_the_limits) {
    Everything m;
    const auto nested = [](std::size_t depth) {
        std::string text = "{}";
        for (std::size_t i = 1; i < depth; ++i)
            text = "{\"nested\":" + text + "}";
        return text;
    };
    EXPECT_TRUE(decode(nested(limits::json_depth_max), m));
    const Result<void> deep = decode(nested(limits::json_depth_max + 1), m);
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().code, ErrorCode::exhausted);
    EXPECT_THAT(deep.error().context, HasSubstr("nested more than 32 deep"));

    DecodeLimits small;
    small.messages_max = 3;
    EXPECT_TRUE(decode(R"({"jobs":[{},{}]})", m, small));
    EXPECT_FALSE(decode(R"({"jobs":[{},{},{}]})", m, small));
    EXPECT_FALSE(decode(R"({"labels":{"a":"","b":"","c":""}})", m, small));
    small.bytes_max = 2;
    EXPECT_TRUE(decode("{}", m, small));
    EXPECT_FALSE(decode("{ }", m, small));
}

TEST(JsonDecode, every_cut_of_a_document_is_refused) {
    const std::string text =
        R"({"text":"\u00e9x","child":{"job_id":7},"numbers":[1,-2],"labels":{"a":"b"}})";
    Everything m;
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(decode(text.substr(0, size), m)) << size;
    }
}

TEST(JsonEncode, writes_what_decode_reads) {
    Everything m;
    const std::string text =
        R"({"flag":true,"i32":-5,"u32":6,"i64":9007199254740991,"u64":"9007199254740992",)"
        R"("text":"q\"\\\n\u0001é","blob":"00ff","state":"node_fail","child":{"job_id":7},)"
        R"("numbers":[1,2],"labels":{"a":"1","b":"2"},"by_number":{"5":{"job_id":5}},)"
        R"("maybe":0,"left":"","longs":["-9007199254740992",-9007199254740991]})";
    const Result<void> done = decode(text, m);
    ASSERT_TRUE(done) << done.error().context;
    EXPECT_EQ(encode(m), text);
}

TEST(JsonEncode, prints_defaults_when_asked) {
    suan::testing::Dependency m;
    EXPECT_EQ(encode(m), "{}");
    EXPECT_EQ(encode(m, Defaults::print), R"({"job_id":0,"state":"unspecified"})");
    suan::testing::Submit job;
    EXPECT_THAT(encode(job, Defaults::print), HasSubstr(R"("after":[])"));
}

TEST(JsonEncode, replaces_bytes_that_are_not_utf8) {
    std::string out;
    append_quoted(out, "a\xFF\x62");
    EXPECT_EQ(out, "\"a\xEF\xBF\xBD\x62\"");
}

TEST(JsonEncode, an_enum_value_of_a_newer_schema_is_its_number) {
    suan::testing::Dependency m;
    m.set_state(static_cast<suan::testing::JobState>(77));
    EXPECT_EQ(encode(m), R"({"state":77})");
}

}  // namespace
}  // namespace suan::api::json
