// What a job leaves behind while it runs: its private payload, its output, its live events.
#include "api/cookie.hpp"
#include "api/private_job.hpp"
#include "api/routes.hpp"
#include "api/views_jobs.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::api {
namespace {

constexpr std::uint64_t output_bytes_default = 64 << 10;
constexpr std::uint64_t output_bytes_max = 4 << 20;

// Of a stream that a browser's session opens. A token has no end of its own: its member is changed.
StillSignedIn still_signed_in(const Call& call) {
    if (bearer_token(*call.request)) return {};
    const auto id = cookie(*call.request, call.context->cookie);
    if (!id) return {};
    return [&sessions = call.context->sessions, id = std::string(*id)] {
        return sessions.token_of(id).has_value();
    };
}

void get_payload(const CallPtr& call) {
    const std::uint64_t id = call->request->param_u64("id");
    auto plan = std::make_shared<PrivatePlan>();
    ask(
        call,
        [plan, id](const core::State& state, const Viewer& viewer) -> std::optional<http::Failure> {
            if (auto bad = plan_private(state, viewer, id, *plan)) return bad;
            if (!plan->known) return no_such_job(id);
            return std::nullopt;
        },
        [plan, id](Call& c) {
            JobPayloadView out;
            out.set_id(id);
            out.mutable_payload();
            if (!plan->has_payload) return c.answer(out);
            const auto body = c.context->hub.log().payload(plan->payload_sm3);
            if (!body) return c.fail(http::failure_of(body.error()));
            out.mutable_payload()->ParseFromString(*body);
            c.answer(out);
        });
}

std::optional<http::Failure> read_output_query(const http::Request& request,
                                               const PrivatePlan& plan, exec::LogQuery& query) {
    query.job = JobId{request.param_u64("id")};
    query.stream = request.query("stream").value_or("out") == "err" ? exec::LogStream::err
                                                                    : exec::LogStream::out;
    const std::uint64_t task = request.query_u64("task").value_or(0);
    if (task >= limits::tasks_max) return invalid("task", "there is no such task");
    query.task = static_cast<std::uint32_t>(task);
    if (auto bad = read_attempt(request, plan, query.attempt)) return bad;
    query.offset = request.query_u64("offset").value_or(0);
    query.max_bytes = request.query_u64("limit_bytes").value_or(output_bytes_default);
    if (query.max_bytes < 1 || query.max_bytes > output_bytes_max) {
        return invalid("limit_bytes", fmt::format("must be 1 to {}", output_bytes_max));
    }
    return std::nullopt;
}

// Before there is any output it is empty: the job is known to exist.
void send_output(Call& call, const exec::Executor* executor, const exec::LogQuery& query) {
    exec::LogChunk chunk;
    if (executor != nullptr) {
        auto read_now = executor->read_log(query);
        if (read_now) {
            chunk = std::move(*read_now);
        } else if (read_now.error().code != ErrorCode::not_found) {
            return call.fail(http::failure_of(read_now.error()));
        }
    }
    http::Response response;
    response.content_type = "application/octet-stream";
    const std::uint64_t next = query.offset + chunk.bytes.size();
    response.headers = {{"X-Log-Offset", fmt::format("{}", query.offset)},
                        {"X-Log-Next", fmt::format("{}", next)},
                        {"X-Log-Size", fmt::format("{}", chunk.size)}};
    response.body = std::move(chunk.bytes);
    call.responder.send(std::move(response));
}

void get_output(const CallPtr& call) {
    ask_private(call, [](Call& c, const PrivatePlan& plan) {
        exec::LogQuery query;
        if (auto bad = read_output_query(*c.request, plan, query)) return c.fail(*bad);
        const exec::Executor* executor = c.context->hub.executor(plan.executor);
        if (!c.request->query_true("follow")) return send_output(c, executor, query);
        if (executor == nullptr) return c.fail(not_found("this job's pool keeps no output"));
        query.max_bytes = output_bytes_default;
        OutputScope scope;
        scope.credential = credential_of(*c.request);
        scope.still_signed_in = still_signed_in(c);
        scope.executor = executor;
        scope.query = query;
        c.context->live.follow(std::move(scope), c.responder.stream());
    });
}

std::optional<http::Failure> resume_point(const http::Request& request, std::uint64_t now,
                                          std::uint64_t& after) {
    after = now;
    const auto header = request.header("last-event-id");
    if (!header || header->empty()) return std::nullopt;
    std::uint64_t value = 0;
    bool good = header->size() <= 19;
    for (const char c : *header) {
        good = good && c >= '0' && c <= '9';
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (!good || value > now) {
        return invalid("Last-Event-ID", "must be the id of an event that this stream has sent");
    }
    after = value;
    return std::nullopt;
}

void follow_events(const CallPtr& call, std::uint64_t job_id) {
    auto scope = std::make_shared<EventScope>();
    auto ended = std::make_shared<bool>(false);
    scope->job = JobId{job_id};
    scope->still_signed_in = still_signed_in(*call);
    ask(
        call,
        [call, scope, ended](const core::State& state,
                             const Viewer& viewer) -> std::optional<http::Failure> {
            scope->actor = viewer.actor();
            if (scope->job) {
                const core::Job* job = viewer.job(state, scope->job.value);
                if (job == nullptr) return no_such_job(scope->job.value);
                *ended = job->has_ended();
            }
            state.leases.for_each([&](std::uint64_t id, const core::Lease& lease) {
                const core::Job* job = state.jobs.find(lease.job.value);
                const bool mine = job != nullptr && viewer.sees(job->org);
                if (mine) scope->job_of_lease[id] = lease.job.value;
            });
            return resume_point(*call->request, state.seq, scope->after);
        },
        [scope, ended](Call& c) {
            const bool resumed = c.request->header("last-event-id").has_value();
            const EventStreamPtr stream = c.responder.stream();
            if (*ended && !resumed) {
                stream->send({.name = "end", .data = "{}", .id = {}});
                return stream->end();
            }
            c.context->live.follow(std::move(*scope), stream);
        });
}

void get_job_events(const CallPtr& call) {
    follow_events(call, call->request->param_u64("id"));
}
void get_events(const CallPtr& call) {
    follow_events(call, 0);
}

}  // namespace

void add_job_output_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    router.add(make_route(context,
                          {Method::get, "/v1/jobs/{id:u64}/payload", "get_job_payload",
                           "The private part of a job", "jobs"},
                          roles::tenants, nullptr, JobPayloadView::descriptor(), get_payload));
    auto output = make_route(context,
                             {Method::get, "/v1/jobs/{id:u64}/logs", "get_job_logs",
                              "Output of a task, or a stream of it", "jobs"},
                             roles::tenants, nullptr, nullptr, get_output);
    output.response_type = "application/octet-stream";
    output.query = {{.name = "stream",
                     .type = http::ParamType::choice,
                     .description = "default out",
                     .choices = {"out", "err"}},
                    u64_param("task", "default 0"),
                    u64_param("attempt", "default the newest"),
                    u64_param("offset", "first byte"),
                    u64_param("limit_bytes", "at most so many, default 65536"),
                    {.name = "follow",
                     .type = http::ParamType::boolean,
                     .description = "server-sent events \"log\" until the attempt has ended"}};
    router.add(std::move(output));
    auto job_events = make_route(
        context,
        {Method::get, "/v1/jobs/{id:u64}/events", "get_job_events", "Live events of a job", "jobs"},
        roles::everyone, nullptr, nullptr, get_job_events);
    job_events.response_type = "text/event-stream";
    router.add(std::move(job_events));
    auto events = make_route(
        context, {Method::get, "/v1/events", "get_events", "Live events of all one may see", "hub"},
        roles::everyone, nullptr, nullptr, get_events);
    events.response_type = "text/event-stream";
    router.add(std::move(events));
}

}  // namespace suan::api
