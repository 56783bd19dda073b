// Quotes, how good forecasts are, and versions of the rules.
#include "api/named.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "api/submission.hpp"
#include "api/views_jobs.hpp"
#include "api/views_plans.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "core/spec.hpp"

#include <fmt/format.h>

namespace suan::api {
namespace {

using MaybeFailure = std::optional<http::Failure>;
using MaybeRejection = std::optional<core::Rejection>;

// A promise leaves the centre at least so long.
constexpr Duration promise_min = Duration::minutes(10);

// A question on its way: what was asked for, and what the loop found out.
struct Question {
    Submission submission;
    bool binding = false;
    core::Job job;
    Time now;
    bool starts_now = false;
    QuoteView view;
};
using QuestionPtr = std::shared_ptr<Question>;

// As `core` will read the submission; its id is above all that are handed out.
MaybeFailure describe(const core::State& state, const Viewer& viewer, Question& question) {
    SubmitJob& command = *question.submission.command.mutable_submit_job();
    if (auto bad = resolve(state, viewer.actor(), question.submission, command))
        return failure_of(*bad);
    const core::Pool& pool = state.pools.at(command.spec().pool_id());
    if (auto bad = core::check_spec(command.spec(), pool)) return failure_of(*bad);
    core::Job& job = question.job;
    job.id = JobId{1ULL << 62};
    job.org = OrgId{command.org_id()};
    job.project = ProjectId{command.project_id()};
    job.member = MemberId{command.member_id()};
    core::fill_from_spec(job, command.spec(), pool);
    job.expected = core::expected_run(pool, job);  // its place among its member's jobs
    job.submitted = question.now = state.now;
    const auto price = state.prices.find({pool.id, proto_tier(job.tier)});
    if (price == state.prices.end()) {
        return failure_of(core::Rejection{
            core::RejectionCode::no_price, "job.tier",
            fmt::format("no price sheet has a price for pool {} at this tier", pool.name)});
    }
    if (!pool.scheduler.can_ever_fit(job.shape)) {
        return failure_of(core::Rejection{
            core::RejectionCode::never_fits, "job.tasks",
            fmt::format("{} tasks x {} devices never fit in pool {}", job.shape.tasks_min,
                        job.shape.devices_per_task, pool.name)});
    }
    if (auto bad = core::take_bid(pool, job, Money{price->second.micro_yuan_per_device_hour()}))
        return failure_of(*bad);
    question.view.set_price_micro_yuan_per_device_hour(job.price.micro_yuan);
    question.view.set_price_line(price->second.line());
    question.view.set_price_sheet_id(
        state.price_sheet_of.at({pool.id, proto_tier(job.tier)}).value);
    question.starts_now = core::would_start_now(state, job);
    return std::nullopt;
}

void forecast(const Call& call, Question& question) {
    core::Forecast found = call.context->forecasts.ask(question.job, question.now);
    if (question.starts_now) {
        found.basis = core::Forecast::Basis::starts_now;
        found.made = question.now;
        found.start = {question.now, question.now, question.now};
    }
    fill(found, question.now, *question.view.mutable_forecast());
}

void answer_quote(Call& call, Question& question) {
    question.view.set_summary(quote_summary(question.view, question.now));
    call.answer(question.view, question.view.id() == 0 ? 200 : 201);
}

// The centre's promise: it starts by the late end of its window.
void offer(const CallPtr& call, const QuestionPtr& question) {
    const Time late{question->view.forecast().start_p90_us()};
    if (late == Time{}) {
        const bool outbid = question->view.forecast().basis() == "outbid";
        return call->fail(failure_of(core::Rejection{
            core::RejectionCode::wrong_state, outbid ? "job.bid_micro_yuan" : "binding",
            outbid ? "others bid more, so no start can be promised: bid more, or ask for a quote "
                     "without binding"
                   : "no forecast has been made yet: ask again in some seconds"}));
    }
    const SubmitJob& submit = question->submission.command.submit_job();
    runtime::Request request;
    request.credential = credential_of(*call->request);
    OfferQuote& command = *request.command.mutable_offer_quote();
    command.set_org_id(submit.org_id());
    command.set_project_id(submit.project_id());
    command.set_member_id(submit.member_id());
    *command.mutable_spec() = submit.spec();
    request.prepare = [call, late](const core::State& state, const Actor& actor,
                                   Command& c) -> MaybeRejection {
        if (!may_use(call->request->route(), actor)) return refuse_role(actor);
        c.mutable_offer_quote()->set_start_by_us(std::max(late, state.now + promise_min).us);
        return std::nullopt;
    };
    call->context->hub.submit(std::move(request), [call, question](runtime::Answer&& answer) {
        if (const auto failure = failure_in(answer)) return call->fail(*failure);
        const auto& accepted = std::get<runtime::Accepted>(answer);
        const QuoteOffered& offered = accepted.entry->events(0).quote_offered();
        QuoteView& view = question->view;
        view.set_id(offered.quote_id());
        view.set_start_by_us(accepted.entry->command().offer_quote().start_by_us());
        view.set_compensation_micro_yuan(offered.compensation_micro_yuan());
        view.set_valid_until_us(offered.valid_until_us());
        view.set_seq(accepted.seq);
        view.set_entry_sm3(std::string(as_text(accepted.entry_hash)));
        answer_quote(*call, *question);
    });
}

void post_quote(const CallPtr& call) {
    QuoteRequest body;
    if (!read_body(*call, body)) return;
    auto question = std::make_shared<Question>();
    question->binding = body.binding();
    if (auto bad = make_submission(*body.mutable_job(), "", "job.", question->submission))
        return call->fail(*bad);
    ask(
        call,
        [question](const core::State& state, const Viewer& viewer) {
            return describe(state, viewer, *question);
        },
        [question, call](Call& c) {
            forecast(c, *question);
            if (question->binding) return offer(call, question);
            answer_quote(c, *question);
        });
}

void get_forecast_stats(const CallPtr& call) {
    read<ForecastStatsView>(
        call, [call](const core::State& state, const Viewer& viewer, ForecastStatsView& out) {
            fill(state, call->context->forecasts.status(), out);
            if (!viewer.of_centre()) out.set_quotes_open(0);
            return MaybeFailure{};
        });
}

void get_rules(const CallPtr& call) {
    read_list<RulesList>(call,
                         [](const http::Request& request, const core::State& state, const Viewer&,
                            const Page& page, RulesList& out) -> MaybeFailure {
                             std::size_t left = page.limit;
                             for (std::size_t at = page.position; at < state.rules.size(); ++at) {
                                 if (left-- == 0) {
                                     *out.mutable_next_cursor() = cursor_text(request.route(), at);
                                     break;
                                 }
                                 fill(state.rules[at], *out.add_rules());
                             }
                             return std::nullopt;
                         });
}

MaybeRejection name_rules(const core::State& state, const RulesRequest& body, ChangeRules& out) {
    const auto pool_id = [&](const std::string& name, const std::string& field,
                             auto set) -> MaybeRejection {
        const core::Pool* pool = state.pool_by_name(name);
        if (pool == nullptr)
            return refuse(core::RejectionCode::not_found, field,
                          fmt::format("there is no pool {}", name));
        set(pool->id.value);
        return std::nullopt;
    };
    for (int i = 0; i < body.pools_size(); ++i) {
        SetPoolRules& change = *out.add_pools();
        *change.mutable_rules() = body.pools(i).rules();
        if (auto bad = pool_id(body.pools(i).pool(), fmt::format("pools[{}].pool", i),
                               [&](std::uint32_t id) { change.set_pool_id(id); }))
            return bad;
    }
    for (int i = 0; i < body.shares_size(); ++i) {
        const ShareRequest& from = body.shares(i);
        SetShare& share = *out.add_shares();
        const core::Org* org = state.org_by_name(from.org());
        if (org == nullptr)
            return refuse(core::RejectionCode::not_found, fmt::format("shares[{}].org", i),
                          fmt::format("there is no org {}", from.org()));
        share.set_org_id(org->id.value);
        share.set_deserved_milli(from.deserved_milli());
        share.set_weight(from.weight());
        share.set_limit_milli(from.limit_milli());
        if (auto bad = pool_id(from.pool(), fmt::format("shares[{}].pool", i),
                               [&](std::uint32_t id) { share.set_pool_id(id); }))
            return bad;
    }
    for (int i = 0; i < body.prices_size(); ++i) {
        PriceLine& line = *out.add_prices();
        line.set_line(static_cast<std::uint32_t>(i) + 1);
        const ::suan::Tier tier = body.prices(i).tier();
        line.set_tier(tier == TIER_UNSPECIFIED ? TIER_STANDARD : tier);
        line.set_micro_yuan_per_device_hour(body.prices(i).micro_yuan_per_device_hour());
        if (auto bad = pool_id(body.prices(i).pool(), fmt::format("prices[{}].pool", i),
                               [&](std::uint32_t id) { line.set_pool_id(id); }))
            return bad;
    }
    return std::nullopt;
}

void post_rules(const CallPtr& call) {
    auto body = std::make_shared<RulesRequest>();
    if (!read_body(*call, *body)) return;
    Change what;
    ChangeRules& change = *what.command.mutable_change_rules();
    change.set_name(body->name());
    change.set_file_sm3(body->file_sm3());
    change.set_effective_us(body->effective_us());
    what.name = body->name();
    what.prepare = [body](const core::State& state, const Actor&, Command& c) {
        return name_rules(state, *body, *c.mutable_change_rules());
    };
    api::change(call, std::move(what));
}

}  // namespace

void add_plan_routes(http::Router& router, const ContextPtr& context) {
    using http::Method;
    const auto add = [&](RouteText text, const std::vector<std::string>& allowed,
                         const google::protobuf::Descriptor* request,
                         const google::protobuf::Descriptor* response, CallHandler handler) {
        return make_route(context, text, allowed, request, response, handler);
    };
    auto quote =
        add({Method::post, "/v1/quotes", "make_quote",
             "When a job would start and what it would cost", "jobs"},
            roles::working, QuoteRequest::descriptor(), QuoteView::descriptor(), post_quote);
    quote.description =
        "With binding: true the centre stands behind it: submit the same work with its quote_id, "
        "and when it has not started in time the compensation is booked.";
    router.add(std::move(quote));
    router.add(add({Method::get, "/v1/stats/forecast", "get_forecast_stats",
                    "How good the forecasts have been", "hub"},
                   roles::everyone, nullptr, ForecastStatsView::descriptor(), get_forecast_stats));
    auto list =
        add({Method::get, "/v1/rules", "list_rules", "Versions of the rules file", "centre"},
            roles::everyone, nullptr, RulesList::descriptor(), get_rules);
    list.query = list_query();
    router.add(std::move(list));
    router.add(add({Method::post, "/v1/rules", "change_rules",
                    "A version of the rules file, with the time from which it holds", "centre"},
                   roles::operators, RulesRequest::descriptor(), ChangeAccepted::descriptor(),
                   post_rules));
}

}  // namespace suan::api
