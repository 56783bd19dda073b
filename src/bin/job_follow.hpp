// Waiting for jobs and reading their output while they run.
#pragma once

#include "base/time.hpp"
#include "bin/session.hpp"
#include "suan/api.pb.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace suan::bin {

// Returns the job when it has ended, or nullopt when `timeout` passed first (no timeout: waits for
// ever). A hub that goes away is asked again for a minute: jobs survive its restart.
std::optional<JobView> wait_for_job(Session& session, std::uint64_t id,
                                    std::optional<Duration> timeout);

struct LogOptions {
    std::uint64_t job = 0;
    std::string stream = "out";  // out or err
    std::uint32_t task = 0;
    std::uint32_t attempt = 0;  // 0: the newest
};
using LogSink = std::function<void(std::string_view)>;

// Everything there is now.
void read_output(Session& session, const LogOptions& options, const LogSink& sink);
// Until the job has ended.
void follow_output(Session& session, const LogOptions& options, const LogSink& sink);

// What a shell would see of a job that ended: 0, its exit code, 128 + signal, 1 for any other end.
int shell_exit_code(const JobView& job);

}  // namespace suan::bin
