// Real processes. Nothing here sleeps to wait for something: it waits for a report or a file.
#include "exec/local/local_executor.hpp"

#include "exec/exec_test.hpp"
#include "exec/local/attempt.hpp"
#include "exec/local/environment.hpp"
#include "exec/local/os.hpp"

#include <fmt/format.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace suan::exec {
namespace {

class LocalExecutorTest : public ::testing::Test {
protected:
    void SetUp() override { executor_ = local_executor(local_options(folder_.path()), reports_); }

    LeaseEnded run(const StartOrder& order) {
        executor_->start(order);
        return reports_.wait_end(order.ref);
    }
    std::string attempt(const LeaseRef& ref) { return attempt_folder(folder_.path(), ref); }
    bool appears(const LeaseRef& ref, const std::string& name) {
        return eventually([&] { return std::filesystem::exists(attempt(ref) + "/work/" + name); });
    }
    static void put(const std::string& path, const std::string& text) {
        std::ofstream(path) << text;
    }

    TemporaryFolder folder_;
    Reports reports_;
    std::unique_ptr<LocalExecutor> executor_;
};

TEST_F(LocalExecutorTest, a_script_runs_and_both_streams_are_kept) {
    const auto order = script_order(1, "echo to out; echo to err >&2");
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.outcome, Outcome::completed) << end.message;
    EXPECT_EQ(output_of(*executor_, order.ref), "to out\n");
    EXPECT_EQ(output_of(*executor_, order.ref, 0, LogStream::err), "to err\n");
    EXPECT_EQ(reports_.of<Started>(order.ref).size(), 1U);
    ASSERT_EQ(reports_.of<TaskEnded>(order.ref).size(), 1U);
    EXPECT_EQ(reports_.of<LeaseEnded>(order.ref).size(), 1U);
}

TEST_F(LocalExecutorTest, exit_codes_and_signals_are_reported_as_they_were) {
    const LeaseEnded code = run(script_order(1, "exit 42"));
    EXPECT_EQ(code.outcome, Outcome::failed);
    EXPECT_EQ(code.end, (TaskEnd{42, 0}));
    EXPECT_EQ(code.message, "task 0 ended with exit code 42");
    const LeaseEnded killed = run(script_order(2, "kill -SEGV $$"));
    EXPECT_EQ(killed.outcome, Outcome::failed);
    EXPECT_EQ(killed.end, (TaskEnd{0, SIGSEGV}));
}

TEST_F(LocalExecutorTest, standard_input_is_empty_and_no_descriptor_leaks_in) {
    const auto order = script_order(1, "cat; ls /proc/self/fd | tr '\\n' ' '");
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, order.ref), "0 1 2 3 ");  // 3: the folder that ls lists
}

TEST_F(LocalExecutorTest, arguments_and_variables_reach_the_task_without_a_shell_in_between) {
    auto order = gang_order(1, 1, "");
    order.payload.argv = {"printf", "%s|", "$(id) `id`; rm -rf /", "a  b", "", "*"};
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, order.ref), "$(id) `id`; rm -rf /|a  b||*|");
    auto second = script_order(2, "printf '%s' \"$ODD\"");
    second.payload.environment["ODD"] = "line 1\nline 2 % $(id) \xff";
    EXPECT_EQ(run(second).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, second.ref), "line 1\nline 2 % $(id) \xff");
}

// Task 0 listens on MASTER_PORT, task 1 connects to it and says its rank.
TEST_F(LocalExecutorTest, a_gang_of_two_talks_over_loopback) {
    const auto order = gang_order(1, 2, R"(exec python3 -c '
import os, socket, time
place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
if rank == 0:
    server = socket.create_server(place)
    peer, _ = server.accept()
    print("heard", peer.recv(100).decode(), "of", size)
else:
    while True:
        try:
            peer = socket.create_connection(place)
            break
        except ConnectionRefusedError:
            os.sched_yield()
    peer.sendall(b"rank %d" % rank)
')");
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.outcome, Outcome::completed) << end.message;
    EXPECT_EQ(output_of(*executor_, order.ref, 0), "heard rank 1 of 2\n");
    EXPECT_EQ(reports_.of<TaskEnded>(order.ref).size(), 2U);
}

TEST_F(LocalExecutorTest, when_one_task_fails_the_others_are_stopped) {
    auto order = gang_order(1, 3, "if [ $RANK = 1 ]; then exit 7; fi; exec sleep 1000");
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.outcome, Outcome::failed);
    EXPECT_EQ(end.end, (TaskEnd{7, 0}));
    EXPECT_EQ(end.message, "task 1 ended with exit code 7");
}

