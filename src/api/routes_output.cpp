// What a job leaves behind while it runs: its private payload, its output, its live events.
#include "api/cookie.hpp"
#include "api/routes.hpp"
#include "api/views_jobs.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::api {
namespace {

constexpr std::uint64_t output_bytes_default = 64 << 10;
constexpr std::uint64_t output_bytes_max = 4 << 20;

// What is needed to find a job's private things, from the state or, for an old one, the history.
struct PrivatePlan {
    bool known = false;
    OrgId org;
    MemberId member;
    PoolId pool;
    std::uint32_t attempts = 0;
    Hash256 payload_sm3{};
    bool has_payload = false;
    ExecutorKind executor = EXECUTOR_KIND_UNSPECIFIED;
};

// Of a stream that a browser's session opens. A token has no end of its own: its member is changed.
StillSignedIn still_signed_in(const Call& call) {
    if (bearer_token(*call.request)) return {};
    const auto id = cookie(*call.request, call.context->cookie);
    if (!id) return {};
    return [&sessions = call.context->sessions, id = std::string(*id)] {
        return sessions.token_of(id).has_value();
    };
}

std::optional<http::Failure> check_private(const Viewer& viewer, const PrivatePlan& plan,
                                           std::uint64_t id) {
    if (!viewer.sees(plan.org)) return no_such_job(id);
    if (viewer.sees_private(plan.org, plan.member)) return std::nullopt;
    return http::make_failure(403, "forbidden",
                              "only who submitted a job, or an admin of the org, sees its payload "
                              "and its output");
}

std::optional<http::Failure> plan_private(const core::State& state, const Viewer& viewer,
                                          std::uint64_t id, PrivatePlan& plan) {
    const core::Job* job = state.jobs.find(id);
    if (job == nullptr) return std::nullopt;
    plan.known = true;
    plan.org = job->org;
    plan.member = job->member;
    plan.pool = job->pool;
    plan.attempts = job->attempts;
    plan.has_payload = job->has_payload;
    plan.payload_sm3 = job->payload_sm3;
    plan.executor = state.pools.at(job->pool.value).executor;
    return check_private(viewer, plan, id);
}

std::optional<http::Failure> fetch_private(const Call& call, std::uint64_t id, PrivatePlan& plan) {
    if (plan.known) return std::nullopt;
    const runtime::History* history = call.context->hub.history();
    if (history == nullptr) return no_such_job(id);
    const auto row = history->job(JobId{id});
    if (!row) {
        return row.error().code == ErrorCode::not_found ? no_such_job(id)
                                                        : http::failure_of(row.error());
    }
    plan.org = row->org;
    plan.member = row->member;
    plan.pool = row->pool;
    plan.attempts = row->attempts;
    return std::nullopt;
}

Lookup<JobPayloadView, PrivatePlan> private_lookup(std::uint64_t id) {
    Lookup<JobPayloadView, PrivatePlan> parts;
    parts.plan = [id](const core::State& state, const Viewer& viewer, PrivatePlan& plan) {
        return plan_private(state, viewer, id, plan);
    };
    parts.fetch = [id](const Call& call, PrivatePlan& plan) {
        return fetch_private(call, id, plan);
    };
    parts.show = [id](const core::State& state, const Viewer& viewer, PrivatePlan& plan,
                      JobPayloadView& out) {
        out.set_id(id);
        if (const core::Pool* pool = state.pools.find(plan.pool.value))
            plan.executor = pool->executor;
        return check_private(viewer, plan, id);
    };
    return parts;
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
    const std::uint64_t attempt =
        request.query_u64("attempt").value_or(std::max(1U, plan.attempts));
    if (attempt < 1 || attempt > std::max(1U, plan.attempts)) {
        return invalid("attempt", fmt::format("the job has had {} attempts", plan.attempts));
    }
    query.attempt = static_cast<std::uint32_t>(attempt);
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
    auto plan = std::make_shared<PrivatePlan>();
    const std::uint64_t id = call->request->param_u64("id");
    const auto parts = private_lookup(id);
    const auto serve = [plan](Call& c) {
        exec::LogQuery query;
        if (auto bad = read_output_query(*c.request, *plan, query)) return c.fail(*bad);
        const exec::Executor* executor = c.context->hub.executor(plan->executor);
        if (!c.request->query_true("follow")) return send_output(c, executor, query);
        if (executor == nullptr) return c.fail(not_found("this job's pool keeps no output"));
        query.max_bytes = output_bytes_default;
        OutputScope scope;
        scope.credential = credential_of(*c.request);
        scope.still_signed_in = still_signed_in(c);
        scope.executor = executor;
        scope.query = query;
        c.context->live.follow(std::move(scope), c.responder.stream());
    };
    const auto check = [parts, plan](const core::State& state, const Viewer& viewer) {
        JobPayloadView unused;
        return parts.show(state, viewer, *plan, unused);
    };
    ask(
        call,
        [parts, plan](const core::State& state, const Viewer& viewer) {
            return parts.plan(state, viewer, *plan);
        },
        [call, parts, plan, check, serve](Call& c) {
            if (auto failure = parts.fetch(c, *plan)) return c.fail(*failure);
            ask(call, check, serve);
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
