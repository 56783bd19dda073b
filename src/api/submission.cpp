#include "api/submission.hpp"

#include "api/answers.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "runtime/payload.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

using core::RejectionCode;

void move_payload(JobRequest& from, JobPayload& to) {
    to.mutable_script()->swap(*from.mutable_script());
    to.mutable_argv()->Swap(from.mutable_argv());
    to.mutable_environment()->Swap(from.mutable_environment());
    to.mutable_working_dir()->swap(*from.mutable_working_dir());
    to.mutable_stdout_pattern()->swap(*from.mutable_stdout_pattern());
    to.mutable_stderr_pattern()->swap(*from.mutable_stderr_pattern());
    to.set_launcher(from.launcher());
    to.set_cpus_per_task(from.cpus_per_task());
    to.set_memory_bytes(from.memory_bytes());
    to.set_sim_duration_ms(from.sim_duration_ms());
    to.set_sim_exit_code(from.sim_exit_code());
}

void move_spec(JobRequest& from, JobSpec& to) {
    to.mutable_name()->swap(*from.mutable_name());
    if (to.name().empty()) to.set_name("job");
    to.set_tier(from.tier());
    to.set_tasks(from.tasks());
    to.set_tasks_min(from.tasks_min());
    to.set_devices_per_task(from.devices_per_task());
    to.set_milli_per_device(from.milli_per_device());
    to.set_topology(from.topology());
    to.set_topology_wait_ms(from.topology_wait_ms());
    to.set_walltime_ms(from.walltime_ms());
    to.set_priority(from.priority());
    to.set_retries(from.retries());
    to.set_checkpoint_interval_ms(from.checkpoint_interval_ms());
    to.set_begin_time_us(from.begin_time_us());
    to.set_held(from.held());
    to.set_grace_ms(from.grace_ms());
    to.set_bid_micro_yuan(from.bid_micro_yuan());
    for (const DependencyRequest& after : from.after()) {
        Dependency& dependency = *to.add_dependencies();
        dependency.set_job_id(after.job_id());
        dependency.set_kind(after.kind());
    }
}

std::optional<http::Failure> check_after(const JobRequest& request, std::string_view prefix) {
    for (int i = 0; i < request.after_size(); ++i) {
        const DependencyRequest& after = request.after(i);
        if ((after.job_id() == 0) != after.label().empty()) continue;
        return invalid(fmt::format("{}after[{}]", prefix, i),
                       "exactly one of job_id and label must be given");
    }
    return std::nullopt;
}

// The failure of a payload names its field first: "argv: must not ...".
http::Failure payload_failure(const Error& error, std::string_view prefix) {
    http::Failure failure = http::failure_of(error);
    failure.field = fmt::format("{}{}", prefix, error.context.substr(0, error.context.find(':')));
    return failure;
}

std::optional<core::Rejection> resolve_org(const core::State& state, const Actor& actor,
                                           const Submission& s, SubmitJob& command) {
    if (s.org.empty()) {
        command.set_org_id(actor.org_id());
        if (actor.org_id() != 0) return std::nullopt;
        return refuse(RejectionCode::invalid_field, "org",
                      "org: an operator names the org for which it submits");
    }
    const core::Org* org = state.org_by_name(s.org);
    if (org == nullptr || (actor.org_id() != 0 && org->id.value != actor.org_id())) {
        return refuse(RejectionCode::not_found, "org", fmt::format("there is no org {}", s.org));
    }
    command.set_org_id(org->id.value);
    return std::nullopt;
}

std::optional<core::Rejection> resolve_project(const core::State& state, const Submission& s,
                                               SubmitJob& command) {
    const core::Org& org = state.orgs.at(command.org_id());
    const bool only = s.project.empty() && org.projects.size() == 1;
    const core::Project* project =
        only ? &state.projects.at(org.projects.front().value)
             : state.project_by_name(org.id, s.project.empty() ? "default" : s.project);
    if (project != nullptr) {
        command.set_project_id(project->id.value);
        return std::nullopt;
    }
    if (!s.project.empty()) {
        return refuse(RejectionCode::not_found, "project",
                      fmt::format("the org has no project {}", s.project));
    }
    return refuse(RejectionCode::invalid_field, "project",
                  "project: name one; the org has neither a single project nor one called default");
}

