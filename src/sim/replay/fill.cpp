#include "sim/replay/fill.hpp"

#include "base/limits.hpp"
#include "sim/replay/driver.hpp"
#include "sim/replay/run_cost.hpp"
#include "sim/traces/generate.hpp"

#include <algorithm>

namespace suan::sim {
namespace {

constexpr std::int64_t million = 1'000'000;

std::int64_t milli_of(const OpenbPod& pod) {
    return std::int64_t{pod.gpus} * pod.gpu_milli;
}

std::int64_t capacity_of(const CentreFile& centre) {
    std::int64_t out = 0;
    for (const CentrePool& pool : centre.pools) {
        for (const NodeSpec& node : pool.spec.nodes())
            out += std::int64_t{node.devices()} * limits::milli_per_device;
    }
    return out;
}

// By name, shuffled, then drawn from until 1.3 times `capacity`; as indices of `pods`.
std::vector<std::uint32_t> order_of(const std::vector<OpenbPod>& pods, std::int64_t capacity,
                                    std::uint64_t seed) {
    std::vector<std::uint32_t> order(pods.size());
    for (std::uint32_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::tie(pods[a].name, a) < std::tie(pods[b].name, b);
    });
    Rng rng(seed);
    for (std::size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[rng.below(i)]);
    std::int64_t asked = 0;
    for (const OpenbPod& pod : pods)
        asked += milli_of(pod);
    const std::vector<std::uint32_t> list = order;
    const std::int64_t enough = capacity / 10 * 13;
    // A list that asks for nothing would be drawn from for ever.
    while (asked > 0 && order.size() < limits::trace_rows_max) {
        const std::uint32_t next = list[rng.below(list.size())];
        // The published stop test counts a candidate by its share of one GPU.
        if (asked + pods[next].gpu_milli > enough) break;
        asked += milli_of(pods[next]);
        order.push_back(next);
    }
    return order;
}

// The pods in their order as the jobs of a trace, for the books that Measure keeps.
Trace trace_of_order(const OpenbPods& pods, const std::vector<std::uint32_t>& order) {
    Trace out;
    out.orgs.intern("openb");
    out.projects.intern("default");
    out.members.intern("default");
    out.pools.intern("");
    out.rows = static_cast<std::int64_t>(pods.pods.size());
    for (const std::uint32_t index : order) {
        const OpenbPod& pod = pods.pods[index];
        TraceJob job;
        job.submit_us = static_cast<std::int64_t>(out.jobs.size()) * 1'000;
        job.devices_per_task = pod.gpus;
        job.milli = pod.gpu_milli;
        out.jobs.push_back(job);
    }
    return out;
}

class Filler {
public:
    Filler(core::State& state, const Trace& trace, const Directory& directory, Commander& commander,
           Measure& measure)
        : state_(state),
          trace_(trace),
          directory_(directory),
          commander_(commander),
          measure_(measure) {}

    void run(std::int64_t capacity, ReplayReport& report) {
        std::map<std::int64_t, std::pair<int128, std::int64_t>> bins;  // sum of ppm, pods
        std::int64_t arrived = 0, allocated = 0;
        for (std::uint32_t i = 0; i < trace_.jobs.size(); ++i) {
            const TraceJob& job = trace_.jobs[i];
            const std::int64_t milli = std::int64_t{job.devices_per_task} * job.milli;
            arrived += milli;
            if (milli > 0 && starts(i)) allocated += milli;
            auto& [sum, pods] = bins[(arrived * 100 + capacity / 2) / capacity];
            sum += mul_div_floor(allocated, million, capacity);
            ++pods;
        }
        for (const auto& [percent, bin] : bins)
            report.fill.push_back({percent, static_cast<std::int64_t>(bin.first / bin.second)});
    }

private:
    Entry& give(Entry& entry) {
        commander_.give(entry);
        measure_.watch(entry);
        return entry;
    }

    // Submits the pod; cancels it where it did not start at once.
    bool starts(std::uint32_t index) {
        const TraceJob& job = trace_.jobs[index];
        const Time now{job.submit_us};
        Entry& entry = commander_.entry(now);
        SubmitJob& command = *entry.mutable_command()->mutable_submit_job();
        const Directory::Who& who = directory_.who(job);
        command.set_org_id(who.org.value);
        command.set_project_id(who.project.value);
        command.set_member_id(who.member.value);
        JobSpec& spec = *command.mutable_spec();
        spec.set_pool_id(1);
        spec.set_tasks(1);
        spec.set_devices_per_task(job.devices_per_task);
        spec.set_milli_per_device(job.milli);
        const core::Outcome outcome = commander_.give(entry);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
            measure_.refused(index, core::to_string(refused->code));
            return false;
        }
        const JobId id{entry.events(0).job_admitted().job_id()};
        measure_.admitted(id, index, PoolId{1}, now.us);
        Entry& tick = commander_.entry(now);
        tick.mutable_command()->mutable_tick();
        give(tick);
        if (state_.jobs.at(id.value).lease) return true;
        Entry& drop = commander_.entry(now);
        drop.mutable_command()->mutable_cancel_job()->set_job_id(id.value);
        give(drop);
        return false;
    }

    core::State& state_;
    const Trace& trace_;
    const Directory& directory_;
    Commander& commander_;
    Measure& measure_;
};

}  // namespace

Result<ReplayReport> fill_pods(CentreFile centre, const OpenbPods& pods, std::uint64_t seed,
                               const ReplayRun& run) {
    if (centre.pools.size() != 1) {
        return Error{ErrorCode::invalid,
                     centre.file + ": pools: a fill needs a centre of one pool"};
    }
    if (auto named = set_rules(centre, "fifo-no-backfill"); !named) return std::move(named).error();
    const std::int64_t capacity = capacity_of(centre);
    const Trace trace = trace_of_order(pods, order_of(pods.pods, capacity, seed));
    complete(centre, trace);

    const RunCost cost;
    core::State state;
    Commander commander(state, run);
    const CentrePlan todo = plan(state, centre, {counted_tokens()});
    for (const Command& command : todo.commands) {
        if (auto done = commander.must(Time{0}, command); !done)
            return std::move(done).error().wrap(centre.file);
    }
    const Directory directory(state, trace, {});
    Measure measure(state, trace, 0);
    ReplayReport report;
    Filler(state, trace, directory, commander, measure).run(capacity, report);
    report.centre = centre.file;
    report.trace = pods.file;
    report.rules = "fill";
    report.seed = static_cast<std::int64_t>(seed);
    report.rows = trace.rows;
    report.wall_us = cost.wall_us();
    measure.fill(report);
    report.commands = commander.commands();
    report.entries = static_cast<std::int64_t>(state.seq);
    report.state_digest = state.digest();
    report.peak_memory_bytes = peak_memory_bytes();
    report.notes = {"CPU, memory and GPU models are outside the model: only devices limit",
                    "the published results of other policies have those limits, so they are "
                    "bounds from below here, not peers"};
    if (run.check_every != 0) state.check_invariants();
    return report;
}

Result<ReplayReport> fill(const FillOptions& options) {
    auto centre = read_centre(options.centre_file);
    if (!centre) return std::move(centre).error().wrap("centre file");
    auto input = Input::file(options.pods_file);
    if (!input) return std::move(input).error().wrap("trace");
    auto pods = read_openb_pods(std::move(*input));
    if (!pods) return std::move(pods).error().wrap("trace");
    return fill_pods(std::move(*centre), *pods, options.seed, options.run);
}

}  // namespace suan::sim
