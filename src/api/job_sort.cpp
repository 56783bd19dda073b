#include "api/job_sort.hpp"

#include "api/cursor.hpp"
#include "api/job_filter.hpp"
#include "api/views_jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace suan::api {
namespace {

using KeyOf = std::int64_t (*)(const core::State&, const core::Job&);

std::int64_t submitted(const core::State&, const core::Job& job) {
    return job.submitted.us;
}
std::int64_t state_of(const core::State&, const core::Job& job) {
    return job.state;
}
std::int64_t devices(const core::State& state, const core::Job& job) {
    const core::Lease* lease = job.lease ? state.leases.find(job.lease.value) : nullptr;
    return job.shape.milli_devices(lease == nullptr ? job.shape.tasks_max : lease->tasks);
}
// From submission to the newest start, to the end of what never started, or to now.
std::int64_t wait(const core::State& state, const core::Job& job) {
    const bool waits = job.state == JOB_STATE_WAITING;
    const Time until = waits ? state.now : job.started.us != 0 ? job.started : job.ended;
    return (until - job.submitted).us;
}
std::int64_t cost(const core::State&, const core::Job& job) {
    return job.charged.micro_yuan;
}

struct Order {
    const char* name;
    KeyOf key;
};
constexpr std::array orders = {Order{"submitted", submitted}, Order{"state", state_of},
                               Order{"devices", devices}, Order{"wait", wait}, Order{"cost", cost}};

// A job's place: by value, then by number. Falling orders turn the value around.
struct Place {
    std::int64_t key = 0;
    std::uint64_t id = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

// Keeps the sign's order in an unsigned number, as cursors hold.
std::uint64_t shifted(std::int64_t key) {
    return static_cast<std::uint64_t>(key) ^ (1ULL << 63);
}
std::int64_t shifted_back(std::uint64_t number) {
    return static_cast<std::int64_t>(number ^ (1ULL << 63));
}

struct Sorting {
    CallPtr call;
    JobFilter filter;
    bool resolved = false;
    KeyOf key = nullptr;
    bool falling = false;
    std::optional<Place> after;  // of the cursor
    std::uint32_t limit = 0;
    std::uint64_t before = UINT64_MAX;  // every job from here up was looked at
    std::vector<Place> best;            // a heap with the worst on top, one more than a page
    JobList out;
};
using SortingPtr = std::shared_ptr<Sorting>;

void look_at(const core::State& state, Sorting& sorting, const core::Job& job) {
    const std::int64_t key = sorting.key(state, job);
    const Place place{sorting.falling ? -key : key, job.id.value};
    if (sorting.after && place <= *sorting.after) return;
    const bool full = sorting.best.size() > sorting.limit;
    if (full && sorting.best.front() < place) return;
    if (full) {
        std::pop_heap(sorting.best.begin(), sorting.best.end());
        sorting.best.pop_back();
    }
    sorting.best.push_back(place);
    std::push_heap(sorting.best.begin(), sorting.best.end());
}

void show(const core::State& state, const Viewer& viewer, Sorting& sorting) {
    std::sort(sorting.best.begin(), sorting.best.end());
    const bool more = sorting.best.size() > sorting.limit;
    if (more) sorting.best.pop_back();
    for (const Place& place : sorting.best) {
        const core::Job* job = state.jobs.find(place.id);
        if (job != nullptr) fill(state, viewer, *job, Reasons::cheap, *sorting.out.add_jobs());
    }
    if (!more) return;
    const Place& last = sorting.best.back();
    sorting.out.set_next_cursor(cursor_text(*sorting.call->request, shifted(last.key), last.id));
}

// True when every job was looked at.
bool read_piece(const core::State& state, Sorting& sorting) {
    std::uint32_t looked_at = 0;
    std::uint64_t floor = 0;
    state.jobs.for_each_down_from(sorting.before - 1, [&](std::uint64_t id, const core::Job& job) {
        if (matches(sorting.filter, job)) look_at(state, sorting, job);
        if (++looked_at < jobs_per_piece) return true;
        floor = id;
        return false;
    });
    sorting.before = floor;
    return floor <= 1;
}

void next_piece(const SortingPtr& sorting) {
    auto done = std::make_shared<bool>(false);
    ask(
        sorting->call,
        [sorting, done](const core::State& state,
                        const Viewer& viewer) -> std::optional<http::Failure> {
            if (!sorting->resolved) {
                if (auto bad = resolve(state, viewer, *sorting->call->request, sorting->filter))
                    return bad;
                sorting->resolved = true;
            }
            *done = read_piece(state, *sorting);
            if (*done) show(state, viewer, *sorting);
            return std::nullopt;
        },
        [sorting, done](Call& call) {
            if (*done) return call.answer(sorting->out);
            next_piece(sorting);
        });
}

std::optional<http::Failure> read_order(const http::Request& request, Sorting& sorting) {
    std::string_view name = request.query("sort").value_or("");
    sorting.falling = name.starts_with('-');
    if (sorting.falling) name.remove_prefix(1);
    for (const Order& order : orders)
        if (name == order.name) sorting.key = order.key;
    if (sorting.key != nullptr) return std::nullopt;
    return invalid("sort",
                   "must be submitted, state, devices, wait or cost, with - in front for the "
                   "largest first");
}

}  // namespace

void get_sorted_jobs(const CallPtr& call) {
    auto sorting = std::make_shared<Sorting>();
    sorting->call = call;
    if (auto bad = read_order(*call->request, *sorting)) return call->fail(*bad);
    if (auto bad = read_filter(*call->request, sorting->filter)) return call->fail(*bad);
    const WidePage page = wide_page_of(*call->request);
    if (page.failure) return call->fail(*page.failure);
    sorting->limit = page.limit;
    if (page.position)
        sorting->after = Place{shifted_back(page.position->first), page.position->second};
    next_piece(sorting);
}

}  // namespace suan::api