TEST_F(LocalExecutorTest, no_task_runs_when_one_cannot_be_started) {
    auto order = gang_order(1, 2, "touch ran");
    order.payload.argv = {"/no/such/program"};
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.outcome, Outcome::launch_failed);
    EXPECT_EQ(end.message, "task 0: '/no/such/program' is not an executable file");
    EXPECT_TRUE(reports_.of<Started>(order.ref).empty());
    const LeaseEnded script = run([] {
        auto o = script_order(2, "");
        o.payload.script = "#!/no/such/interpreter\n";
        return o;
    }());
    EXPECT_EQ(script.outcome, Outcome::launch_failed);
    EXPECT_NE(script.message.find("the interpreter in its first line"), std::string::npos);
}

TEST_F(LocalExecutorTest, a_stop_lets_the_task_write_its_checkpoint) {
    // A shell runs its trap between two commands: they are short, for the signal may come just
    // before one begins, which is then not stopped by it.
    const auto order = script_order(
        1, "trap 'echo saved > checkpoint; exit 0' TERM; touch ready; while :; do sleep 0.1; done");
    executor_->start(order);
    ASSERT_TRUE(appears(order.ref, "ready"));
    executor_->stop({order.ref, "preempted by job 9", Duration::seconds(20)});
    const LeaseEnded end = reports_.wait_end(order.ref);
    EXPECT_EQ(end.outcome, Outcome::stopped);
    EXPECT_EQ(end.message, "preempted by job 9");
    EXPECT_TRUE(std::filesystem::exists(attempt(order.ref) + "/work/checkpoint"));
}

TEST_F(LocalExecutorTest, a_task_that_ignores_the_stop_is_killed_with_everything_it_left) {
    // The grandchild leaves the group and the session; it is found because it is a descendant.
    const auto order = script_order(1,
                                    "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > pid; "
                                    "while :; do sleep 1000; done' & "
                                    "while :; do sleep 1000; done");
    executor_->start(order);
    ASSERT_TRUE(eventually([&] {
        const auto text = read_file(attempt(order.ref) + "/work/pid");
        return text && text->ends_with('\n');
    }));
    const pid_t orphan = std::stoi(*read_file(attempt(order.ref) + "/work/pid"));
    executor_->stop({order.ref, "cancelled", Duration::milliseconds(50)});
    const LeaseEnded end = reports_.wait_end(order.ref);
    EXPECT_EQ(end.outcome, Outcome::stopped);
    EXPECT_EQ(end.end.signal, SIGKILL);
    EXPECT_NE(::kill(orphan, 0), 0);
}

TEST_F(LocalExecutorTest, background_processes_do_not_outlive_their_lease) {
    const auto order = script_order(1, "setsid sleep 1000 & echo $! > pid");
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_NE(::kill(std::stoi(*read_file(attempt(order.ref) + "/work/pid")), 0), 0);
}

TEST_F(LocalExecutorTest, the_wall_time_is_kept_without_a_hub) {
    auto order = script_order(1, "exec sleep 1000");
    order.walltime = Duration::milliseconds(100);
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.outcome, Outcome::timed_out);
    EXPECT_EQ(end.end.signal, SIGTERM);
}

TEST_F(LocalExecutorTest, a_second_start_is_refused_while_it_runs_and_after) {
    const auto order =
        script_order(1, "echo once >> count; while [ ! -e go ]; do sleep 0.01; done");
    executor_->start(order);
    ASSERT_TRUE(appears(order.ref, "count"));
    executor_->start(order);
    ASSERT_TRUE(eventually([&] { return reports_.of<StartRefused>(order.ref).size() == 1; }));
    put(attempt(order.ref) + "/work/go", "");
    EXPECT_EQ(reports_.wait_end(order.ref).outcome, Outcome::completed);
    executor_->start(order);
    ASSERT_TRUE(eventually([&] { return reports_.of<StartRefused>(order.ref).size() == 2; }));
    EXPECT_EQ(*read_file(attempt(order.ref) + "/work/count"), "once\n");
}

