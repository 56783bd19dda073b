#include "api/job_list.hpp"

#include "api/cursor.hpp"
#include "api/json/names.hpp"
#include "api/views_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace suan::api {
namespace {

constexpr std::uint32_t jobs_per_piece = 20'000;  // looked at in one go: well under a millisecond
constexpr std::uint32_t reasons_per_page = 32;    // waiting jobs whose reasons are asked for
constexpr std::uint32_t ended_states = (1U << JOB_STATE_COMPLETED) | (1U << JOB_STATE_FAILED) |
                                       (1U << JOB_STATE_CANCELLED) | (1U << JOB_STATE_TIMEOUT) |
                                       (1U << JOB_STATE_DEPENDENCY_FAILED);

struct Filter {
    OrgId org;
    ProjectId project;
    MemberId member;
    PoolId pool;
    std::uint32_t states = ~0U;  // bits
    std::string name;
    JobId array;
    Time since;
};

struct Listing {
    CallPtr call;
    Filter filter;
    bool resolved = false;
    std::uint64_t before = UINT64_MAX;
    std::uint32_t limit = 0;
    std::uint32_t reasons_left = reasons_per_page;

    // Of the piece being read.
    std::vector<JobView> found;  // newest first
    std::uint64_t floor = 0;     // every job of the state from here to `before` was looked at
    bool in_history = false;     // there are jobs that the state has forgotten
    std::vector<runtime::JobRow> rows;

