#include "exec/local/sandbox.hpp"

#include "exec/exec_test.hpp"

#include <signal.h>

#include <fstream>

namespace suan::exec {
namespace {

// Skips where bubblewrap cannot run: the executor then says so, which the last test checks
// everywhere.
class SandboxTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto found = probe_sandbox({{}, default_hidden_paths(), {}});
        if (!found) GTEST_SKIP() << "no sandbox here: " << found.error().context;
        executor_ =
            local_executor(local_options(folder_.path(), SandboxPolicy::required), reports_);
    }
    LeaseEnded run(const StartOrder& order) {
        executor_->start(order);
        return reports_.wait_end(order.ref);
    }

    TemporaryFolder folder_;
    Reports reports_;
    std::unique_ptr<LocalExecutor> executor_;
};

TEST_F(SandboxTest, a_job_runs_in_its_own_folder_with_its_environment) {
    EXPECT_EQ(executor_->describe(), "local: processes on this machine, sandbox: bwrap");
    auto order =
        script_order(1, "echo \"$SUAN_JOB_ID $MINE\"; pwd | tail -c 15; echo x > file; exit 5");
    order.payload.environment["MINE"] = "a value; $(id)";
    const LeaseEnded end = run(order);
    EXPECT_EQ(end.end, (TaskEnd{5, 0})) << end.message;
    EXPECT_EQ(output_of(*executor_, order.ref), "1 a value; $(id)\n/jobs/1/1/work\n");
}

TEST_F(SandboxTest, a_job_sees_neither_other_jobs_nor_the_hub_nor_other_processes) {
    run(script_order(1, "echo private > file"));
    std::ofstream(folder_.path() + "/hub.key") << "secret";
    const std::string root = folder_.path();
    const auto order =
        script_order(2, "cat " + root + "/hub.key " + root + "/jobs/1/1/work/file " + root +
                            "/jobs/2/1/order; ls /root; ls /proc | grep -c '^[0-9]'; "
                            "touch /usr/x /etc/x /x; mkdir /sys/fs/cgroup/x; exit 0");
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    const std::string output = output_of(*executor_, order.ref);
    EXPECT_LE(std::stoi(output), 6) << output;  // only the processes of this job
    EXPECT_EQ(output.find("secret"), std::string::npos);
    EXPECT_EQ(output.find("private"), std::string::npos);
    const std::string errors = output_of(*executor_, order.ref, 0, LogStream::err);
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 7) << errors;
}

TEST_F(SandboxTest, a_preloaded_library_does_not_run_outside) {
    auto order = script_order(1, "echo inside");
    order.payload.environment["LD_DEBUG"] = "files";  // the loader of bwrap would obey and print
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    const std::string errors = output_of(*executor_, order.ref, 0, LogStream::err);
    EXPECT_EQ(errors.find("libcap"), std::string::npos) << "bwrap's own libraries were traced";
}

TEST_F(SandboxTest, a_stop_reaches_the_task_behind_the_sandbox) {
    const auto order = script_order(
        1, "trap 'echo saved > checkpoint; exit 0' TERM; touch ready; while :; do sleep 0.1; done");
    executor_->start(order);
    const std::string work = folder_.path() + "/jobs/1/1/work";
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(work + "/ready"); }));
    executor_->stop({order.ref, "preempted", Duration::seconds(20)});
    const LeaseEnded end = reports_.wait_end(order.ref);
    EXPECT_EQ(end.outcome, Outcome::stopped);
    EXPECT_TRUE(end.end.ok()) << end.end.exit_code << " " << end.end.signal;
    EXPECT_TRUE(std::filesystem::exists(work + "/checkpoint"));
}

TEST_F(SandboxTest, a_stop_without_grace_ends_all_of_it) {
    const auto order = script_order(1, "trap '' TERM; touch ready; while :; do sleep 0.1; done");
    executor_->start(order);
    const std::string work = folder_.path() + "/jobs/1/1/work";
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(work + "/ready"); }));
    executor_->stop({order.ref, "cancelled", Duration{}});
    EXPECT_EQ(reports_.wait_end(order.ref).end.signal, SIGKILL);
}

TEST_F(SandboxTest, a_running_job_is_adopted) {
    const auto order =
        script_order(1, "touch ready; while [ ! -e go ]; do sleep 0.01; done; exit 3");
    executor_->start(order);
    ASSERT_TRUE(reports_.wait_started(order.ref));
    executor_.reset();
    Reports later;
    const auto next = local_executor(local_options(folder_.path(), SandboxPolicy::required), later);
    EXPECT_EQ(next->adopt({order.ref})->at(0).found, Found::running);
    std::ofstream(folder_.path() + "/jobs/1/1/work/go") << "";
    EXPECT_EQ(later.wait_end(order.ref).end, (TaskEnd{3, 0}));
}

TEST_F(SandboxTest, a_gang_shares_the_loopback_network) {
    const auto order = gang_order(1, 2, R"(exec python3 -c '
import os, socket
place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if os.environ["RANK"] == "0":
    print(socket.create_server(place).accept()[0].recv(100).decode())
else:
    while True:
        try: peer = socket.create_connection(place); break
        except ConnectionRefusedError: os.sched_yield()
    peer.sendall(b"hello")
')");
    EXPECT_EQ(run(order).outcome, Outcome::completed);
    EXPECT_EQ(output_of(*executor_, order.ref), "hello\n");
}

TEST(SandboxProbe, a_sandbox_that_does_not_work_is_named_and_refused_where_it_is_required) {
    const auto broken = probe_sandbox({"/bin/false", {}, {}});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().context, "/bin/false ended with 1 (are user namespaces allowed?)");
    EXPECT_EQ(probe_sandbox({"/no/bwrap", {}, {}}).error().context, "/no/bwrap is not installed");
}

}  // namespace
}  // namespace suan::exec
