// A hub in a process of its own, started and stopped by `suan up`.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace suan::bin {

class HubProcess {
public:
    // Starts `suan hub run ARGUMENTS`, its output in `log_file`, and waits until `port_file` says
    // where it serves. Throws Failed with the hub's own last words when it ends before that.
    HubProcess(const std::vector<std::string>& arguments, const std::filesystem::path& log_file,
               const std::filesystem::path& port_file);
    HubProcess(const HubProcess&) = delete;
    HubProcess& operator=(const HubProcess&) = delete;
    // Stops it, should it still run.
    ~HubProcess();

    const std::string& url() const { return url_; }
    pid_t pid() const { return pid_; }
    // SIGTERM, and waits; SIGKILL after half a minute. Idempotent.
    void stop();
    // True when it has ended by itself.
    bool has_ended();

private:
    [[noreturn]] void fail_with_last_words(const std::filesystem::path& log_file) const;

    pid_t pid_ = -1;
    std::string url_;
};

}  // namespace suan::bin