// Also the one that a stopped task saves at its last moment.
TEST_F(LocalExecutorTest, checkpoints_become_reports) {
    const auto order =
        script_order(1, R"(trap 'echo "suan-progress {\"checkpoint\":true}"; exit 0' TERM
        echo 'suan-progress {"checkpoint":true}'; while :; do sleep 0.05; done)");
    executor_->start(order);
    ASSERT_TRUE(eventually([&] { return reports_.of<Checkpointed>(order.ref).size() == 1; }));
    executor_->stop({order.ref, "resized", Duration::seconds(30)});
    reports_.wait_end(order.ref);
    EXPECT_EQ(reports_.of<Checkpointed>(order.ref).size(), 2U);
}

TEST_F(LocalExecutorTest, progress_lines_become_reports) {
    const auto order = script_order(
        1, R"(echo 'suan-progress {"fraction":0.4,"message":"epoch 2"}'; echo 'other'; )"
           R"(while [ ! -e go ]; do sleep 0.01; done; echo 'suan-progress {"fraction":1}')");
    executor_->start(order);
    ASSERT_TRUE(eventually([&] { return !reports_.of<Progress>(order.ref).empty(); }));
    EXPECT_EQ(reports_.of<Progress>(order.ref)[0].mark, (ProgressMark{400, "epoch 2"}));
    put(attempt(order.ref) + "/work/go", "");
    EXPECT_EQ(reports_.wait_end(order.ref).progress, (ProgressMark{1'000, ""}));
}

TEST_F(LocalExecutorTest, limits_reach_the_process) {
    auto order = script_order(1, "ulimit -n; ulimit -c");
    order.limits.open_files = 77;
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, order.ref), "77\n0\n");
    auto greedy = gang_order(2, 1, "");
    greedy.payload.argv = {"python3", "-c", "x = bytearray(400 << 20)"};
    greedy.limits.memory_bytes = 200 << 20;
    EXPECT_EQ(run(greedy).outcome, Outcome::failed);
    EXPECT_NE(output_of(*executor_, greedy.ref, 0, LogStream::err).find("MemoryError"),
              std::string::npos);
}

TEST_F(LocalExecutorTest, named_output_files_lie_in_the_working_folder) {
    auto order = gang_order(5, 2, "echo task $RANK; echo error >&2");
    order.payload.stdout_pattern = "logs/%x-%j.%2t.txt";
    order.job_name = "../evil";
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(*read_file(attempt(order.ref) + "/work/logs/.._evil-5.01.txt"), "task 1\nerror\n");
    EXPECT_EQ(output_of(*executor_, order.ref, 1), "task 1\nerror\n");
    EXPECT_EQ(output_of(*executor_, order.ref, 1, LogStream::err), "task 1\nerror\n");
}

TEST_F(LocalExecutorTest, output_files_cannot_leave_the_working_folder) {
    std::uint64_t number = 10;
    for (const char* name : {"../x", "/etc/suan-test", "a/../../x", "%x", "..", "a//b", "%z"}) {
        auto order = script_order(++number, "true");
        order.job_name = "..";
        order.payload.stdout_pattern = name;
        const LeaseEnded end = run(order);
        EXPECT_EQ(end.outcome, Outcome::launch_failed) << name;
        EXPECT_NE(end.message.find("file"), std::string::npos) << end.message;
    }
}

TEST_F(LocalExecutorTest, a_log_replaced_by_a_link_is_not_followed) {
    put(folder_.path() + "/secret", "another tenant's");
    auto order = script_order(1, "rm out; ln -s " + folder_.path() + "/secret out");
    order.payload.stdout_pattern = "out";
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, order.ref).find("another"), std::string::npos);
    auto pipe = script_order(2, "rm out; mkfifo out");
    pipe.payload.stdout_pattern = "out";
    EXPECT_EQ(run(pipe).outcome, Outcome::completed);
    EXPECT_NE(output_of(*executor_, pipe.ref).find("not a regular file"), std::string::npos);
}

TEST_F(LocalExecutorTest, logs_are_read_in_pieces_and_only_where_they_are) {
    const auto order = script_order(1, "printf 0123456789");
    run(order);
    LogQuery query{order.ref.job, {}, 1, 0, LogStream::out, 4, 3};
    EXPECT_EQ(executor_->read_log(query)->bytes, "456");
    EXPECT_EQ(executor_->read_log(query)->size, 10U);
    query.offset = 1ULL << 63;
    EXPECT_EQ(executor_->read_log(query)->bytes, "");
    query.attempt = 2;
    EXPECT_EQ(executor_->read_log(query).error().code, ErrorCode::not_found);
    query.attempt = 1;
    query.task = 1;
    EXPECT_EQ(executor_->read_log(query).error().code, ErrorCode::not_found);
}

