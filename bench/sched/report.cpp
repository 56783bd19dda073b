#include "report.hpp"

#include "lists.hpp"
#include "openb.hpp"
#include "peers.hpp"
#include "pool_fill.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/generate.hpp"
#include "suan.hpp"
#include "workloads.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace suan::contest {
namespace {

using bench::Better;
using bench::Row;
using Rows = Result<std::vector<Row>>;

Row agrees(std::string name, double ours, double published, double tolerance_percent) {
    const double off = std::abs(ours - published) / published * 100;
    return {name + ", off its figure",
            off,
            "%",
            tolerance_percent,
            Better::lower,
            "published, s",
            published};
}

Figures simulate(const Workload& workload, const std::vector<std::uint32_t>& nodes, Policy& policy,
                 const RunModel& model = {}) {
    Simulator sim(workload.jobs, nodes, model);
    sim.run(policy);
    return figures_of(sim, workload.orgs.size());
}

Result<double> published_muri(const std::string& traces, std::string_view policy,
                              std::string_view trace) {
    static constexpr std::array<sim::Column, 4> columns{
        {{"policy"}, {"metric"}, {"trace"}, {"seconds"}}};
    auto input = sim::Input::file(traces + "/muri-philly64/published_results.csv");
    if (!input) return std::move(input).error();
    auto rows = sim::CsvReader::open(std::move(*input), columns, sim::Others::ignore);
    if (!rows) return std::move(rows).error();
    for (;;) {
        auto found = rows->next();
        if (!found) return std::move(found).error();
        if (!*found) return Error{ErrorCode::not_found, "no published figure"};
        const sim::Fields& fields = rows->fields();
        if (fields.text(0) == policy && fields.text(1) == "avg_jct" && fields.text(2) == trace)
            return std::stod(std::string(fields.text(3)));
    }
}

// Average completion times of 24 published runs: 64 devices, 8 nodes, Muri's own counting.
Rows muri(const std::string& traces) {
    std::vector<Row> out;
    RunModel model;
    model.stop_keeps_all = true;
    const std::vector<std::uint32_t> nodes(8, 8);
    for (const char* name : {"trace1", "trace1_pr", "trace2", "trace2_pr", "trace3", "trace3_pr",
                             "trace4", "trace4_pr"}) {
        auto jobs = read_muri_workload(traces + "/muri-philly64/" + name + ".csv");
        if (!jobs) return std::move(jobs).error();
        ShortestRemaining srtf(ShortestRemaining::By::time);
        ShortestRemaining srsf(ShortestRemaining::By::service);
        LeastAttained las;
        const std::array<std::pair<const char*, Policy*>, 3> policies{
            {{"SRTF", &srtf}, {"SRSF", &srsf}, {"Tiresias_L", &las}}};
        for (const auto& [policy_name, policy] : policies) {
            auto published = published_muri(traces, policy_name, name);
            if (!published) return std::move(published).error();
            const Figures figures = simulate(*jobs, nodes, *policy, model);
            out.push_back(agrees(std::string("muri ") + name + " " + policy_name,
                                 figures.jct_mean_s, *published, 0.5));
        }
    }
    return out;
}

// Each virtual cluster alone on its nodes; jobs together.
Figures alone(const Workload& workload, QueueOrder::By by) {
    Figures sum;
    const auto all = static_cast<double>(workload.jobs.size());
    for (std::uint32_t org = 0; org < workload.orgs.size(); ++org) {
        Workload own = workload;
        std::erase_if(own.jobs, [org](const Job& job) { return job.org != org; });
        QueueOrder policy(by, QueueOrder::Backfill::none);
        const Figures figures =
            simulate(own, std::vector<std::uint32_t>(workload.nodes_of_orgs[org], 8), policy);
        const auto part = static_cast<double>(own.jobs.size()) / all;
        sum.jct_mean_s += figures.jct_mean_s * part;
        sum.wait_mean_s += figures.wait_mean_s * part;
        sum.org_wait_s.push_back(figures.org_wait_s[org]);
    }
    return sum;
}

// The reference means of Philly's tight map, to the tenth of a second that they are given with.
// Jobs of the same second stand in the order of the file.
Rows philly(const std::string& traces) {
    auto jobs = read_philly_workload(traces + "/philly-pollux/philly.csv");
    if (!jobs) return std::move(jobs).error();
    std::vector<Row> out;
    const Figures fifo = alone(*jobs, QueueOrder::By::submission);
    const Figures sjf = alone(*jobs, QueueOrder::By::run_time);
    const auto exact = [&out](const char* name, double ours, double reference) {
        out.push_back({name, ours, "s", reference + 0.05, Better::lower, "reference", reference});
    };
    exact("philly tight, FIFO, completion", fifo.jct_mean_s, 216'578.6);
    exact("philly tight, FIFO, wait", fifo.wait_mean_s, 205'097.9);
    exact("philly tight, SJF, completion", sjf.jct_mean_s, 33'790.9);
    exact("philly tight, SJF, wait", sjf.wait_mean_s, 22'310.2);
    return out;
}

Rows openb(const std::string& traces) {
    const std::string folder = traces + "/openb-v2023";
    std::vector<Row> out;
    FillFigures sum;
    for (const char* name :
         {"default", "cpu050", "cpu100", "cpu200", "cpu250", "gpushare40", "gpushare60",
          "gpushare80", "gpushare100", "gpuspec10", "gpuspec20", "gpuspec25", "gpuspec33",
          "multigpu20", "multigpu30", "multigpu40", "multigpu50"}) {
        const std::string list = std::string("openb_pod_list_") + name;
        auto fgd = published_fgd(folder, list);
        if (!fgd) return std::move(fgd).error();
        double mean = 0;
        for (std::uint64_t seed = 42; seed < 52; ++seed) {
            auto run = fill_openb(folder, list, seed);
            if (!run) return std::move(run).error();
            mean += run->allocated_percent / 10;
            sum.seconds += run->seconds;
            sum.pods += run->pods;
        }
        const bool first = out.empty();
        out.push_back({std::string("openb ") + name + ", allocated at 130 %", mean, "%",
                       first ? 95.4 : *fgd, Better::higher, "FGD", *fgd});
    }
    out.push_back({"openb, placements", static_cast<double>(sum.pods) / sum.seconds, "/s", 10'000,
                   Better::higher, "FGD's simulator", 3.4});
    return out;
}

// The same lists on the pool's own scheduler, by its two rules of placement.
Rows pool(const std::string& traces) {
    const std::string folder = traces + "/openb-v2023";
    std::vector<Row> out;
    FillFigures sum;
    for (const char* name : {"default", "gpushare40", "gpushare100", "multigpu20", "multigpu50"}) {
        const std::string list = std::string("openb_pod_list_") + name;
        double fragments = 0;
        double tight = 0;
        for (std::uint64_t seed = 42; seed < 52; ++seed) {
            auto ours = fill_pool(folder, list, seed, sched::Rules::Place::fragments);
            if (!ours) return std::move(ours).error();
            auto theirs = fill_pool(folder, list, seed, sched::Rules::Place::tight);
            if (!theirs) return std::move(theirs).error();
            fragments += ours->allocated_percent / 10;
            tight += theirs->allocated_percent / 10;
            sum.seconds += ours->seconds;
            sum.pods += ours->pods;
        }
        out.push_back({std::string("pool, devices of openb ") + name + ", allocated at 130 %",
                       fragments, "%", 0, Better::higher, "placement: tight", tight});
    }
    out.push_back({"pool, placements", static_cast<double>(sum.pods) / sum.seconds, "/s", 10'000,
                   Better::higher});
    return out;
}

// The rules that a centre like Philly would run with: docs/rules/ says what each means. Users give
// no bound there, so every job has the pool's longest. Four fifths of its own nodes are an
// organisation's share; the last fifth is nobody's, so that giving a share back stops few.
SuanOptions philly_options(const Workload& workload, std::uint32_t nodes) {
    SuanOptions out;
    out.limit_us = Duration::hours(24 * 60).us;
    sched::Rules& rules = out.rules;
    out.expected_permille = 750;
    rules.usage_half_life = Duration::hours(24 * 14);
    rules.usage_horizon = Duration::hours(100);
    rules.expected_behind_milli = 500;
    rules.ends = sched::Rules::Ends::by_expected;
    rules.reservations_max = 4;
    rules.gang_nodes_min = 3;
    rules.reserve_after = Duration::hours(4);
    rules.reclaim_ratio_milli = 3'000;
    rules.reclaim_after = Duration::minutes(15);
    rules.stops_max = 2;
    rules.place = sched::Rules::Place::tight;
    std::uint32_t all = 0;
    for (const std::uint32_t own : workload.nodes_of_orgs)
        all += own;
    for (const std::uint32_t own : workload.nodes_of_orgs)
        out.shares.push_back({std::int64_t{own} * nodes / all * 6'400, own, INT64_MAX});
    return out;
}

MultifactorOptions slurm_options(const Workload& workload, MultifactorOptions::Limit limit) {
    MultifactorOptions out;
    out.limit = limit;
    for (const std::uint32_t own : workload.nodes_of_orgs)
        out.shares.push_back(own / 82.0);
    return out;
}

// The same jobs, each submitted up to so much later.
Workload moved(const Workload& workload, std::uint64_t seed, std::uint64_t most_s) {
    Workload out = workload;
    sim::Rng rng(seed);
    for (Job& job : out.jobs)
        job.submit_us += static_cast<std::int64_t>(rng.below(most_s)) * 1'000'000;
    std::stable_sort(out.jobs.begin(), out.jobs.end(),
                     [](const Job& a, const Job& b) { return a.submit_us < b.submit_us; });
    return out;
}

// The 69th longest of 68,503 waits hangs on the second: how far it does, for ours and for FIFO.
Row moved_tail(const Workload& workload, const std::vector<std::uint32_t>& nodes) {
    double ours = 0;
    double theirs = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Workload jobs = moved(workload, seed, 3'600);
        Suan policy(philly_options(jobs, 82), nodes);
        QueueOrder fifo(QueueOrder::By::submission, QueueOrder::Backfill::aggressive);
        ours += simulate(jobs, nodes, policy).wait_p999_s / 5;
        theirs += simulate(jobs, nodes, fifo).wait_p999_s / 5;
    }
    return {"philly pooled, p99.9 wait, mean of 5 with arrivals moved up to 1 h",
            ours,
            "s",
            0,
            Better::lower,
            "FIFO, backfill, no shares",
            theirs};
}

// All machines pooled, the virtual clusters as organisations with their own nodes as shares.
Rows suan(const std::string& traces) {
    auto jobs = read_philly_workload(traces + "/philly-pollux/philly.csv");
    if (!jobs) return std::move(jobs).error();
    const std::vector<std::uint32_t> nodes(82, 8);
    QueueOrder fifo(QueueOrder::By::submission, QueueOrder::Backfill::aggressive);
    QueueOrder sjf(QueueOrder::By::run_time, QueueOrder::Backfill::aggressive);
    LeastAttained las;
    Multifactor slurm(slurm_options(*jobs, MultifactorOptions::Limit::none), 82 * 8);
    Suan policy(philly_options(*jobs, 82), nodes);
    const Figures by_fifo = simulate(*jobs, nodes, fifo);
    const Figures by_sjf = simulate(*jobs, nodes, sjf);
    const Figures by_las = simulate(*jobs, nodes, las, {.stop_keeps_all = true});
    const Figures by_slurm = simulate(*jobs, nodes, slurm);
    const Figures ours = simulate(*jobs, nodes, policy);
    const Figures own = alone(*jobs, QueueOrder::By::submission);
    double worst = 0;
    for (std::size_t org = 0; org < own.org_wait_s.size(); ++org)
        worst = std::max(worst, ours.org_wait_s[org] / own.org_wait_s[org]);
    return std::vector<Row>{
        {"philly pooled, mean wait", ours.wait_mean_s, "s", 1'900, Better::lower,
         "FIFO, backfill, no shares", by_fifo.wait_mean_s},
        {"philly pooled, p99.9 wait", ours.wait_p999_s, "s", 90'000, Better::lower,
         "FIFO, backfill, no shares", by_fifo.wait_p999_s},
        {"philly pooled, worst VC, wait over alone", worst, "x", 1, Better::lower},
        {"philly pooled, lost to reclaiming", ours.lost_share * 100, "%", 1, Better::lower},
        {"philly pooled, mean bounded slowdown", ours.slowdown_mean, "", 0, Better::lower,
         "FIFO, backfill, no shares", by_fifo.slowdown_mean},
        {"philly pooled, mean wait, beside SJF", ours.wait_mean_s, "s", 0, Better::lower,
         "SJF, true run times", by_sjf.wait_mean_s},
        {"philly pooled, p99.9 wait, beside SJF", ours.wait_p999_s, "s", 0, Better::lower,
         "SJF, true run times", by_sjf.wait_p999_s},
        {"philly pooled, mean wait, beside LAS", ours.wait_mean_s, "s", 0, Better::lower,
         "2D-LAS, free preemption", by_las.wait_mean_s},
        {"philly pooled, mean wait, beside Slurm's order", ours.wait_mean_s, "s", 0, Better::lower,
         "multifactor + backfill, no limits", by_slurm.wait_mean_s},
        {"philly pooled, p99.9 wait, beside Slurm's order", ours.wait_p999_s, "s", 0, Better::lower,
         "multifactor + backfill, no limits", by_slurm.wait_p999_s},
        moved_tail(*jobs, nodes)};
}

// A large centre has room to keep: whole shares, gangs of two nodes and more reserve at once, and
// who holds much now stands back for who holds little (the horizon).
SuanOptions shape_options(const Workload& workload) {
    SuanOptions out = philly_options(workload, 490);
    for (sched::Share& share : out.shares)
        share.deserved_milli = share.deserved_milli * 5 / 4;
    out.rules.usage_horizon = Duration::hours(1);
    out.rules.gang_nodes_min = 2;
    out.rules.reserve_after = Duration{};
    return out;
}

Figures shape_under(const Workload& jobs, std::optional<MultifactorOptions::Limit> peer) {
    const std::vector<std::uint32_t> nodes(490, 8);
    if (peer) {
        Multifactor policy(slurm_options(jobs, *peer), 490 * 8);
        return simulate(jobs, nodes, policy);
    }
    Suan policy(shape_options(jobs), nodes);
    return simulate(jobs, nodes, policy);
}

// No slowdown is under 1, so what is over 1 is what a scheduler can be blamed for.
Row over_one(const std::string& name, double ours, double theirs, const char* peer) {
    return {
        "1000P shape, slowdown over 1" + name, ours - 1, "", 0, Better::lower, peer, theirs - 1};
}

// How far it hangs on the second: arrivals moved by up to 400 s, an hour before they were pressed.
Row moved_shape(const Workload& workload) {
    double ours = 0;
    double theirs = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Workload jobs = moved(workload, seed, 400);
        ours += shape_under(jobs, std::nullopt).slowdown_mean / 5;
        theirs += shape_under(jobs, MultifactorOptions::Limit::none).slowdown_mean / 5;
    }
    return over_one(", mean of 5 with arrivals moved up to 400 s", ours, theirs,
                    "multifactor + backfill, no limits");
}

// The shape of 1,000 PFLOPS: the same jobs 9.09 times as dense on 490 nodes of 8.
Rows shape(const std::string& traces) {
    auto jobs = read_philly_workload(traces + "/philly-pollux/philly.csv", 9'090);
    if (!jobs) return std::move(jobs).error();
    std::vector<Row> out;
    const Figures ours = shape_under(*jobs, std::nullopt);
    for (const auto& [limit, name] :
         {std::pair{MultifactorOptions::Limit::none, "multifactor + backfill, no limits"},
          std::pair{MultifactorOptions::Limit::true_run_time,
                    "multifactor + backfill, true run times as limits"}}) {
        const Figures theirs = shape_under(*jobs, limit);
        out.push_back({"1000P shape, mean bounded slowdown", ours.slowdown_mean, "",
                       theirs.slowdown_mean / 2, Better::lower, name, theirs.slowdown_mean});
        out.push_back(over_one("", ours.slowdown_mean, theirs.slowdown_mean, name));
        out.push_back({"1000P shape, mean wait", ours.wait_mean_s, "s", 0, Better::lower, name,
                       theirs.wait_mean_s});
        out.push_back({"1000P shape, use of devices until the last end", ours.use * 100, "%",
                       theirs.use * 100, Better::higher, name, theirs.use * 100});
    }
    QueueOrder sjf(QueueOrder::By::run_time, QueueOrder::Backfill::aggressive);
    const Figures known = simulate(*jobs, std::vector<std::uint32_t>(490, 8), sjf);
    out.push_back(
        over_one(", beside SJF", ours.slowdown_mean, known.slowdown_mean, "SJF, true run times"));
    out.push_back(moved_shape(*jobs));
    return out;
}

struct Missed {
    double strict = 0;
    double soft = 0;
    double lost_device_hours = 0;
};
Missed missed(const Workload& workload, Policy& policy, const RunModel& model) {
    Simulator sim(workload.jobs, std::vector<std::uint32_t>(120, 8), model);
    sim.run(policy);
    Missed out;
    for (std::uint32_t id = 0; id < workload.jobs.size(); ++id) {
        const Job& job = sim.job(id);
        const bool late = sim.progress(id).end_us - job.submit_us > job.deadline_us;
        if (job.deadline_us != 0 && late) (job.soft ? out.soft : out.strict) += 1;
        out.lost_device_hours +=
            static_cast<double>(sim.progress(id).lost_us) / 3.6e9 * job.devices;
    }
    return out;
}

// The rules for both of Chronus' mixes.
SuanOptions chronus_options() {
    SuanOptions out;
    out.limit_us = Duration::hours(24 * 60).us;
    out.checkpoints = true;
    out.shares = {{120 * 8'000, 1, INT64_MAX}};
    out.rules.expected_behind_milli = 3'000;
    out.rules.ends = sched::Rules::Ends::by_expected;
    out.rules.gang_nodes_min = 2;
    out.rules.reservations_max = 8;
    out.rules.spot_ratio_milli = 500;
    out.rules.min_runtime = Duration{};
    return out;
}

// Chronus' mixes on 120 nodes: strict deadlines above best effort (MIX1), with soft ones between
// (MIX2); jobs save their work every half hour of it. Virtual clusters are assigned at random in
// these traces, so all are one organisation.
Rows chronus(const std::string& traces) {
    std::vector<Row> out;
    for (const std::string mix : {"MIX1", "MIX2"}) {
        auto jobs =
            read_chronus_workload(traces + "/chronus-philly-slo/trace_job_Philly_" + mix + ".csv");
        if (!jobs) return std::move(jobs).error();
        for (Job& job : jobs->jobs)
            job.org = 0;
        RunModel model;
        model.checkpoint_us = Duration::minutes(30).us;
        PriorityPreemption peer;
        const Missed theirs = missed(*jobs, peer, model);
        Suan policy(chronus_options(), std::vector<std::uint32_t>(120, 8));
        const Missed ours = missed(*jobs, policy, model);
        const char* name = "priority preemption, youngest first";
        out.push_back({"chronus " + mix + ", strict deadlines missed", ours.strict, "jobs",
                       theirs.strict * 0.5, Better::lower, name, theirs.strict});
        if (theirs.soft > 0) {
            out.push_back({"chronus " + mix + ", first soft deadlines missed", ours.soft, "jobs", 0,
                           Better::lower, name, theirs.soft});
        }
        out.push_back({"chronus " + mix + ", device-hours lost", ours.lost_device_hours, "h",
                       theirs.lost_device_hours * 0.3, Better::lower, name,
                       theirs.lost_device_hours});
    }
    return out;
}

constexpr std::array<Chapter, 7> all{{{"muri", muri},
                                      {"philly", philly},
                                      {"openb", openb},
                                      {"pool", pool},
                                      {"suan", suan},
                                      {"shape", shape},
                                      {"chronus", chronus}}};

}  // namespace

std::span<const Chapter> chapters() {
    return all;
}

}  // namespace suan::contest
