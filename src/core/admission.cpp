// Admission: what a submission must satisfy before it becomes jobs.
#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/idempotency.hpp"
#include "core/jobs.hpp"
#include "core/market.hpp"
#include "core/quotes.hpp"
#include "core/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::core {
namespace {

Verdict check_dependencies(const State& state, const JobSpec& spec, OrgId org) {
    for (int i = 0; i < spec.dependencies_size(); ++i) {
        const Dependency& dependency = spec.dependencies(i);
        const std::string field = fmt::format("dependencies[{}].job_id", i);
        const Job* job = state.jobs.find(dependency.job_id());
        if (job == nullptr || job->org != org) {
            return reject(
                RejectionCode::dependency_not_found, field,
                fmt::format(
                    "job {} does not exist in this org, or ended so long ago that its outcome is "
                    "only in the history: leave the dependency out",
                    dependency.job_id()));
        }
        const Known known = look_up(state, JobId{dependency.job_id()});
        if (known != Known::open && !satisfied(dependency.kind(), known == Known::succeeded)) {
            return reject(
                RejectionCode::dependency_failed, field,
                fmt::format("job {} has ended in a way that can never satisfy this dependency",
                            dependency.job_id()));
        }
    }
    return std::nullopt;
}

Verdict check_fits(const Pool& pool, const Org& org, const Job& job) {
    const auto share = org.shares.find(pool.id);
    const std::int64_t needed = job.shape.milli_devices(job.shape.tasks_min);
    if (share != org.shares.end() && needed > share->second.limit_milli) {
        return reject(RejectionCode::never_fits, "tasks",
                      fmt::format("the job holds at least {} milli-devices, the org's limit in "
                                  "pool {} is {}: waiting "
                                  "cannot help, ask for fewer",
                                  needed, pool.name, share->second.limit_milli));
    }
    const std::int64_t deserved = share == org.shares.end() ? 0 : share->second.deserved_milli;
    if (job.tier == sched::Tier::reserved && needed > deserved) {
        return reject(
            RejectionCode::never_fits, "tier",
            fmt::format(
                "the job holds at least {} milli-devices, but the org deserves {} in pool {}: use "
                "tier standard, or ask for fewer",
                needed, deserved, pool.name));
    }
    if (!pool.scheduler.can_ever_fit(job.shape)) {
        return reject(
            RejectionCode::never_fits, "tasks",
            fmt::format(
                "{} tasks x {} devices do not fit in pool {} even when it is empty ({} devices in "
                "{} nodes): waiting cannot help, ask for fewer",
                job.shape.tasks_min, job.shape.devices_per_task, pool.name,
                pool.scheduler.totals().devices_milli / limits::milli_per_device,
                pool.nodes.size()));
    }
    return std::nullopt;
}

struct Price {
    PriceSheetId sheet;
    const PriceLine* line = nullptr;  // none: no price
};
Price price_of(const State& state, PoolId pool, sched::Tier tier) {
    const std::pair key(pool, proto_tier(tier));
    const auto line = state.prices.find(key);
    if (line == state.prices.end()) return {};
    return {state.price_sheet_of.at(key), &line->second};
}

// Whether job number `order` of the array may wait in the queue at once.
bool has_array_slot(const ArraySpec& array, std::uint32_t order) {
    return array.running_max() == 0 || order < array.running_max();
}

// A retry of what was accepted before, or a clash with it.
std::optional<SubmitVerdict> check_idempotency(const State& state, const SubmitJob& command) {
    const KeyAnswer answer = look_up_key(state, MemberId{command.member_id()},
                                         command.idempotency_key(), command.request_sm3());
    if (const auto* bad = std::get_if<Rejection>(&answer)) return SubmitVerdict{*bad, {}};
    if (const auto* known = std::get_if<const IdempotentRequest*>(&answer)) {
        return SubmitVerdict{{}, **known};
    }
    return std::nullopt;
}

Job job_template(const State& state, const SubmitJob& command) {
    Job job;
    job.org = OrgId{command.org_id()};
    job.project = ProjectId{command.project_id()};
    job.member = MemberId{command.member_id()};
    fill_from_spec(job, command.spec(), state.pools.at(command.spec().pool_id()));
    return job;
}

bool admitted_eligible(const State& state, const Job& job, const JobSpec& spec, Time now) {
    for (const Dependency& dependency : spec.dependencies()) {
        if (look_up(state, JobId{dependency.job_id()}) == Known::open) return false;
    }
    return !job.held && !job.bidding && job.begin <= now && job.array_slot;
}

void remember_request(State& state, const SubmitJob& command, JobId job) {
    if (command.idempotency_key().empty()) return;
    IdempotentRequest& request = remember_key(state, MemberId{command.member_id()},
                                              command.idempotency_key(), command.request_sm3());
    if (request.count++ == 0) request.first_job = job;
}

void add_dependencies(State& state, Job& job, const JobSpec& spec) {
    for (const Dependency& dependency : spec.dependencies()) {
        JobDependency own;
        own.job = JobId{dependency.job_id()};
        own.kind = dependency.kind() == DEPENDENCY_KIND_UNSPECIFIED ? DEPENDENCY_KIND_AFTEROK
                                                                    : dependency.kind();
        own.met = look_up(state, own.job) != Known::open;
        if (!own.met) {
            ++job.dependencies_open;
            state.dependents[own.job].push_back(job.id);
        }
        job.dependencies.push_back(own);
    }
}

}  // namespace

