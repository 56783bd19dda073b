// What a job left in its folder, and what it may have planted there.
#include "exec/exec_test.hpp"
#include "exec/local/attempt.hpp"
#include "exec/multi.hpp"
#include "exec/sim/sim_executor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace suan::exec {
namespace {

namespace fs = std::filesystem;

// An attempt as the executor leaves it; no process is needed for what is only read.
class FilesTest : public ::testing::Test {
protected:
    FilesTest() { order(""); }

    void order(const std::string& working_dir) {
        SupervisorOrder order;
        order.start = script_order(1, "true");
        order.start.payload.working_dir = working_dir;
        fs::create_directories(work());
        put(attempt() + "/order", encode_order(order));
    }
    std::string attempt() const { return attempt_folder(folder_.path(), lease_ref(1)); }
    std::string work() const { return attempt() + "/work"; }
    static void put(const std::string& path, const std::string& text) {
        fs::create_directories(fs::path(path).parent_path());
        std::ofstream(path) << text;
    }
    static AttemptRef of() { return {lease_ref(1).job, {}, 1}; }
    FileList list() const {
        auto found = list_files(folder_.path(), of());
        EXPECT_TRUE(found) << found.error().context;
        return found ? *found : FileList{};
    }
    std::string names() const {
        std::string text;
        for (const FileEntry& file : list().files)
            text += file.path + " ";
        return text;
    }
    Result<FileChunk> read(const std::string& path) const {
        return read_file(folder_.path(), {of(), path, 0, 100});
    }
    ErrorCode refusal(const std::string& path) const {
        const auto got = read(path);
        EXPECT_FALSE(got) << path;
        return got ? ErrorCode::internal : got.error().code;
    }