    JobList out;
};
using ListingPtr = std::shared_ptr<Listing>;

std::optional<http::Failure> read_states(std::string_view text, Filter& filter) {
    if (text.empty()) return std::nullopt;
    filter.states = 0;
    while (true) {
        const std::string_view name = text.substr(0, text.find(','));
        const auto* value = json::find_enum_value(*JobState_descriptor(), name);
        if (value == nullptr || value->number() == 0) {
            return invalid("state", fmt::format("there is no state \"{}\": waiting, running, "
                                                "stopping, completed, failed, cancelled, timeout "
                                                "or dependency_failed",
                                                name));
        }
        filter.states |= 1U << value->number();
        if (name.size() == text.size()) return std::nullopt;
        text.remove_prefix(name.size() + 1);
    }
}

std::optional<http::Failure> resolve(const core::State& state, const Viewer& viewer,
                                     const http::Request& request, Filter& filter) {
    const OrgScope scope = org_scope(state, viewer, request.query("org").value_or(""));
    if (scope.failure) return scope.failure;
    filter.org = scope.org;
    const std::string project(request.query("project").value_or(""));
    const std::string member(request.query("member").value_or(""));
    if ((!project.empty() || !member.empty()) && !filter.org) {
        return invalid("org", "must be given with project or member: their names are the org's");
    }
    if (!project.empty()) {
        const core::Project* found = state.project_by_name(filter.org, project);
        if (found == nullptr)
            return not_found(fmt::format("the org has no project {}", project), "project");
        filter.project = found->id;
    }
    if (!member.empty()) {
        const auto found = state.member_names.find({filter.org, member});
        if (found == state.member_names.end())
            return not_found(fmt::format("the org has no member {}", member), "member");
        filter.member = found->second;
    }
    const std::string_view pool = request.query("pool").value_or("");
    if (!pool.empty()) {
        const core::Pool* found = state.pool_by_name(pool);
        if (found == nullptr) return not_found(fmt::format("there is no pool {}", pool), "pool");
        filter.pool = found->id;
    }
    return std::nullopt;
}

// Of a core::Job and of a runtime::JobRow alike.
template <typename Any>
bool matches(const Filter& filter, const Any& job) {
    return (!filter.org || job.org == filter.org) &&
           (!filter.project || job.project == filter.project) &&
           (!filter.member || job.member == filter.member) &&
           (!filter.pool || job.pool == filter.pool) && ((filter.states >> job.state) & 1U) != 0 &&
           (!filter.array || job.array == filter.array || job.id == filter.array) &&
           (filter.name.empty() || job.name == filter.name) && job.submitted >= filter.since;
}

void read_piece(const core::State& state, const Viewer& viewer, Listing& listing) {
    listing.found.clear();
    listing.floor = 0;
    listing.in_history = state.next_job - 1 > state.jobs.size();
    std::uint32_t looked_at = 0;
    state.jobs.for_each_down_from(listing.before - 1, [&](std::uint64_t id, const core::Job& job) {
        if (matches(listing.filter, job)) {
            const bool ask_why = job.state == JOB_STATE_WAITING && listing.reasons_left > 0;
            if (ask_why) --listing.reasons_left;
            fill(state, viewer, job, ask_why ? Reasons::all : Reasons::cheap,
                 listing.found.emplace_back());
        }
        const bool enough =
            listing.found.size() + static_cast<std::size_t>(listing.out.jobs_size()) >
            listing.limit;
        if (!enough && ++looked_at < jobs_per_piece) return true;
        listing.floor = id;
        return false;
    });
}

std::optional<http::Failure> read_rows(Listing& listing) {
    listing.rows.clear();
    const runtime::History* history = listing.call->context->hub.history();
    const bool wanted = listing.in_history && (listing.filter.states & ended_states) != 0;
    if (history == nullptr || !wanted) return std::nullopt;
    runtime::JobFilter filter;
    filter.org = listing.filter.org;
    filter.project = listing.filter.project;
    filter.member = listing.filter.member;
    filter.pool = listing.filter.pool;
    filter.before = JobId{listing.before == UINT64_MAX ? 0 : listing.before};
    filter.limit = listing.limit + 1;
    auto rows = history->jobs(filter);
    if (!rows) return http::failure_of(rows.error());
    listing.rows = std::move(*rows);
    // Below the last row there may be more.
    if (listing.rows.size() == filter.limit) {
        listing.floor = std::max(listing.floor, listing.rows.back().id.value);
    }
    return std::nullopt;
}

// Joins what both have from `floor` on. A job of both is taken from the state.
void merge_piece(const core::State& state, Listing& listing) {
    for (const runtime::JobRow& row : listing.rows) {
        const bool known = state.jobs.find(row.id.value) != nullptr;
        if (known || row.id.value < listing.floor || !matches(listing.filter, row)) continue;
        const auto same = [&](const JobView& view) { return view.id() == row.id.value; };
        if (std::any_of(listing.found.begin(), listing.found.end(), same)) continue;
        fill(state, row, listing.found.emplace_back());
    }
    std::sort(listing.found.begin(), listing.found.end(),
              [](const JobView& a, const JobView& b) { return a.id() > b.id(); });
    for (JobView& view : listing.found) {
        if (view.id() < listing.floor) break;
        *listing.out.add_jobs() = std::move(view);
    }
    listing.before = listing.floor;
}

void next_piece(const ListingPtr& listing);

void finish_piece(const ListingPtr& listing) {
    const auto limit = static_cast<int>(listing->limit);
    JobList& out = listing->out;
    const bool more = out.jobs_size() > limit;
    if (!more && listing->before > 1) return next_piece(listing);
    if (more) {
        out.mutable_jobs()->DeleteSubrange(limit, out.jobs_size() - limit);
        out.set_next_cursor(cursor_text(listing->call->request->route(), out.jobs(limit - 1).id()));
    }
    listing->call->answer(out);
}

void next_piece(const ListingPtr& listing) {
    const auto merge = [listing](const core::State& state,
                                 const Viewer&) -> std::optional<http::Failure> {
        merge_piece(state, *listing);
        return std::nullopt;
    };
    ask(
        listing->call,
        [listing](const core::State& state, const Viewer& viewer) -> std::optional<http::Failure> {
            if (!listing->resolved) {
                if (auto bad = resolve(state, viewer, *listing->call->request, listing->filter))
                    return bad;
                listing->resolved = true;
            }
            read_piece(state, viewer, *listing);
            return std::nullopt;
        },
        [listing, merge](Call& call) {
            if (auto failure = read_rows(*listing)) return call.fail(*failure);
            ask(listing->call, merge, [listing](Call&) { finish_piece(listing); });
        });
}

}  // namespace

void get_jobs(const CallPtr& call) {
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    auto listing = std::make_shared<Listing>();
    listing->call = call;
    listing->limit = page.limit;
    if (page.position != 0) listing->before = page.position;
    Filter& filter = listing->filter;
    const std::string_view states = call->request->query("state").value_or("");
    if (auto bad = read_states(states, filter)) return call->fail(*bad);
    filter.name = std::string(call->request->query("name").value_or(""));
    filter.array = JobId{call->request->query_u64("array").value_or(0)};
    filter.since = Time{static_cast<std::int64_t>(
        std::min<std::uint64_t>(call->request->query_u64("since_us").value_or(0),
                                static_cast<std::uint64_t>(time_max.us)))};
    next_piece(listing);
}

}  // namespace suan::api
