// The files of a job over HTTP. What the executor refuses is tested beside it.
#include "api/testing.hpp"

namespace suan::api {
namespace {

class FilesTest : public ApiTest {
protected:
    std::uint64_t job_with(std::map<std::string, std::string> files) {
        const std::uint64_t id = run_for(Duration::seconds(1));
        world_.executor.files_[JobId{id}] = std::move(files);
        return id;
    }
    static std::string files_of(std::uint64_t id) { return fmt::format("/v1/jobs/{}/files", id); }
    static std::string content(std::uint64_t id, std::string_view query) {
        return fmt::format("/v1/jobs/{}/files/content?path={}", id, query);
    }
    static std::string header(const Answer& answer, std::string_view name) {
        for (const auto& [key, value] : answer.headers)
            if (key == name) return value;
        return "(no " + std::string(name) + ")";
    }
};

TEST_F(FilesTest, AreListedAndReadInPieces) {
    const std::uint64_t id = job_with({{"a.txt", "0123456789"}, {"out/b", ""}});
    const Answer list = ok(user, "GET", files_of(id));
    EXPECT_EQ(list.at("/files").as_array().size(), 2U);
    EXPECT_EQ(list.at("/files/0/path").as_string(), "a.txt");
    EXPECT_EQ(list.at("/files/0/bytes").as_int64(), 10);
    EXPECT_EQ(list.at("/files/0/modified_us").as_int64(), 7);
    EXPECT_EQ(list.at("/attempt").as_int64(), 1);
    EXPECT_FALSE(list.at("/cut").as_bool());
    const Answer piece = ok(user, "GET", content(id, "a.txt&offset=3&limit_bytes=4"));
    EXPECT_EQ(piece.body, "3456");
    EXPECT_EQ(header(piece, "x-file-next"), "7");
    EXPECT_EQ(header(piece, "x-file-size"), "10");
    EXPECT_EQ(header(piece, "content-type"), "application/octet-stream");
    EXPECT_EQ(header(piece, "x-content-type-options"), "nosniff");
    EXPECT_EQ(ok(user, "GET", content(id, "out%2Fb")).body, "");
}

// A file's name is its job's to choose: it reaches no header as it is.
TEST_F(FilesTest, AreHandedOutAsAttachmentsWhateverTheirName) {
    const std::uint64_t id = job_with({{"x/\"\r\nSet-Cookie: a=算.html", "<script>"}});
    const Answer got = ok(user, "GET", content(id, "x/%22%0D%0ASet-Cookie:%20a=%E7%AE%97.html"));
    EXPECT_EQ(got.body, "<script>");
    EXPECT_EQ(header(got, "content-disposition"),
              "attachment; filename*=UTF-8''%22%0D%0ASet-Cookie%3A%20a%3D%E7%AE%97.html");
    EXPECT_EQ(header(got, "set-cookie"), "(no set-cookie)");
}

TEST_F(FilesTest, BadQuestionsNameTheField) {
    const std::uint64_t id = job_with({{"a.txt", "0123456789"}});
    EXPECT_EQ(ask(user, "GET", content(id, "")).at("/error/field").as_string(), "path");
    for (const std::string wrong :
         {"limit_bytes=0", "limit_bytes=4194305", "attempt=0", "attempt=2"}) {
        const Answer answer = ask(user, "GET", content(id, "a.txt&" + wrong));
        EXPECT_EQ(answer.status, 400) << wrong;
        EXPECT_EQ(answer.at("/error/field").as_string(), wrong.substr(0, wrong.find('=')));
    }
    EXPECT_EQ(ask(user, "GET", content(id, "b.txt")).status, 404);
    EXPECT_EQ(ask(user, "GET", files_of(99)).status, 404);
    EXPECT_EQ(ask(other_user, "GET", files_of(id)).status, 403);
    EXPECT_EQ(ask(foreign, "GET", content(id, "a.txt")).status, 404);
    EXPECT_EQ(ask("", "GET", files_of(id)).status, 401);
}

TEST_F(FilesTest, AJobWithoutAnyHasAnEmptyList) {
    const std::uint64_t id = submit(user, "waits");
    EXPECT_EQ(ok(user, "GET", files_of(id)).at("/files").as_array().size(), 0U);
}

}  // namespace
}  // namespace suan::api
