#include "bin/hub/serve.hpp"

#include "api/api_server.hpp"
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/hub/app_folder.hpp"
#include "bin/hub/centre_file.hpp"
#include "bin/hub/data_folder.hpp"
#include "bin/hub/listen_address.hpp"
#include "bin/units.hpp"
#include "exec/local/local_executor.hpp"
#include "exec/sim/scaled_sim.hpp"
#include "log/sqlite/sqlite_log.hpp"
#include "runtime/hub.hpp"
#include "runtime/ledgers/ledger_service.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <filesystem>
#include <optional>

namespace suan::bin {
namespace {

template <typename T>
T opened(Result<T> result) {
    if (result) return std::move(*result);
    const bool later = result.error().code == ErrorCode::unavailable;
    const bool wrong = result.error().code == ErrorCode::invalid;
    throw Failed(later   ? ExitCode::try_again
                 : wrong ? ExitCode::refused
                         : ExitCode::io,
                 result.error().context);
}

void done(Result<void> result) {
    if (!result) throw Failed(ExitCode::refused, result.error().context);
}

void block_stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Which signal it was.
int wait_for_stop_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int signal = 0;
    while (sigwait(&set, &signal) != 0) {
    }
    return signal;
}

exec::SandboxPolicy sandbox_policy(const std::string& text) {
    if (text == "auto") return exec::SandboxPolicy::when_it_works;
    if (text == "required") return exec::SandboxPolicy::required;
    if (text == "off") return exec::SandboxPolicy::off;
    throw Failed(ExitCode::usage,
                 fmt::format("--sandbox: \"{}\" is not auto, required or off", text));
}

// The hub's program may be replaced while it runs; the path keeps naming the installed one.
std::string program_folder() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::string() : self.parent_path().string();
}

exec::LocalOptions local_options(const ServeOptions& options, const DataFolder& folder) {
    exec::LocalOptions local;
    local.root = folder.jobs();
    local.sandbox = sandbox_policy(options.sandbox);
    local.allowed_working_dirs = options.work_dirs;
    local.readable_paths = options.readable;
    if (const std::string beside = program_folder(); !beside.empty())
        local.readable_paths.push_back(beside);
    return local;
}

// The one that was named, else the one that lies where a package puts it, else none.
std::filesystem::path console_folder(const ServeOptions& options) {
    if (!options.console.empty()) return options.console;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto installed = self.parent_path().parent_path() / "share" / "suan" / "console";
    return std::filesystem::exists(installed / "index.html", error) ? installed
                                                                    : std::filesystem::path();
}

// Everything that a running hub consists of, in the order in which it is made.
class Service {
public:
    explicit Service(const ServeOptions& options)
        : options_(options), folder_(opened(make_data_folder(options.data))) {}

    // Until it serves; then readers of the port file may come.
    void start() {
        const ListenAddress listen = opened(parse_listen_address(options_.listen));
        open_hub();
        start_executors();
        const bool first_start = opened(ensure_operator(*hub_, folder_));
        for (const std::string& file : options_.centres) {
            const CentreApplied applied = opened(apply_centre_file(*hub_, folder_, file));
            spdlog::info("centre file {}: {}", file,
                         applied.commands == 0 ? "nothing to change"
                                               : fmt::format("{} changes", applied.commands));
        }
        open_ledgers();
        api::ApiOptions api;
        api.ledgers = ledgers_.get();
        api.address = listen.address;
        api.port = listen.port;
        api.io_threads = options_.io_threads;
        api.apps = opened(load_apps(options_.apps, program_folder(), [](const std::string& line) {
            spdlog::error("app left out: {}", line);
        }));
        spdlog::info("apps: {}", api.apps.size());
        api.peer_rate = {options_.rate_per_second, options_.rate_per_second * 2};
        api.console = console_folder(options_);
        api.sessions.file = folder_.root / "sessions";
        if (api.console.empty()) spdlog::info("no console: --console names a built one");
        api_ = opened(api::ApiServer::start(*hub_, api));
        announce(first_start);
    }

