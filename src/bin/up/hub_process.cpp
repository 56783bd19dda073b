#include "bin/up/hub_process.hpp"

#include "bin/exit_code.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace suan::bin {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto start_max = std::chrono::seconds(60);
constexpr auto stop_max = std::chrono::seconds(30);

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

[[noreturn]] void become_hub(std::vector<char*> argv, int log_fd) {
    ::setsid();  // Ctrl-C is for `suan up`; the hub stops in order when that ends, however it ends
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int null_fd = ::open("/dev/null", O_RDONLY);
    ::dup2(null_fd, STDIN_FILENO);
    ::dup2(log_fd, STDOUT_FILENO);
    ::dup2(log_fd, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
}

}  // namespace

HubProcess::HubProcess(const std::vector<std::string>& arguments,
                       const std::filesystem::path& log_file,
                       const std::filesystem::path& port_file) {
    std::vector<std::string> words{"suan", "hub", "run", "--port-file", port_file.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::error_code error;
    std::filesystem::remove(port_file, error);
    const int log_fd = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log_fd < 0) throw Failed(ExitCode::io, fmt::format("cannot write {}", log_file.string()));
    pid_ = ::fork();
    if (pid_ == 0) become_hub(argv, log_fd);
    ::close(log_fd);
    if (pid_ < 0) throw Failed(ExitCode::try_again, "cannot start a process for the hub");
    const auto begin = Steady::now();
    while (!std::filesystem::exists(port_file, error)) {
        if (has_ended() || Steady::now() - begin > start_max) {
            stop();
            fail_with_last_words(log_file);
        }
        std::this_thread::sleep_for(poll_interval);
    }
    std::string port = text_of(port_file);
    port.erase(port.find_last_not_of('\n') + 1);
    url_ = "http://127.0.0.1:" + port;
}

void HubProcess::fail_with_last_words(const std::filesystem::path& log_file) const {
    std::string words = text_of(log_file);
    if (words.size() > 2'000) words = words.substr(words.size() - 2'000);
    throw Failed(ExitCode::refused, fmt::format("the hub did not start. It said:\n{}", words));
}

bool HubProcess::has_ended() {
    if (pid_ <= 0) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
}

void HubProcess::stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    const auto begin = Steady::now();
    while (!has_ended()) {
        if (Steady::now() - begin > stop_max) ::kill(pid_, SIGKILL);
        std::this_thread::sleep_for(poll_interval);
    }
}

HubProcess::~HubProcess() {
    stop();
}

}  // namespace suan::bin
