#include "base/assert.hpp"
#include "exec/exec_test.hpp"
#include "exec/local/supervisor.hpp"

#include <stdlib.h>

#include <cstring>

namespace suan::exec {

namespace {
constexpr std::chrono::seconds patience{30};
}

TemporaryFolder::TemporaryFolder() {
    char name[] = "/tmp/suan-exec-XXXXXX";
    SUAN_ASSERT(::mkdtemp(name) != nullptr);
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Sink Reports::sink() {
    return [this](Report report) {
        const std::lock_guard lock(mutex_);
        reports_.push_back(std::move(report));
        changed_.notify_all();
    };
}

bool Reports::wait(const std::function<bool(const std::vector<Report>&)>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return condition(reports_); });
}

LeaseEnded Reports::wait_end(const LeaseRef& ref) {
    LeaseEnded end{ref, Outcome::lost, {-1, -1}, "the test waited in vain", {}};
    wait([&](const std::vector<Report>& reports) {
        for (const Report& report : reports) {
            const auto* ended = std::get_if<LeaseEnded>(&report);
            if (!ended || ended->ref != ref) continue;
            end = *ended;
            return true;
        }
        return false;
    });
    return end;
}

bool Reports::wait_started(const LeaseRef& ref) {
    return wait([&](const std::vector<Report>& reports) {
        for (const Report& report : reports)
            if (std::holds_alternative<Started>(report) && ref_of(report) == ref) return true;
        return false;
    });
}

std::vector<Report> Reports::all() const {
    const std::lock_guard lock(mutex_);
    return reports_;
}

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

LeaseRef lease_ref(std::uint64_t number) {
    return {JobId(number), LeaseId(number + 1'000), 1, {}};
}

StartOrder script_order(std::uint64_t number, const std::string& body) {
    StartOrder order;
    order.ref = lease_ref(number);
    order.job_name = "a job";
    order.org = "acme";
    order.project = "vision";
    order.member = "li";
    order.pool = "cpu";
    order.tasks = {TaskPlacement{0, "node1", {}, 1'000}};
    order.launcher = Launcher::script_on_first_node;
    order.payload.script = "#!/bin/sh\n" + body + "\n";
    return order;
}

StartOrder gang_order(std::uint64_t number, std::uint32_t tasks, const std::string& body) {
    StartOrder order = script_order(number, "");
    order.launcher = Launcher::process_per_task;
    order.payload.script.clear();
    order.payload.argv = {"/bin/sh", "-c", body};
    order.tasks.clear();
    for (std::uint32_t task = 0; task < tasks; ++task)
        order.tasks.push_back(
            TaskPlacement{task, "node" + std::to_string(task / 2 + 1), {task}, 1'000});
    return order;
}

LocalOptions local_options(const std::string& root, SandboxPolicy sandbox) {
    LocalOptions options;
    options.root = root;
    options.sandbox = sandbox;
    options.supervisor_argv = {"/proc/self/exe", supervise_argument};
    return options;
}

std::unique_ptr<LocalExecutor> local_executor(const LocalOptions& options, Reports& reports) {
    auto made = LocalExecutor::create(options, reports.sink());
    EXPECT_TRUE(made) << made.error().context;
    return std::move(*made);
}

std::string output_of(const Executor& executor, const LeaseRef& ref, std::uint32_t task,
                      LogStream stream) {
    LogQuery query;
    query.job = ref.job;
    query.attempt = ref.attempt;
    query.task = task;
    query.stream = stream;
    const auto chunk = executor.read_log(query);
    return chunk ? chunk->bytes : "no log: " + chunk.error().context;
}

}  // namespace suan::exec

// This program is also its own supervisor, and (argument "hold") a hub that can be killed.
int hold_main(const char* root);

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], suan::exec::supervise_argument) == 0)
        return suan::exec::supervise(argv[2]);
    if (argc == 3 && std::strcmp(argv[1], "hold") == 0) return hold_main(argv[2]);
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
