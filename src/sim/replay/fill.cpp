#include "sim/replay/fill.hpp"

#include "base/limits.hpp"
#include "sim/replay/driver.hpp"
#include "sim/replay/run_cost.hpp"
#include "sim/traces/generate.hpp"

#include <algorithm>

namespace suan::sim {
namespace {

constexpr std::int64_t million = 1'000'000;

std::int64_t capacity_of(const CentreFile& centre) {
    std::int64_t out = 0;
    for (const CentrePool& pool : centre.pools) {
        for (const NodeSpec& node : pool.spec.nodes())
            out += std::int64_t{node.devices()} * limits::milli_per_device;
    }
    return out;
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
    const Trace trace = trace_of_order(pods, openb_arrivals(pods.pods, capacity, seed));
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
