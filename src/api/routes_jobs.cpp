// Submitting, reading and changing jobs.
#include "api/batch.hpp"
#include "api/job_list.hpp"
#include "api/routes.hpp"
#include "api/submission.hpp"
#include "api/views_jobs.hpp"
#include "api/views_plans.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

namespace suan::api {
namespace {

void post_job(const CallPtr& call) {
    JobRequest body;
    if (!read_body(*call, body)) return;
    const std::string key(
        call->request->header("idempotency-key").value_or(body.idempotency_key()));
    auto submission = std::make_shared<Submission>();
    if (auto bad = make_submission(body, key, "", *submission)) return call->fail(*bad);
    if (body.after_size() != 0) {
        for (const DependencyRequest& after : body.after()) {
            if (!after.label().empty())
                return call->fail(
                    invalid("after", "labels are for jobs of one batch: give job_id"));
        }
    }
    runtime::Request request;
    request.credential = credential_of(*call->request);
    request.command.Swap(&submission->command);
    request.payload.swap(submission->payload);
    request.prepare = [call, submission](const core::State& state, const Actor& actor,
                                         Command& command) -> std::optional<core::Rejection> {
        if (!may_use(call->request->route(), actor)) return refuse_role(actor);
        return resolve(state, actor, *submission, *command.mutable_submit_job());
    };
    call->context->hub.submit(std::move(request), [call](runtime::Answer&& answer) {
        if (const auto failure = failure_in(answer)) return call->fail(*failure);
        JobAccepted out;
        if (const auto* done = std::get_if<core::AlreadyDone>(&answer)) {
            fill(*done, out);
            return call->answer(out, 200);
        }
        fill(std::get<runtime::Accepted>(answer), out);
        call->answer(out, 201);
    });
}

void post_batch(const CallPtr& call) {
    google::protobuf::Arena arena;
    auto& body = *google::protobuf::Arena::CreateMessage<JobBatchRequest>(&arena);
    if (read_body(*call, body)) submit_batch(call, body);
}

struct JobPlan {
    std::optional<JobView> live;
    std::optional<runtime::JobRow> row;
    std::vector<runtime::LeaseRow> leases;
};

// A job that ended long ago is in the history alone; leases that ended always are.
std::optional<http::Failure> fetch_job(const Call& call, JobPlan& plan) {
    const runtime::History* history = call.context->hub.history();
    const JobId id{call.request->param_u64("id")};
    if (history == nullptr) {
        if (plan.live) return std::nullopt;
        return no_such_job(id.value);
    }
    if (!plan.live) {
        auto row = history->job(id);
        if (!row && row.error().code != ErrorCode::not_found) return http::failure_of(row.error());
        if (!row) return no_such_job(id.value);
        plan.row = std::move(*row);
    }
    auto leases = history->leases(id);
    if (!leases) return http::failure_of(leases.error());
    plan.leases = std::move(*leases);
    return std::nullopt;
}

void show_leases(const core::State& state, JobPlan& plan, JobView& out) {
    google::protobuf::RepeatedPtrField<LeaseView> current;
    current.Swap(out.mutable_leases());
    for (const runtime::LeaseRow& row : plan.leases)
        fill(state, row, *out.add_leases());
    for (LeaseView& lease : current) {
        const bool ended =
            out.leases_size() > 0 && out.leases(out.leases_size() - 1).id() >= lease.id();
        if (!ended) *out.add_leases() = std::move(lease);
    }
}

Lookup<JobView, JobPlan> job_lookup(std::uint64_t id) {
    Lookup<JobView, JobPlan> parts;
    parts.plan = [id](const core::State& state, const Viewer& viewer,
                      JobPlan& plan) -> std::optional<http::Failure> {
        const core::Job* job = state.jobs.find(id);
        if (job == nullptr) return std::nullopt;
        if (!viewer.sees(job->org)) return no_such_job(id);
        plan.live.emplace();
        fill(state, viewer, *job, Reasons::all, *plan.live);
        fill_details(state, viewer, *job, *plan.live);
        return std::nullopt;
    };
    parts.fetch = fetch_job;
    parts.show = [id](const core::State& state, const Viewer& viewer, JobPlan& plan,
                      JobView& out) -> std::optional<http::Failure> {
        if (plan.live) {
            out.Swap(&*plan.live);
        } else if (viewer.sees(plan.row->org)) {
            fill(state, *plan.row, out);
        } else {
            return no_such_job(id);
        }
        show_leases(state, plan, out);
        return std::nullopt;
    };
    return parts;
}

void get_job(const CallPtr& call) {
    lookup(call, job_lookup(call->request->param_u64("id")));
}

void get_job_leases(const CallPtr& call) {
    const auto job = job_lookup(call->request->param_u64("id"));
    Lookup<LeaseList, JobPlan> parts;
    parts.plan = job.plan;
    parts.fetch = job.fetch;
    parts.show = [job](const core::State& state, const Viewer& viewer, JobPlan& plan,
                       LeaseList& out) -> std::optional<http::Failure> {
        JobView view;
        if (auto failure = job.show(state, viewer, plan, view)) return failure;
        out.mutable_leases()->Swap(view.mutable_leases());
        return std::nullopt;
    };
    lookup(call, std::move(parts));
}

struct WhyPlan {
    WhyView view;
    Time submitted;
    Time started;  // 0: it waits
};

// One span for each change; the first begins with the submission.
void add_history(const std::vector<runtime::WaitRow>& rows, const WhyPlan& plan, WhyView& out) {
    const auto add = [&](Time from, const std::string& code) {
        if (out.history_size() > 0) out.mutable_history(out.history_size() - 1)->set_to_us(from.us);
        WaitSpanView& span = *out.add_history();
        span.set_from_us(from.us);
        span.set_code(code);
        return &span;
    };
    if (rows.empty() || rows.front().since > plan.submitted) add(plan.submitted, "Priority");
    for (const runtime::WaitRow& row : rows) {
        WaitSpanView* span = add(row.since, row.code);
        if (row.reserved_start > Time{})
            span->set_message("it held a reservation, so it was among the next to start");
    }
    if (plan.started > Time{} && out.history_size() > 0)
        out.mutable_history(out.history_size() - 1)->set_to_us(plan.started.us);
}

void get_why(const CallPtr& call) {
    const std::uint64_t id = call->request->param_u64("id");
    auto plan = std::make_shared<WhyPlan>();
    ask(
        call,
        [call, id, plan](const core::State& state,
                         const Viewer& viewer) -> std::optional<http::Failure> {
            const core::Job* job = viewer.job(state, id);
            if (job == nullptr) return no_such_job(id);
            fill_why(state, viewer, *job, plan->view);
            plan->submitted = job->submitted;
            plan->started = job->lease ? job->started : Time{};
            if (job->state != JOB_STATE_WAITING) return std::nullopt;
            for (const core::HelpfulChange& each : core::help(state, *job))
                fill(state, each, *plan->view.add_helps());
            if (const auto forecast = call->context->forecasts.of(job->id))
                fill(*forecast, state.now, *plan->view.mutable_forecast());
            return std::nullopt;
        },
        [id, plan](Call& c) {
            if (const runtime::History* history = c.context->hub.history()) {
                const auto rows = history->waits(JobId{id});
                if (!rows) return c.fail(http::failure_of(rows.error()));
                add_history(*rows, *plan, plan->view);
            }
            c.answer(plan->view);
        });
}

void cancel(const CallPtr& call, CancelRequest body) {
    Change what;
    CancelJob& command = *what.command.mutable_cancel_job();
    command.set_job_id(call->request->param_u64("id"));
    command.set_whole_array(body.whole_array());
    command.mutable_reason()->swap(*body.mutable_reason());
    change(call, std::move(what));
}

void post_cancel(const CallPtr& call) {
    CancelRequest body;
    if (read_body(*call, body, Body::optional)) cancel(call, std::move(body));
}

void delete_job(const CallPtr& call) {
    CancelRequest body;
    body.set_whole_array(call->request->query_true("whole_array"));
    body.set_reason(std::string(call->request->query("reason").value_or("")));
    cancel(call, std::move(body));
}

void post_hold(const CallPtr& call) {
    Change what;
    what.command.mutable_hold_job()->set_job_id(call->request->param_u64("id"));
    change(call, std::move(what));
}

void post_release(const CallPtr& call) {
    Change what;
    what.command.mutable_release_job()->set_job_id(call->request->param_u64("id"));
    change(call, std::move(what));
}

}  // namespace

void add_job_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto* changed = ChangeAccepted::descriptor();
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler) {
        text.tag = "jobs";
        return make_route(context, text, allowed, request, response, handler);
    };
    auto post = add({Method::post, "/v1/jobs", "submit_job", "Submit a job or an array"},
                    roles::working, JobRequest::descriptor(), JobAccepted::descriptor(), post_job);
    post.description =
        "With an Idempotency-Key header a retry is safe: it gets the first answer "
        "again, with status 200 and already_done.";
    post.success_status = 201;
    router.add(std::move(post));
    router.add(add({Method::post, "/v1/jobs/batch", "submit_jobs", "Submit up to 10,000 jobs"},
                   roles::working, JobBatchRequest::descriptor(), JobBatchResponse::descriptor(),
                   post_batch));
    auto list = add({Method::get, "/v1/jobs", "list_jobs", "Jobs, newest first"}, roles::everyone,
                    nullptr, JobList::descriptor(), get_jobs);
    list.query = list_query({text_param("org", "name"), text_param("project", "name, with org"),
                             text_param("member", "name, with org"), text_param("pool", "name"),
                             text_param("state", "waiting, running, ...; several with commas"),
                             text_param("name", "of the job, exactly"),
                             u64_param("array", "id of an array's first job"),
                             u64_param("since_us", "submitted then or later"),
                             text_param("sort",
                                        "submitted, state, devices, wait or cost; with - in "
                                        "front the largest first; default newest first")});
    router.add(std::move(list));
    router.add(add({Method::get, "/v1/jobs/{id:u64}", "get_job", "One job with its leases"},
                   roles::everyone, nullptr, JobView::descriptor(), get_job));
    router.add(add({Method::get, "/v1/jobs/{id:u64}/leases", "get_job_leases", "Leases of a job"},
                   roles::everyone, nullptr, LeaseList::descriptor(), get_job_leases));
    router.add(add({Method::get, "/v1/jobs/{id:u64}/why", "why_job", "Every reason why it waits"},
                   roles::everyone, nullptr, WhyView::descriptor(), get_why));
    auto remove = add({Method::del, "/v1/jobs/{id:u64}", "delete_job", "Cancel a job"},
                      roles::working, nullptr, changed, delete_job);
    remove.query = {{.name = "whole_array", .type = http::ParamType::boolean, .description = ""},
                    text_param("reason", "for the record")};
    router.add(std::move(remove));
    router.add(add({Method::post, "/v1/jobs/{id:u64}/cancel", "cancel_job", "Cancel a job"},
                   roles::working, CancelRequest::descriptor(), changed, post_cancel));
    router.add(add({Method::post, "/v1/jobs/{id:u64}/hold", "hold_job", "Keep it from starting"},
                   roles::working, nullptr, changed, post_hold));
    router.add(add({Method::post, "/v1/jobs/{id:u64}/release", "release_job", "Let it start"},
                   roles::working, nullptr, changed, post_release));
}

}  // namespace suan::api