    TemporaryFolder folder_;
};

TEST_F(FilesTest, are_listed_by_path_with_size_and_time) {
    put(work() + "/result.json", "{}");
    put(work() + "/out/算/b.bin", "12345");
    put(work() + "/.hidden", "");
    EXPECT_EQ(names(), ".hidden out/算/b.bin result.json ");
    const FileList found = list();
    EXPECT_EQ(found.files[1].bytes, 5U);
    EXPECT_GT(found.files[1].modified.us, 1'600'000'000'000'000);
    EXPECT_FALSE(found.cut);
    EXPECT_EQ(found.left_out, 0U);
}

TEST_F(FilesTest, are_read_in_pieces) {
    put(work() + "/out/a", "0123456789");
    FileQuery query{of(), "out/a", 4, 3};
    const auto chunk = read_file(folder_.path(), query);
    ASSERT_TRUE(chunk) << chunk.error().context;
    EXPECT_EQ(chunk->bytes, "456");
    EXPECT_EQ(chunk->size, 10U);
    query.offset = 1ULL << 63;
    EXPECT_EQ(read_file(folder_.path(), query)->bytes, "");
    query.of.attempt = 2;
    EXPECT_EQ(read_file(folder_.path(), query).error().code, ErrorCode::not_found);
    EXPECT_EQ(list_files(folder_.path(), query.of).error().code, ErrorCode::not_found);
}

TEST_F(FilesTest, paths_cannot_leave_the_folder) {
    put(folder_.path() + "/secret", "another tenant's");
    for (const std::string path : {"", ".", "..", "../order", "../../../../secret",
                                   "out/../../order", "/etc/passwd", "out//a", "out/", "/", "./a"})
        EXPECT_EQ(refusal(path), ErrorCode::invalid) << path;
    EXPECT_EQ(refusal(std::string("a\0b", 3)), ErrorCode::invalid);
    EXPECT_EQ(refusal("nothing"), ErrorCode::not_found);
    EXPECT_EQ(refusal(std::string(300, 'x')), ErrorCode::invalid);
}

TEST_F(FilesTest, links_are_neither_listed_nor_followed) {
    put(folder_.path() + "/secret", "another tenant's");
    fs::create_symlink(folder_.path() + "/secret", work() + "/link");
    fs::create_directory_symlink(folder_.path(), work() + "/folder");
    fs::create_symlink("..", work() + "/up");
    put(work() + "/mine", "1");
    EXPECT_EQ(names(), "mine ");
    EXPECT_EQ(list().left_out, 3U);
    EXPECT_EQ(refusal("link"), ErrorCode::forbidden);
    EXPECT_EQ(refusal("folder/secret"), ErrorCode::not_found);
    EXPECT_EQ(refusal("up/order"), ErrorCode::not_found);
}

TEST_F(FilesTest, a_working_folder_replaced_by_a_link_is_not_followed) {
    fs::remove(work());
    fs::create_directory_symlink(folder_.path(), work());
    EXPECT_FALSE(list_files(folder_.path(), of()));
    put(folder_.path() + "/secret", "another tenant's");
    EXPECT_EQ(refusal("secret"), ErrorCode::not_found);
}

// Opening a pipe for reading would wait for a writer for ever.
TEST_F(FilesTest, pipes_and_folders_are_not_files) {
    ASSERT_EQ(::mkfifo((work() + "/pipe").c_str(), 0600), 0);
    fs::create_directory(work() + "/folder");
    EXPECT_EQ(names(), "");
    EXPECT_EQ(list().left_out, 1U);
    EXPECT_EQ(refusal("pipe"), ErrorCode::forbidden);
    EXPECT_EQ(refusal("folder"), ErrorCode::forbidden);
}

TEST_F(FilesTest, names_that_are_not_utf8_are_left_out) {
    put(work() + "/bad\xff", "");
    put(work() + "/good", "");
    EXPECT_EQ(names(), "good ");
    EXPECT_EQ(list().left_out, 1U);
}

// What lies nearest to the top is shown, the rest is cut.
TEST_F(FilesTest, a_huge_folder_is_cut) {
    put(work() + "/first", "");
    for (std::size_t i = 0; i <= files_listed_max; ++i)
        put(work() + "/many/" + std::to_string(i), "");
    const FileList found = list();
    EXPECT_EQ(found.files.size(), files_listed_max);
    EXPECT_TRUE(found.cut);
    EXPECT_EQ(found.files[0].path, "first");
}

TEST_F(FilesTest, exactly_as_many_as_are_listed_are_not_cut) {
    for (std::size_t i = 0; i < files_listed_max; ++i)
        put(work() + "/" + std::to_string(i), "");
    EXPECT_FALSE(list().cut);
    EXPECT_EQ(list().files.size(), files_listed_max);
}

TEST_F(FilesTest, names_that_are_looked_at_are_limited_too) {
    for (std::size_t i = 0; i <= files_visited_max; ++i)
        ASSERT_EQ(::symlink("x", (work() + "/" + std::to_string(i)).c_str()), 0);
    const FileList found = list();
    EXPECT_TRUE(found.cut);
    EXPECT_EQ(found.left_out, files_visited_max);
}

TEST_F(FilesTest, folders_deeper_than_the_limit_are_cut) {
    std::string path = work();
    for (std::size_t depth = 1; depth < files_depth_max; ++depth)
        path += "/d";
    put(path + "/last", "");
    EXPECT_EQ(list().files.size(), 1U);
    EXPECT_FALSE(list().cut);
    put(path + "/d/too-deep", "");
    EXPECT_EQ(list().files.size(), 1U);
    EXPECT_TRUE(list().cut);
}

TEST_F(FilesTest, a_working_folder_of_the_users_choice_is_not_handed_out) {
    put(folder_.path() + "/home/notes", "private");
    order(folder_.path() + "/home");
    EXPECT_EQ(list_files(folder_.path(), of()).error().code, ErrorCode::forbidden);
    EXPECT_EQ(refusal("notes"), ErrorCode::forbidden);
}

TEST_F(FilesTest, come_from_the_executor_that_ran_the_job) {
    put(work() + "/a", "1");
    Reports reports;
    std::map<std::string, std::unique_ptr<Executor>> executors;
    executors["local"] = local_executor(local_options(folder_.path()), reports);
    executors["sim"] = std::make_unique<SimExecutor>(SimOptions{}, reports.sink());
    const MultiExecutor multi(std::move(executors), reports.sink());
    EXPECT_EQ(multi.list_files(of())->files.size(), 1U);
    EXPECT_EQ(multi.read_file({of(), "a", 0, 9})->bytes, "1");
    EXPECT_EQ(multi.read_file({of(), "../order", 0, 9}).error().code, ErrorCode::invalid);
    EXPECT_EQ(multi.list_files({JobId{2}, {}, 1}).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace suan::exec
