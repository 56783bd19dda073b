#include "bin/job_follow.hpp"

#include "api/json/decode.hpp"
#include "bin/job_request.hpp"
#include "bin/job_views.hpp"
#include "bin/units.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace suan::bin {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto poll_interval = std::chrono::milliseconds(100);
constexpr auto away_max = std::chrono::seconds(60);

std::string log_target(const LogOptions& options) {
    Query query(fmt::format("/v1/jobs/{}/logs", options.job));
    query.add("stream", options.stream).add("task", std::to_string(options.task));
    if (options.attempt != 0) query.add("attempt", std::to_string(options.attempt));
    return query.text();
}

// Polls: an answer costs the hub microseconds, and a poll needs no stream that may break.
std::optional<JobView> ended_job(Session& session, std::uint64_t id,
                                 Steady::time_point& last_seen) {
    try {
        JobView job = get_job(session, id);
        last_seen = Steady::now();
        if (has_ended(job.state())) return job;
    } catch (const Failed& failed) {
        if (failed.code() != ExitCode::unreachable || Steady::now() - last_seen > away_max) throw;
    }
    return std::nullopt;
}

}  // namespace

std::optional<JobView> wait_for_job(Session& session, std::uint64_t id,
                                    std::optional<Duration> timeout) {
    const auto begin = Steady::now();
    auto last_seen = begin;
    while (true) {
        if (auto job = ended_job(session, id, last_seen)) return job;
        if (timeout && Steady::now() - begin >= std::chrono::microseconds(timeout->us))
            return std::nullopt;
        std::this_thread::sleep_for(poll_interval);
    }
}

void read_output(Session& session, const LogOptions& options, const LogSink& sink) {
    std::uint64_t offset = 0;
    while (true) {
        const auto answer = session.raw(fmt::format("{}&offset={}", log_target(options), offset));
        sink(answer.body);
        const auto next = parse_number(answer.header("x-log-next").value_or(""));
        const auto size = parse_number(answer.header("x-log-size").value_or(""));
        if (!next || !size || *next <= offset || *next >= *size) return;
        offset = *next;
    }
}

void follow_output(Session& session, const LogOptions& options, const LogSink& sink) {
    session.events(log_target(options) + "&follow=true",
                   [&](const api::http::ReceivedEvent& event) {
                       if (event.name == "end") return false;
                       LogPiece piece;
                       if (event.name == "log" && api::json::decode(event.data, piece))
                           sink(piece.text());
                       return true;
                   });
}

int shell_exit_code(const JobView& job) {
    if (job.state() == JOB_STATE_COMPLETED) return 0;
    if (job.signal() != 0) return 128 + static_cast<int>(job.signal());
    return job.exit_code() == 0 ? 1 : job.exit_code() & 0xFF;
}

}  // namespace suan::bin
