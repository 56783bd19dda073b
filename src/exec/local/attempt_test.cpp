#include "exec/local/attempt.hpp"

#include "exec/exec_test.hpp"
#include "exec/local/progress.hpp"
#include "exec/local/records.hpp"

namespace suan::exec {
namespace {

TEST(Records, keep_any_bytes_and_notice_any_cut) {
    RecordWriter writer;
    writer.add("name", std::string("a b%\n\0\xff\x7f", 8));
    writer.add("number", std::uint64_t{18'446'744'073'709'551'615U});
    writer.add("name", "");
    const std::string text = std::move(writer).finish();
    EXPECT_EQ(text, "name a b%25%0A%00\xff%7F\nnumber 18446744073709551615\nname \nend 3\n");
    const auto records = Records::parse(text);
    ASSERT_TRUE(records);
    EXPECT_EQ(records->get("name"), std::string("a b%\n\0\xff\x7f", 8));
    EXPECT_EQ(records->get_u64("number"), 18'446'744'073'709'551'615U);
    EXPECT_EQ(records->items().size(), 3U);
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(Records::parse(text.substr(0, size))) << size;
}

TEST(Records, errors_name_the_line) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"a b\nnospace\n", "line 2: expected 'key value'"},
        {"a %zz\nend 1\n", "line 1: has a bad %XX"},
        {"a b\nend 2\n", "line 2: expected 'end 1' as the last line"},
        {"a b\nend 1\nmore x\n", "line 2: expected 'end 1' as the last line"},
        {"", "line 1: expected the line 'end N'"},
    };
    for (const auto& [text, message] : cases)
        EXPECT_EQ(Records::parse(text).error().context, message);
}

TEST(Order, comes_back_from_its_file_as_it_was) {
    SupervisorOrder order{
        gang_order(7, 3, "echo \"a\nb\""), "/data", {"/usr/bin/bwrap", {"/x y"}, {"/z"}}};
    order.start.ref.array_index = 4;
    order.start.array = ArrayElement{JobId(5), 12, 20, 0, 19, 1};
    order.start.payload.environment = {{"A", "b=c\n"}, {"EMPTY", ""}};
    order.start.tasks[1].node_name = "a name with blanks";
    order.start.tasks[2].devices = {1, 5, 63};
    order.start.walltime = Duration::hours(1);
    order.start.limits = {1, 2, 3};
    const std::string text = encode_order(order);
    const auto again = decode_order(text);
    ASSERT_TRUE(again) << again.error().context;
    EXPECT_EQ(encode_order(*again), text);
    EXPECT_EQ(again->start.ref, order.start.ref);
    EXPECT_EQ(again->start.payload.environment, order.start.payload.environment);
    EXPECT_EQ(again->start.tasks[1].node_name, "a name with blanks");
    EXPECT_EQ(again->start.tasks[2].devices, (std::vector<std::uint32_t>{1, 5, 63}));
    EXPECT_EQ(again->sandbox.hidden_paths, order.sandbox.hidden_paths);
}

TEST(StatusFile, comes_back_as_it_was) {
    Status status;
    status.phase = Phase::ended;
    status.tasks = {std::nullopt, TaskEnd{3, 0}, TaskEnd{0, 9}};
    status.end = {lease_ref(7), Outcome::failed, {3, 0}, "why\n", ProgressMark{400, "half"}};
    const auto again = decode_status(encode_status(status));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->tasks, status.tasks);
    EXPECT_EQ(again->end.ref, status.end.ref);
    EXPECT_EQ(again->end.message, "why\n");
    EXPECT_EQ(again->end.progress, status.end.progress);
    EXPECT_FALSE(decode_status("format something-else\nend 1\n"));
}

TEST(Progress, lines_are_read_leniently) {
    using Mark = std::optional<ProgressMark>;
    const std::vector<std::pair<std::string, Mark>> cases{
        {R"(suan-progress {"fraction":0.4,"message":"epoch 2"})", ProgressMark{400, "epoch 2"}},
        {R"(suan-progress { "message" : "\u7b97 \"a\"\n" , "fraction" : 1e-1, "eta": 4 })",
         ProgressMark{100, "算 \"a\" "}},
        {R"(suan-progress {"fraction":7})", ProgressMark{1'000, ""}},
        {R"(suan-progress {"fraction":-1})", ProgressMark{0, ""}},
        {R"(suan-progress {"checkpoint":true})", ProgressMark{0, "", 1}},
        {R"(suan-progress {"fraction":0.5,"checkpoint": true})", ProgressMark{500, "", 1}},
        {R"(suan-progress {"checkpoint":false})", std::nullopt},
        {R"(suan-progress {"fraction":nan})", std::nullopt},
        {R"(suan-progress {"fraction":"0.5"})", std::nullopt},
        {R"(suan-progress {"message":"no number"})", std::nullopt},
        {R"(suan-progress {"fraction")", std::nullopt},
        {R"(suan-progress {"fraction":0.5,"message":")", ProgressMark{500, ""}},
        {R"( suan-progress {"fraction":0.4})", std::nullopt},
        {"suan-progress {\"fraction\":0.5,\"message\":\"\xff\"}", ProgressMark{500, ""}},
    };
    for (const auto& [line, mark] : cases)
        EXPECT_EQ(parse_progress_line(line), mark) << line;
    const auto longest = parse_progress_line(R"(suan-progress {"fraction":0.5,"message":")" +
                                             std::string(1'000, 'a') + "€\"");
    EXPECT_EQ(longest->message.size(), 512U);
}

TEST(Progress, checkpoints_are_counted_and_keep_the_fraction) {
    const std::string text =
        "suan-progress {\"fraction\":0.25}\nsuan-progress {\"checkpoint\":true}\n"
        "suan-progress {\"checkpoint\":true}\n";
    ProgressScanner scanner;
    EXPECT_EQ(scanner.feed(text), (ProgressMark{250, "", 2}));
    EXPECT_EQ(scanner.feed("suan-progress {\"checkpoint\":true}\n", ProgressMark{250, "", 2}),
              (ProgressMark{250, "", 3}));
    EXPECT_EQ(decode_progress(encode_progress({250, "", 3})).value(), (ProgressMark{250, "", 3}));
}

TEST(Progress, is_found_however_the_stream_is_cut) {
    const std::string text = "hello\nsuan-progress {\"fraction\":0.25}\nsuan-progres\n\nsuan" +
                             std::string(10'000, 'x') + "\nsuan-progress {\"fraction\":0.5}\nbye";
    for (std::size_t piece = 1; piece < 200; ++piece) {
        ProgressScanner scanner;
        std::vector<std::uint32_t> seen;
        for (std::size_t at = 0; at < text.size(); at += piece)
            if (const auto mark = scanner.feed(std::string_view(text).substr(at, piece)))
                seen.push_back(mark->permille);
        EXPECT_EQ(seen, (std::vector<std::uint32_t>{250, 500})) << piece;
    }
}

}  // namespace
}  // namespace suan::exec