    void stop() {
        api_->stop(Duration::seconds(10));
        ledgers_->stop();
        hub_->stop();
    }

private:
    void open_hub() {
        key_ = opened(load_or_make_key(folder_, options_.key));
        auto log = log::SqliteLog::open(folder_.log(), {});
        if (!log && log.error().code == ErrorCode::unavailable)
            throw Failed(ExitCode::refused,
                         fmt::format("another hub runs on {}: {}", folder_.root.string(),
                                     log.error().context),
                         "stop it first, or give this one a folder of its own with --data");
        log_ = opened(std::move(log));
        runtime::Options runtime;
        runtime.snapshot_entries = options_.snapshot_entries;
        runtime.log_line = [](const std::string& line) { spdlog::info("{}", line); };
        auto hub = runtime::Hub::open(std::move(runtime), *log_, clock_, *key_);
        if (!hub) hub = std::move(hub).error().wrap(folder_.root.string());
        hub_ = opened(std::move(hub));
        const runtime::Recovered& r = hub_->recovered();
        spdlog::info("log: {} entries ({} applied after the snapshot at {}) in {} ms", r.seq,
                     r.entries_applied, r.snapshot_seq, r.took.us / 1'000);
    }

    // After the hub has started, which meters them.
    void open_ledgers() {
        auto file = settle::open_file(folder_.ledgers());
        if (!file) throw Failed(ExitCode::io, file.error().context);
        runtime::LedgerServiceOptions ledgers;
        ledgers.kept_per_org_max = options_.ledger_accounts;
        ledgers.engine.index_folder = folder_.ledgers().parent_path() / "index";
        ledgers.log_line = [](const std::string& line) { spdlog::info("{}", line); };
        ledgers_ = opened(runtime::LedgerService::open(*hub_, *key_, std::move(*file), clock_,
                                                       std::move(ledgers)));
    }

    void start_executors() {
        local_ = opened(
            exec::LocalExecutor::create(local_options(options_, folder_), hub_->executor_sink()));
        exec::SimOptions sim;
        sim.fail_permille = options_.sim_fail_permille;
        sim_ = std::make_unique<exec::ScaledSim>(sim, options_.sim_scale, hub_->executor_sink());
        spdlog::info("executor: {}", local_->describe());
        spdlog::info("executor: {}", sim_->describe());
        done(hub_->start({{EXECUTOR_KIND_LOCAL, local_.get()}, {EXECUTOR_KIND_SIM, sim_.get()}}));
    }

    void announce(bool first_start) const {
        if (!options_.port_file.empty())
            write_whole_file(options_.port_file, fmt::format("{}\n", api_->port()));
        put(fmt::format("Hub ready at {}\n", api_->url()));
        if (first_start)
            put(fmt::format("The operator's token is in {}\n", folder_.operator_token().string()));
    }

    const ServeOptions& options_;
    DataFolder folder_;
    runtime::RealClock clock_;
    std::optional<crypto::PrivateKey> key_;  // the operator's: of the log's blocks and the ledgers'
    std::unique_ptr<log::SqliteLog> log_;
    // Destroyed after the executors: they report into it until their destructors return.
    std::unique_ptr<runtime::Hub> hub_;
    std::unique_ptr<exec::Executor> local_;
    std::unique_ptr<exec::Executor> sim_;
    std::unique_ptr<runtime::LedgerService> ledgers_;
    std::unique_ptr<api::ApiServer> api_;
};

}  // namespace

ExitCode serve(const ServeOptions& options) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("suan"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    block_stop_signals();
    Service service(options);
    service.start();
    const int signal = wait_for_stop_signal();
    spdlog::info("stopping ({}); running jobs go on", signal == SIGINT ? "SIGINT" : "SIGTERM");
    service.stop();
    spdlog::info("stopped");
    return ExitCode::ok;
}

}  // namespace suan::bin