Verdict check_submitter(const Step& step, const SubmitJob& command) {
    const State& state = step.state();
    const OrgId org{command.org_id()};
    if (!is_member_of(step.actor(), org) || state.orgs.find(org.value) == nullptr) {
        return reject(RejectionCode::not_found, "org_id",
                      fmt::format("there is no org {}", org.value));
    }
    const Project* project = state.projects.find(command.project_id());
    if (project == nullptr || project->org != org) {
        return reject(RejectionCode::not_found, "project_id",
                      fmt::format("the org has no project {}", command.project_id()));
    }
    const Member* member = state.members.find(command.member_id());
    const bool self = step.actor().member_id() == command.member_id();
    if (member == nullptr || member->org != org || (!self && !is_admin_of(step.actor(), org))) {
        return reject(RejectionCode::not_found, "member_id",
                      fmt::format("the org has no member {}", command.member_id()));
    }
    if (member->disabled) {
        return reject(RejectionCode::disabled, "member_id",
                      fmt::format("member {} is disabled", member->name));
    }
    return std::nullopt;
}

Asked check_asked(const Step& step, const SubmitJob& command) {
    const State& state = step.state();
    const auto refuse = [](Verdict why) {
        Asked out;
        out.rejection = std::move(why);
        return out;
    };
    const JobSpec& spec = command.spec();
    const Pool* pool = state.pools.find(spec.pool_id());
    if (pool == nullptr) {
        return refuse(reject(RejectionCode::not_found, "pool_id",
                             fmt::format("there is no pool {}", spec.pool_id())));
    }
    if (Verdict bad = check_spec(spec, *pool)) return refuse(std::move(bad));
    if (command.has_array()) {
        if (Verdict bad = check_array(command.array())) return refuse(std::move(bad));
    }
    const auto count =
        command.has_array() ? static_cast<std::uint32_t>(command.array().indices_size()) : 1U;
    if (state.jobs.size() + count >
        std::size_t{limits::jobs_waiting_max} + limits::finished_jobs_kept) {
        return refuse(reject(RejectionCode::limit_reached, "",
                             "the centre's queue is full: try again later"));
    }
    const OrgId org{command.org_id()};
    if (Verdict bad = check_dependencies(state, spec, org)) return refuse(std::move(bad));
    Job job = job_template(state, command);
    const Price price = price_of(state, job.pool, job.tier);
    if (price.line == nullptr) {
        return refuse(
            reject(RejectionCode::no_price, "tier",
                   fmt::format("no price sheet has a price for pool {} at this tier", pool->name)));
    }
    if (Verdict bad = check_fits(*pool, state.orgs.at(org.value), job))
        return refuse(std::move(bad));
    const Money listed{price.line->micro_yuan_per_device_hour()};
    if (Verdict bad = take_bid(*pool, job, listed)) return refuse(std::move(bad));
    return Asked{{}, std::move(job), price.sheet, *price.line};
}

