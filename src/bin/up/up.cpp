// `suan up`: starts a hub and shows the main job on it.
#include "bin/cli.hpp"
#include "bin/console.hpp"
#include "bin/files.hpp"
#include "bin/hub/data_folder.hpp"
#include "bin/job_request.hpp"
#include "bin/up/demo.hpp"
#include "bin/up/demo_centre.hpp"
#include "bin/up/hub_process.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace suan::bin {
namespace {

namespace fs = std::filesystem;

struct UpOptions {
    std::string data, listen, console;
    std::uint32_t virtual_jobs = 3'000;
    bool once = false;
};

std::string default_data() {
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && state[0] == '/') return std::string(state) + "/suan/up";
    const char* home = std::getenv("HOME");
    return std::string(home == nullptr ? "." : home) + "/.local/state/suan/up";
}

bool port_is_free(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return is_free;
}

std::string listen_address(const UpOptions& options) {
    if (!options.listen.empty()) return options.listen;
    if (port_is_free(7700)) return "127.0.0.1:7700";
    put("Port 7700 is taken: another one is used.\n");
    return "127.0.0.1:0";
}

std::vector<std::string> hub_arguments(const UpOptions& options, const DataFolder& folder,
                                       const fs::path& centre) {
    std::vector<std::string> words{
        "--data",   folder.root.string(),    "--centre",    centre.string(),
        "--listen", listen_address(options), "--sim-scale", "1200"};
    if (!options.console.empty()) words.insert(words.end(), {"--console", options.console});
    return words;
}

void wait_until_stopped(HubProcess& hub) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    const timespec interval{0, 500'000'000};
    while (!hub.has_ended())
        if (::sigtimedwait(&set, nullptr, &interval) > 0) return;
    throw Failed(ExitCode::refused, "the hub has ended by itself",
                 "its log is hub.log in the data folder");
}

void show_console(const HubProcess& hub, const DataFolder& folder) {
    put("  The console, signed in at once (each link is good once, for ten minutes):\n");
    const auto line = [&](const char* who, const std::filesystem::path& token_file) {
        put(fmt::format("    {:<24} {}\n", who, sign_in_link(hub.url(), token_file)));
    };
    line("an engineer (lin)", folder.token("deepriver", "lin"));
    line("the operator", folder.operator_token());
    put("  More links: suan console --hub URL --token-file FILE\n");
}

void show_what_to_try(const HubProcess& hub, const DataFolder& folder, const std::string& console) {
    std::error_code error;
    const std::string program = fs::read_symlink("/proc/self/exe", error);
    put(fmt::format("\n== The hub keeps running at {} {}\n", hub.url(), std::string(20, '=')));
    if (!console.empty()) show_console(hub, folder);
    put(fmt::format(
        "  Its data lie in {}. Every member's token is a file in {}.\n"
        "  Try, in another terminal:\n"
        "    export SUAN_HUB={} SUAN_TOKEN_FILE={}\n"
        "    {} job submit --pool cpu --wait -- echo hello\n"
        "    {} job list\n"
        "    {} sinfo\n"
        "  The API describes itself at {}/openapi.json. Ctrl-C stops the hub; the data stay.\n",
        folder.root.string(), folder.tokens().string(), hub.url(),
        folder.token("deepriver", "lin").string(), program, program, program, hub.url()));
}

void block_stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

ExitCode run_up(Cli&, UpOptions& options) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string data = options.data.empty() ? default_data() : options.data;
    std::error_code error;
    const bool again = fs::exists(DataFolder{fs::absolute(data, error)}.log(), error);
    auto folder = make_data_folder(data);
    if (!folder) throw Failed(ExitCode::io, folder.error().context);
    const fs::path centre = folder->root / "centre.yaml";
    if (!fs::exists(centre, error)) {
        const std::uint32_t cores = std::clamp(std::thread::hardware_concurrency(), 2U, 64U);
        write_whole_file(centre, demo_centre_yaml(cores, Time{now_us()}));
    }
    put(again
            ? fmt::format("Suan: found the data of an earlier run in {}; its orgs, money and jobs "
                          "are used, not made again.\n",
                          folder->root.string())
            : fmt::format("Suan: a new centre, its data in {}.\n", folder->root.string()));
    HubProcess hub(hub_arguments(options, *folder, centre), folder->root / "hub.log",
                   folder->root / "hub.port");
    put(fmt::format("The hub serves at {} (process {}, log in {}).\n", hub.url(), hub.pid(),
                    (folder->root / "hub.log").string()));
    Demo demo(*folder, hub.url(), {options.virtual_jobs});
    demo.show_centre();
    demo.submit();
    demo.wait();
    demo.show_results();
    demo.show_money();
    demo.check();
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
    put(fmt::format("\nAll of this took {} s.\n", seconds.count()));
    if (!options.once) {
        block_stop_signals();
        show_what_to_try(hub, *folder, options.console);
        wait_until_stopped(hub);
        put("\nStopping the hub.\n");
    }
    hub.stop();
    return ExitCode::ok;
}

}  // namespace

void add_up_command(Cli& cli) {
    auto o = std::make_shared<UpOptions>();
    CLI::App& up =
        *cli.app.add_subcommand("up", "Start a hub on this machine and show what it does");
    up.add_option("--data", o->data, "data folder (default ~/.local/state/suan/up)");
    up.add_option("--listen", o->listen, "ADDRESS:PORT (default 127.0.0.1:7700)");
    up.add_option("--console", o->console, "folder of the built console");
    up.add_option("--virtual-jobs", o->virtual_jobs, "on the virtual pool (default 3000)")
        ->check(CLI::Range(3, 30'000));
    up.add_flag("--once", o->once, "end after printing");
    up.callback([&cli, o] { cli.action = [&cli, o] { return run_up(cli, *o); }; });
}

}  // namespace suan::bin
