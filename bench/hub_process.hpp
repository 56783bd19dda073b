// The real program `suan hub run` as a child of a bench: started on a free loopback port in a
// folder of its own, killed or stopped. The jobs that it supervises are processes of their own and
// outlive it. Belongs to one thread, the one that makes it: the child ends with that thread.
#pragma once

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace suan::bench {

[[noreturn]] inline void give_up(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Of SUAN_BIN, else beside the bench.
inline std::filesystem::path suan_program() {
    const char* named = std::getenv("SUAN_BIN");
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    const std::filesystem::path path = named != nullptr ? named : self.parent_path() / "suan";
    if (access(path.c_str(), X_OK) != 0)
        give_up(
            fmt::format("no program {}: build it (./dev build) or set SUAN_BIN", path.string()));
    return std::filesystem::absolute(path);
}

// A new folder in the build tree, beside the folder of the programs.
inline std::filesystem::path fresh_folder(const std::string& name) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    auto folder = self.parent_path().parent_path() / fmt::format("{}.{}", name, getpid());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}

// Starts a program with its output appended to a file; returns its pid.
inline pid_t spawn(const std::vector<std::string>& words, const std::filesystem::path& output) {
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) give_up("fork failed");
    if (child > 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
}

class HubProcess {
public:
    // `options` are those of `suan hub run` besides --data, --listen and --port-file.
    HubProcess(std::filesystem::path folder, std::vector<std::string> options)
        : folder_(std::move(folder)), options_(std::move(options)), program_(suan_program()) {}
    ~HubProcess() { kill(); }
    HubProcess(const HubProcess&) = delete;
    HubProcess& operator=(const HubProcess&) = delete;

    std::filesystem::path data() const { return folder_ / "data"; }
    std::filesystem::path log_text() const { return folder_ / "hub.log"; }
    const std::filesystem::path& program() const { return program_; }
    std::string token(const std::string& name) const {
        std::string text = read_text(data() / "tokens" / name);
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        if (text.empty()) give_up(fmt::format("no token {}", name));
        return text;
    }
    pid_t pid() const { return pid_; }
    std::uint16_t port() const { return port_; }
    std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }

    // Of all its threads so far, in user and kernel mode.
    double cpu_s() const {
        const std::string stat = read_text(fmt::format("/proc/{}/stat", pid_));
        std::istringstream fields(stat.substr(stat.rfind(')') + 2));
        std::string word;
        for (int i = 0; i < 11; ++i)
            fields >> word;
        double user = 0;
        double system = 0;
        fields >> user >> system;
        return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    }

    void launch() {
        std::filesystem::remove(folder_ / "port");
        std::vector<std::string> words{program_.string(), "hub",         "run",
                                       "--data",          data(),        "--listen",
                                       "127.0.0.1:0",     "--port-file", folder_ / "port"};
        words.insert(words.end(), options_.begin(), options_.end());
        pid_ = spawn(words, log_text());
    }
    // Until it serves; ends the bench with the hub's words when it does not within two minutes.
    void wait_ready() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
        for (;;) {
            const std::string text = read_text(folder_ / "port");
            if (!text.empty() && text.back() == '\n') {
                port_ = static_cast<std::uint16_t>(std::stoul(text));
                return;
            }
            if (waitpid(pid_, nullptr, WNOHANG) == pid_ ||
                std::chrono::steady_clock::now() > deadline) {
                give_up(fmt::format("the hub did not start:\n{}", read_text(log_text())));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    void start() {
        launch();
        wait_ready();
    }

    // SIGKILL to the hub alone.
    void kill() { end_with(SIGKILL); }
    // SIGTERM; true when it ended with status 0.
    bool stop() {
        const auto status = end_with(SIGTERM);
        return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
    }

private:
    std::optional<int> end_with(int signal) {
        if (pid_ <= 0) return std::nullopt;
        ::kill(pid_, signal);
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }

    std::filesystem::path folder_;
    std::vector<std::string> options_;
    std::filesystem::path program_;
    pid_t pid_ = 0;
    std::uint16_t port_ = 0;
};

}  // namespace suan::bench
