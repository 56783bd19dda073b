#include "api/private_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace suan::api {
namespace {

std::optional<http::Failure> check_private(const Viewer& viewer, const PrivatePlan& plan,
                                           std::uint64_t id) {
    if (!viewer.sees(plan.org)) return no_such_job(id);
    if (viewer.sees_private(plan.org, plan.member)) return std::nullopt;
    return http::make_failure(403, "forbidden",
                              "only who submitted a job, or an admin of the org, sees its payload "
                              "and its output");
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

}  // namespace

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

void ask_private(const CallPtr& call, std::function<void(Call&, const PrivatePlan&)> serve) {
    const std::uint64_t id = call->request->param_u64("id");
    auto plan = std::make_shared<PrivatePlan>();
    // Asked again after the history was read: rights are those of that moment.
    const auto check = [plan, id](const core::State& state, const Viewer& viewer) {
        if (const core::Pool* pool = state.pools.find(plan->pool.value))
            plan->executor = pool->executor;
        return check_private(viewer, *plan, id);
    };
    ask(
        call,
        [plan, id](const core::State& state, const Viewer& viewer) {
            return plan_private(state, viewer, id, *plan);
        },
        [call, plan, id, check, serve = std::move(serve)](Call& c) {
            if (auto failure = fetch_private(c, id, *plan)) return c.fail(*failure);
            ask(call, check, [plan, serve](Call& again) { serve(again, *plan); });
        });
}

std::optional<http::Failure> read_attempt(const http::Request& request, const PrivatePlan& plan,
                                          std::uint32_t& attempt) {
    const std::uint64_t newest = std::max(1U, plan.attempts);
    const std::uint64_t wanted = request.query_u64("attempt").value_or(newest);
    if (wanted < 1 || wanted > newest)
        return invalid("attempt", fmt::format("the job has had {} attempts", plan.attempts));
    attempt = static_cast<std::uint32_t>(wanted);
    return std::nullopt;
}

}  // namespace suan::api