SubmitVerdict decide_submit_job(Step& step, const SubmitJob& command) {
    const State& state = step.state();
    if (Verdict bad = check_submitter(step, command)) return {bad, {}};
    if (auto known = check_idempotency(state, command)) return *known;
    Asked asked = check_asked(step, command);
    if (asked.rejection) return {asked.rejection, {}};
    Job& job = asked.job;
    if (command.quote_id() != 0) {
        if (Verdict bad = take_quoted_price(step, command, asked)) return {bad, {}};
    }
    const OrgId org = job.org;
    const auto count =
        command.has_array() ? static_cast<std::uint32_t>(command.array().indices_size()) : 1U;
    const Money amount = hold_amount(job.shape, job.walltime, job.price);
    HoldPlanner planner(state, org, job.project, step.now());
    std::vector<HoldPart> parts;
    std::vector<std::size_t> ends(count);  // of each job's parts
    for (std::size_t& end : ends) {
        if (Verdict bad = planner.plan(job, amount, parts)) return {bad, {}};
        if (parts.size() > limits::holds_per_entry_max) {
            return {
                reject(RejectionCode::limit_reached, "array.indices",
                       fmt::format("the array's jobs would be paid for in more than {} parts, "
                                   "because vouchers pay little of each: submit a smaller array",
                                   limits::holds_per_entry_max)),
                {}};
        }
        end = parts.size();
    }
    const JobId first{state.next_job};
    for (std::uint32_t i = 0; i < count; ++i) {
        step.emit([&](Event& event) {
            JobAdmitted& admitted = *event.mutable_job_admitted();
            admitted.set_job_id(first.value + i);
            if (command.has_array()) {
                admitted.set_array_id(first.value);
                admitted.set_array_index(command.array().indices(static_cast<int>(i)));
                job.array_slot = has_array_slot(command.array(), i);
            }
            admitted.set_price_sheet_id(asked.sheet.value);
            admitted.set_price_line(asked.price.line());
            admitted.set_micro_yuan_per_device_hour(job.price.micro_yuan);
            const std::size_t begin = i == 0 ? 0 : ends[i - 1];
            holds_to(std::span(parts).subspan(begin, ends[i] - begin), *admitted.mutable_holds());
            admitted.set_eligible(admitted_eligible(state, job, command.spec(), step.now()));
        });
    }
    return {};
}

void apply_job_admitted(State& state, const Entry& entry, const JobAdmitted& event) {
    const SubmitJob& command = entry.command().submit_job();
    Job made = job_template(state, command);
    made.id = JobId{event.job_id()};
    made.array = JobId{event.array_id()};
    made.array_index = event.array_index();
    made.array_order =
        made.array ? static_cast<std::uint32_t>(made.id.value - made.array.value) : 0;
    made.submitted = state.now;
    made.sheet = PriceSheetId{event.price_sheet_id()};
    made.price_line = event.price_line();
    made.price = Money{event.micro_yuan_per_device_hour()};
    if (made.array) {
        made.array_slot = has_array_slot(command.array(), made.array_order);
        Array& array = state.arrays[made.array];
        array.first = made.array;
        ++array.count;
        array.running_max = command.array().running_max();
        if (made.array_slot) ++array.released;
    }
    state.next_job = event.job_id() + 1;
    made.quote = QuoteId{command.quote_id()};
    const bool sold_by_bids = state.pools.at(made.pool.value).spot.open;
    made.bidding = sold_by_bids && made.tier == sched::Tier::spot;
    Job& job = state.jobs.insert(made.id.value, std::move(made));
    add_dependencies(state, job, command.spec());
    place_holds(state, job, event.holds());
    remember_request(state, command, job.id);
    if (job.quote) take_up_quote(state, job);
    if (job.begin > state.now) state.timers.push({job.begin, Timer::Kind::begin, job.id.value});
    ++state.orgs.at(job.org.value).jobs_waiting;
    spot_job_comes(state, job);
    if (event.eligible()) enqueue(state, job);
    state.touch(job);
}

}  // namespace suan::core