TEST_F(LocalExecutorTest, bad_orders_are_refused_with_the_field) {
    struct Case {
        const char* what;
        std::function<void(StartOrder&)> spoil;
    };
    const std::vector<Case> cases{
        {"tasks: expected", [](StartOrder& o) { o.tasks.clear(); }},
        {"tasks[0].task", [](StartOrder& o) { o.tasks[0].task = 3; }},
        {"script or argv", [](StartOrder& o) { o.payload.script.clear(); }},
        {"#!", [](StartOrder& o) { o.payload.script = "echo hello"; }},
        {"argv: holds a zero", [](StartOrder& o) { o.payload.argv = {std::string("a\0b", 3)}; }},
        {"environment: a name", [](StartOrder& o) { o.payload.environment["A=B"] = "c"; }},
        {"working_dir: expected an absolute", [](StartOrder& o) { o.payload.working_dir = "etc"; }},
        {"none of the folders", [](StartOrder& o) { o.payload.working_dir = "/etc"; }},
        {"is not there", [](StartOrder& o) { o.payload.working_dir = "/no/such"; }},
        {"real path", [](StartOrder& o) { o.payload.working_dir = "/etc/../etc"; }},
        {"payload: 1048", [](StartOrder& o) { o.payload.script.resize(1 << 20 | 1, '#'); }},
    };
    std::uint64_t number = 0;
    for (const Case& item : cases) {
        auto order = script_order(++number, "true");
        item.spoil(order);
        const LeaseEnded end = run(order);
        EXPECT_EQ(end.outcome, Outcome::launch_failed) << item.what;
        EXPECT_NE(end.message.find(item.what), std::string::npos) << end.message;
    }
}

TEST_F(LocalExecutorTest, a_new_executor_adopts_what_runs_and_what_ended_meanwhile) {
    const auto waits =
        script_order(1, "touch ready; while [ ! -e go ]; do sleep 0.01; done; exit 3");
    const auto ends =
        script_order(2, "touch ready; while [ ! -e go ]; do sleep 0.01; done; exit 4");
    for (const auto& order : {waits, ends})
        executor_->start(order);
    for (const auto& order : {waits, ends})
        ASSERT_TRUE(reports_.wait_started(order.ref));
    executor_.reset();
    put(attempt(ends.ref) + "/work/go", "");
    ASSERT_TRUE(eventually([&] {
        const auto text = read_file(attempt(ends.ref) + "/status");
        return text && decode_status(*text)->phase == Phase::ended;
    }));

    Reports later;
    const auto next = local_executor(local_options(folder_.path()), later);
    const auto found = next->adopt({waits.ref, ends.ref, lease_ref(3)});
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[0].found, Found::running);
    EXPECT_EQ((*found)[1].found, Found::ended);
    EXPECT_EQ((*found)[1].end->end, (TaskEnd{4, 0}));
    EXPECT_EQ((*found)[2].found, Found::never_started);
    put(attempt(waits.ref) + "/work/go", "");
    EXPECT_EQ(later.wait_end(waits.ref).end, (TaskEnd{3, 0}));
}

TEST_F(LocalExecutorTest, an_adopted_lease_can_be_stopped) {
    const auto order = script_order(1, "exec sleep 1000");
    executor_->start(order);
    ASSERT_TRUE(reports_.wait_started(order.ref));
    executor_.reset();
    Reports later;
    const auto next = local_executor(local_options(folder_.path()), later);
    ASSERT_TRUE(next->adopt({order.ref}));
    next->stop({order.ref, "cancelled", Duration::seconds(20)});
    EXPECT_EQ(later.wait_end(order.ref).outcome, Outcome::stopped);
}

TEST_F(LocalExecutorTest, what_runs_without_being_known_is_killed) {
    const auto order = script_order(1, "trap '' TERM; echo $$ > pid; while :; do sleep 1000; done");
    executor_->start(order);
    ASSERT_TRUE(appears(order.ref, "pid"));
    executor_.reset();
    Reports later;
    const auto next = local_executor(local_options(folder_.path()), later);
    ASSERT_TRUE(next->adopt({}));
    EXPECT_TRUE(eventually([&] {
        const auto text = read_file(attempt(order.ref) + "/status");
        return text && decode_status(*text)->phase == Phase::ended;
    }));
}