std::optional<core::Rejection> resolve_member(const core::State& state, const Actor& actor,
                                              const Submission& s, SubmitJob& command) {
    if (s.member.empty()) {
        command.set_member_id(actor.member_id());
        if (actor.org_id() != 0) return std::nullopt;
        return refuse(RejectionCode::invalid_field, "member",
                      "member: an operator names the member on whose behalf it submits");
    }
    const auto found = state.member_names.find({OrgId{command.org_id()}, s.member});
    if (found == state.member_names.end()) {
        return refuse(RejectionCode::not_found, "member",
                      fmt::format("the org has no member {}", s.member));
    }
    command.set_member_id(found->second.value);
    return std::nullopt;
}

std::optional<core::Rejection> resolve_pool(const core::State& state, const Submission& s,
                                            SubmitJob& command) {
    const core::Pool* pool = nullptr;
    if (!s.pool.empty()) {
        pool = state.pool_by_name(s.pool);
    } else if (state.pool_names.size() == 1) {
        pool = &state.pools.at(state.pool_names.begin()->second.value);
    } else {
        return refuse(RejectionCode::invalid_field, "pool",
                      "pool: name one; GET /v1/pools lists them");
    }
    if (pool == nullptr) {
        return refuse(RejectionCode::not_found, "pool",
                      fmt::format("there is no pool {}; GET /v1/pools lists them", s.pool));
    }
    command.mutable_spec()->set_pool_id(pool->id.value);
    if (pool->executor == EXECUTOR_KIND_SIM || s.not_local.empty()) return std::nullopt;
    return refuse(RejectionCode::invalid_field, s.not_local.substr(0, s.not_local.find(':')),
                  s.not_local);
}

}  // namespace

std::optional<http::Failure> make_submission(JobRequest& request, std::string_view idempotency_key,
                                             std::string_view prefix, Submission& out) {
    if (auto failure = check_after(request, prefix)) return failure;
    SubmitJob& command = *out.command.mutable_submit_job();
    command.set_quote_id(request.quote_id());
    if (!idempotency_key.empty()) {
        request.clear_idempotency_key();
        command.set_idempotency_key(std::string(idempotency_key));
        command.set_request_sm3(std::string(as_text(crypto::sm3(request.SerializeAsString()))));
    }
    JobPayload payload;
    move_payload(request, payload);
    if (auto good = runtime::check_payload(payload, EXECUTOR_KIND_SIM); !good) {
        return payload_failure(good.error(), prefix);
    }
    if (auto good = runtime::check_payload(payload, EXECUTOR_KIND_LOCAL); !good) {
        out.not_local = good.error().context;
    }
    payload.SerializeToString(&out.payload);
    if (request.has_array()) command.mutable_array()->Swap(request.mutable_array());
    move_spec(request, *command.mutable_spec());
    out.org.swap(*request.mutable_org());
    out.project.swap(*request.mutable_project());
    out.pool.swap(*request.mutable_pool());
    out.member.swap(*request.mutable_member());
    return std::nullopt;
}

std::optional<core::Rejection> resolve(const core::State& state, const Actor& actor,
                                       const Submission& submission, SubmitJob& command) {
    if (auto bad = resolve_org(state, actor, submission, command)) return bad;
    if (auto bad = resolve_project(state, submission, command)) return bad;
    if (auto bad = resolve_member(state, actor, submission, command)) return bad;
    return resolve_pool(state, submission, command);
}

void fill(const runtime::Accepted& accepted, JobAccepted& out) {
    out.set_seq(accepted.seq);
    out.set_entry_sm3(std::string(as_text(accepted.entry_hash)));
    if (accepted.entry == nullptr) return;
    for (const Event& event : accepted.entry->events()) {
        if (!event.has_job_admitted()) continue;
        if (out.count() == 0) out.set_id(event.job_admitted().job_id());
        out.set_count(out.count() + 1);
    }
}

void fill(const core::AlreadyDone& done, JobAccepted& out) {
    out.set_id(done.first_job.value);
    out.set_count(done.count);
    out.set_already_done(true);
}

}  // namespace suan::api
