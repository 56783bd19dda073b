#include "api/batch.hpp"

#include "base/limits.hpp"

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace suan::api {
namespace {

using core::RejectionCode;
using Labels = std::map<std::string_view, std::uint32_t>;

std::optional<http::Failure> read_labels(const JobBatchRequest& batch, Labels& labels) {
    for (int i = 0; i < batch.jobs_size(); ++i) {
        const std::string& label = batch.jobs(i).label();
        if (label.empty()) continue;
        const auto [other, fresh] = labels.emplace(label, static_cast<std::uint32_t>(i));
        if (fresh) continue;
        return invalid(
            fmt::format("jobs[{}].label", i),
            fmt::format("\"{}\" is the label of jobs[{}] already", label, other->second));
    }
    return std::nullopt;
}

std::optional<http::Failure> read_after(const JobBatchRequest& batch, const Labels& labels,
                                        BatchOrder& out) {
    out.after.resize(static_cast<std::size_t>(batch.jobs_size()));
    for (int i = 0; i < batch.jobs_size(); ++i) {
        const auto& after = batch.jobs(i).after();
        for (int k = 0; k < after.size(); ++k) {
            std::uint32_t named = no_label;
            if (!after[k].label().empty()) {
                const auto found = labels.find(after[k].label());
                if (found == labels.end()) {
                    return invalid(
                        fmt::format("jobs[{}].after[{}].label", i, k),
                        fmt::format("no job of this batch has the label \"{}\"", after[k].label()));
                }
                named = found->second;
            }
            out.after[static_cast<std::size_t>(i)].push_back(named);
        }
    }
    return std::nullopt;
}

// From any job that was not ordered, what it waits for and is not ordered either leads into a
// cycle.
http::Failure name_cycle(const JobBatchRequest& batch, const BatchOrder& plan,
                         const std::vector<std::uint32_t>& open) {
    const auto next = [&](std::uint32_t i) {
        for (const std::uint32_t named : plan.after[i]) {
            if (named != no_label && open[named] > 0) return named;
        }
        return no_label;
    };
    std::uint32_t at = 0;
    while (open[at] == 0)
        ++at;
    std::vector<std::uint32_t> path;
    while (std::find(path.begin(), path.end(), at) == path.end()) {
        path.push_back(at);
        at = next(at);
    }
    constexpr std::size_t shown_max = 20;
    std::string text;
    std::size_t shown = 0;
    for (auto it = std::find(path.begin(), path.end(), at); it != path.end(); ++it) {
        if (++shown > shown_max) {
            text += "... -> ";
            break;
        }
        text += batch.jobs(static_cast<int>(*it)).label() + " -> ";
    }
    text += batch.jobs(static_cast<int>(at)).label();
    return invalid(fmt::format("jobs[{}].after", at),
                   fmt::format("the jobs wait for one another in a circle: {}", text));
}

void sort_batch(const JobBatchRequest& batch, BatchOrder& out) {
    const std::size_t n = out.after.size();
    std::vector<std::uint32_t> open(n, 0);  // named and not yet ordered
    std::vector<std::vector<std::uint32_t>> dependents(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        for (const std::uint32_t named : out.after[i]) {
            if (named == no_label) continue;
            ++open[i];
            dependents[named].push_back(i);
        }
    }
    for (std::uint32_t i = 0; i < n; ++i) {
        if (open[i] == 0) out.order.push_back(i);
    }
    for (std::size_t k = 0; k < out.order.size(); ++k) {
        for (const std::uint32_t i : dependents[out.order[k]]) {
            if (--open[i] == 0) out.order.push_back(i);
        }
    }
    if (out.order.size() < n) out.failure = name_cycle(batch, out, open);
}

// What the jobs of a batch learn from those before them, in the loop.
struct Batch {
    CallPtr call;
    BatchOrder plan;
    std::vector<std::string> labels;
    std::vector<std::string> keys;
    std::vector<Submission> submissions;   // by request index
    std::vector<std::uint64_t> next_job;   // by place in the order: before it was decided
    std::vector<std::uint64_t> first_job;  // by request index; 0: refused
    MemberId member;                       // of the job being prepared
    bool role_refused = false;             // of all its jobs: one token asks for them
};

// Whether the job decided before this one was accepted: ids are counters, so the next one moved on,
// or it was a retry and its key is known.
void note_previous(const core::State& state, Batch& batch, std::size_t place) {
    if (place == 0) return;
    const std::uint32_t previous = batch.plan.order[place - 1];
    const std::uint64_t before = batch.next_job[place - 1];
    if (state.next_job != before) {
        batch.first_job[previous] = before;
        return;
    }
    const std::string& key = batch.keys[previous];
    const auto known = state.idempotent.find({batch.member, key});
    if (!key.empty() && known != state.idempotent.end()) {
        batch.first_job[previous] = known->second.first_job.value;
    }
}

std::optional<core::Rejection> prepare_one(Batch& batch, std::size_t place,
                                           const core::State& state, const Actor& actor,
                                           Command& command) {
    note_previous(state, batch, place);
    batch.next_job[place] = state.next_job;
    batch.role_refused = !may_use(batch.call->request->route(), actor);
    if (batch.role_refused) return refuse_role(actor);
    const std::uint32_t i = batch.plan.order[place];
    SubmitJob& submit = *command.mutable_submit_job();
    if (auto bad = resolve(state, actor, batch.submissions[i], submit)) return bad;
    batch.member = MemberId{submit.member_id()};
    for (std::size_t k = 0; k < batch.plan.after[i].size(); ++k) {
        const std::uint32_t named = batch.plan.after[i][k];
        if (named == no_label) continue;
        if (batch.first_job[named] == 0) {
            return refuse(RejectionCode::dependency_failed, fmt::format("after[{}]", k),
                          fmt::format("the job labelled \"{}\" was refused", batch.labels[named]));
        }
        submit.mutable_spec()
            ->mutable_dependencies(static_cast<int>(k))
            ->set_job_id(batch.first_job[named]);
    }
    return std::nullopt;
}

std::vector<runtime::Request> make_requests(const std::shared_ptr<Batch>& batch) {
    std::vector<runtime::Request> out(batch->plan.order.size());
    const runtime::Credential credential = credential_of(*batch->call->request);
    for (std::size_t place = 0; place < out.size(); ++place) {
        Submission& submission = batch->submissions[batch->plan.order[place]];
        out[place].credential = credential;
        out[place].command.Swap(&submission.command);
        out[place].payload.swap(submission.payload);
        out[place].prepare = [batch, place](const core::State& state, const Actor& actor,
                                            Command& command) {
            return prepare_one(*batch, place, state, actor, command);
        };
    }
    return out;
}

void fill_result(const runtime::Answer& answer, JobBatchResult& out) {
    if (const auto failure = failure_in(answer)) return fill(*failure, *out.mutable_error());
    if (const auto* accepted = std::get_if<runtime::Accepted>(&answer)) {
        return fill(*accepted, *out.mutable_accepted());
    }
    fill(std::get<core::AlreadyDone>(answer), *out.mutable_accepted());
}

void answer_batch(Batch& batch, const std::vector<runtime::Answer>& answers) {
    if (!answers.empty() && std::holds_alternative<runtime::Unauthenticated>(answers.front())) {
        return batch.call->fail(unknown_token());
    }
    if (batch.role_refused) return batch.call->fail(*failure_in(answers.front()));
    google::protobuf::Arena arena;
    auto& out = *google::protobuf::Arena::CreateMessage<JobBatchResponse>(&arena);
    for (const std::string& label : batch.labels)
        out.add_results()->set_label(label);
    std::uint32_t accepted = 0;
    for (std::size_t place = 0; place < answers.size(); ++place) {
        const int i = static_cast<int>(batch.plan.order[place]);
        fill_result(answers[place], *out.mutable_results(i));
        if (out.results(i).has_accepted()) ++accepted;
    }
    out.set_accepted(accepted);
    out.set_refused(static_cast<std::uint32_t>(answers.size()) - accepted);
    batch.call->answer(out);
}

}  // namespace

BatchOrder order_batch(const JobBatchRequest& batch) {
    BatchOrder out;
    Labels labels;
    out.failure = read_labels(batch, labels);
    if (!out.failure) out.failure = read_after(batch, labels, out);
    if (!out.failure) sort_batch(batch, out);
    return out;
}

void submit_batch(const CallPtr& call, JobBatchRequest& request) {
    const auto n = static_cast<std::size_t>(request.jobs_size());
    if (n == 0 || n > limits::jobs_batch_max) {
        return call->fail(invalid(
            "jobs", fmt::format("a batch has 1 to {} jobs, got {}", limits::jobs_batch_max, n)));
    }
    auto batch = std::make_shared<Batch>();
    batch->call = call;
    batch->submissions.resize(n);
    batch->next_job.resize(n);
    batch->first_job.resize(n);
    batch->plan = order_batch(request);
    if (batch->plan.failure) return call->fail(*batch->plan.failure);
    for (std::size_t i = 0; i < n; ++i) {
        JobRequest& job = *request.mutable_jobs(static_cast<int>(i));
        batch->labels.push_back(job.label());
        batch->keys.push_back(job.idempotency_key());
        const std::string prefix = fmt::format("jobs[{}].", i);
        if (auto bad = make_submission(job, batch->keys.back(), prefix, batch->submissions[i])) {
            return call->fail(*bad);
        }
    }
    runtime::Hub& hub = call->context->hub;
    hub.submit_many(make_requests(batch), [batch](std::vector<runtime::Answer>&& answers) {
        auto kept = std::make_shared<std::vector<runtime::Answer>>(std::move(answers));
        batch->call->context->pool.post([batch, kept] { answer_batch(*batch, *kept); });
    });
}

}  // namespace suan::api