TEST_F(LocalExecutorTest, a_lease_whose_supervisor_died_is_lost_and_leaves_nothing) {
    const auto order = script_order(1, "setsid sh -c 'echo $$ > pid; exec sleep 1000' & wait");
    executor_->start(order);
    ASSERT_TRUE(eventually([&] {
        const auto text = read_file(attempt(order.ref) + "/work/pid");
        return text && text->ends_with('\n');
    }));
    const pid_t orphan = std::stoi(*read_file(attempt(order.ref) + "/work/pid"));
    const auto claim = decode_identity(*read_file(attempt(order.ref) + "/claim"));
    ASSERT_EQ(::kill(claim->pid, SIGKILL), 0);
    EXPECT_EQ(reports_.wait_end(order.ref).outcome, Outcome::lost);
    EXPECT_TRUE(eventually([&] {
        const auto identity = identity_of(orphan);
        return !identity || !open_process(*identity);
    }));
}

TEST_F(LocalExecutorTest, a_process_with_a_reused_pid_is_not_taken_for_the_supervisor) {
    const auto order = script_order(1, "true");
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    auto self = *identity_of(::getpid());
    self.start_ticks -= 1;
    put(attempt(order.ref) + "/claim", encode_identity(self));
    ASSERT_EQ(::unlink((attempt(order.ref) + "/status").c_str()), 0);
    const auto found = executor_->adopt({order.ref});
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[0].found, Found::ended);
    EXPECT_EQ((*found)[0].end->outcome, Outcome::lost);
}

TEST_F(LocalExecutorTest, a_lease_that_waits_for_its_launch_can_be_stopped) {
    auto options = local_options(folder_.path() + "/other");
    options.launches_max = 0;
    Reports reports;
    const auto held = local_executor(options, reports);
    const auto order = script_order(1, "true");
    held->start(order);
    held->stop({order.ref, "cancelled", Duration{}});
    EXPECT_EQ(reports.wait_end(order.ref).outcome, Outcome::stopped);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

TEST_F(LocalExecutorTest, a_thousand_quick_tasks_leave_no_process_and_no_descriptor) {
    const std::size_t before = open_descriptors();
    const auto processes = descendants(list_processes(), ::getpid()).size();
    constexpr std::uint64_t count = 250;  // gangs of four
    for (std::uint64_t number = 1; number <= count; ++number) {
        auto order = gang_order(number, 4, "");
        order.payload.argv = {"/bin/true"};
        executor_->start(order);
    }
    std::size_t completed = 0;
    for (std::uint64_t number = 1; number <= count; ++number)
        completed += reports_.wait_end(lease_ref(number)).outcome == Outcome::completed ? 1 : 0;
    EXPECT_EQ(completed, count);
    EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
    EXPECT_EQ(descendants(list_processes(), ::getpid()).size(), processes);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/running"));
}

}  // namespace
}  // namespace suan::exec

// A hub to be killed: starts one lease on `root`, then waits for the end of the world.
int hold_main(const char* root) {
    using namespace suan::exec;
    Reports reports;
    const auto executor = local_executor(local_options(root), reports);
    executor->start(
        script_order(1, "echo ran >> count; while [ ! -e go ]; do sleep 0.01; done; exit 9"));
    while (true)
        ::pause();
}

namespace suan::exec {
namespace {

TEST_F(LocalExecutorTest, a_lease_survives_kill_9_of_the_hub_and_is_not_started_again) {
    const pid_t hub = ::fork();
    if (hub == 0) {
        ::execl("/proc/self/exe", "hub", "hold", folder_.path().c_str(), nullptr);
        ::_exit(127);
    }
    const LeaseRef ref = lease_ref(1);
    ASSERT_TRUE(appears(ref, "count"));
    ASSERT_EQ(::kill(hub, SIGKILL), 0);
    ASSERT_EQ(::waitpid(hub, nullptr, 0), hub);
    const auto found = executor_->adopt({ref});
    ASSERT_TRUE(found);
    ASSERT_EQ((*found)[0].found, Found::running);
    executor_->start(script_order(1, "echo again >> count"));
    EXPECT_TRUE(eventually([&] { return reports_.of<StartRefused>(ref).size() == 1; }));
    put(attempt(ref) + "/work/go", "");
    EXPECT_EQ(reports_.wait_end(ref).end, (TaskEnd{9, 0}));
    EXPECT_EQ(*read_file(attempt(ref) + "/work/count"), "ran\n");
}

}  // namespace
}  // namespace suan::exec
