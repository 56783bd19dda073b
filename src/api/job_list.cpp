#include "api/job_list.hpp"

#include "api/cursor.hpp"
#include "api/job_filter.hpp"
#include "api/job_sort.hpp"
#include "api/views_jobs.hpp"

#include <algorithm>
#include <vector>

namespace suan::api {
namespace {

constexpr std::uint32_t reasons_per_page = 32;  // waiting jobs whose reasons are asked for
constexpr std::uint32_t ended_states = (1U << JOB_STATE_COMPLETED) | (1U << JOB_STATE_FAILED) |
                                       (1U << JOB_STATE_CANCELLED) | (1U << JOB_STATE_TIMEOUT) |
                                       (1U << JOB_STATE_DEPENDENCY_FAILED);

struct Listing {
    CallPtr call;
    JobFilter filter;
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
    if (call->request->query("sort")) return get_sorted_jobs(call);
    const Page page = page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    auto listing = std::make_shared<Listing>();
    listing->call = call;
    listing->limit = page.limit;
    if (page.position != 0) listing->before = page.position;
    if (auto bad = read_filter(*call->request, listing->filter)) return call->fail(*bad);
    next_piece(listing);
}

}  // namespace suan::api
