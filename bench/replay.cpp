// links: suan_sim suan_core suan_crypto
// How long a replay takes: the whole Philly trace on its 11 virtual clusters, and a million
// generated jobs of 500 orgs on 490 nodes of 8.
//
//   bench_replay [--json] [--tiny | --digests] [--centres DIR] [--shared DIR]
//
// --tiny replays 2,000 generated jobs only, as a smoke test. --digests replays 20,000 under every
// rule, runs their log again with the state cut at 40 places (written as a snapshot, read back),
// and prints the digests of the state and the log: `./dev digests` compares them between builds.
// The digests show that every run does the same work; wall time is that of the replay without
// reading files.
#include "sim/replay/replay.hpp"

#include "core/transition.hpp"
#include "crypto/sm3.hpp"
#include "rows.hpp"
#include "sim/traces/generate.hpp"

#include <ctime>
#include <filesystem>
#include <string_view>

namespace {

using namespace suan;
using namespace suan::bench;
using namespace suan::sim;

struct Arguments {
    bool json = false;
    bool tiny = false;
    bool digests = false;
    std::string centres = "centres";
    std::string shared = "../shared";
};

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            out.json = true;
        } else if (word == "--tiny") {
            out.tiny = true;
        } else if (word == "--digests") {
            out.digests = true;
        } else if (word == "--centres" && i + 1 < argc) {
            out.centres = argv[++i];
        } else if (word == "--shared" && i + 1 < argc) {
            out.shared = argv[++i];
        } else {
            fmt::print(stderr,
                       "usage: bench_replay [--json] [--tiny | --digests] [--centres DIR] "
                       "[--shared DIR]\n");
            std::exit(2);
        }
    }
    return out;
}

ReplayReport must(Result<ReplayReport> report) {
    if (report) return std::move(*report);
    fmt::print(stderr, "{}\n", report.error().context);
    std::exit(1);
}

double seconds(std::int64_t us) {
    return static_cast<double>(us) / 1e6;
}

void add_rows(std::vector<Row>& rows, const std::string& name, const ReplayReport& report,
              double bar_s, std::clock_t began, const Arguments& arguments) {
    const std::string what = fmt::format("{}, {} jobs", name, report.jobs);
    rows.push_back({what + ": wall time", seconds(report.wall_us), "s", bar_s, Better::lower});
    rows.push_back({what + ": processor time, files and setting up included",
                    static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, "s"});
    rows.push_back(
        {what + ": decisions", static_cast<double>(report.commands_per_second()), "1/s"});
    rows.push_back({what + ": peak memory", static_cast<double>(report.peak_memory_bytes >> 20),
                    "MiB", bar_s > 0 ? 1'024.0 : 0.0, Better::lower});
    if (!arguments.json)
        fmt::print("{}: digest {}, {} % used, wait mean {} s, {} preemptions, {} resizes\n", what,
                   to_hex(report.state_digest), report.used_per_mille / 10,
                   report.wait.mean_us / 1'000'000, report.preemptions, report.resizes);
}

ReplayReport generated(const Arguments& arguments, std::uint32_t jobs) {
    GenerateOptions options;
    options.jobs = jobs;
    options.orgs = 500;
    const Trace trace = generate(options);
    auto centre = read_centre(arguments.centres + "/1000P.yaml");
    if (!centre) return must(std::move(centre).error());
    return must(replay_trace(std::move(*centre), trace, {}));
}

// ---- The same with every rule on: shares for all, lending and reclaiming, reservations, learnt
// run times, the spot market, elastic jobs, shared devices, preferred topologies.

// Without checkpoints no elastic job is resized.
constexpr Duration checkpoint_interval = Duration::hours(2);

PoolRules every_rule() {
    PoolRules rules;
    rules.set_order("fair");
    rules.set_usage_half_life_ms(14LL * 86'400'000);
    rules.set_usage_horizon_ms(100LL * 3'600'000);
    rules.set_expected_permille(500);
    rules.set_expected_behind_milli(500);
    rules.set_ends("expected");
    rules.set_gang_nodes_min(3);
    rules.set_reserve_after_ms(3'600'000);
    rules.set_overdue_after_ms(43'200'000);
    rules.set_reclaim_ratio_milli(2'000);
    rules.set_reclaim_after_ms(900'000);
    rules.set_reclaim_within_ms(7'200'000);
    rules.set_spot_ratio_milli(500);
    rules.set_spot_within_ms(3'600'000);
    rules.set_stops_max(3);
    rules.set_resize_within_ms(60'000);
    rules.set_spot_period_ms(600'000);
    rules.set_quote_compensation_permille(100);
    return rules;
}

// Four fifths of the devices are deserved, as the trace's orgs differ in size.
void share_out(const Trace& trace, const CentrePool& pool, CentreFile& centre) {
    std::int64_t devices = 0;
    for (const NodeSpec& node : pool.spec.nodes())
        devices += node.devices();
    std::int64_t parts = 0;  // harmonic, in millionths
    for (std::size_t k = 0; k < trace.orgs.size(); ++k)
        parts += 1'000'000 / static_cast<std::int64_t>(k + 1);
    for (std::uint32_t k = 0; k < trace.orgs.size(); ++k) {
        CentreOrg& org = centre.orgs.emplace_back();
        org.name = trace.orgs[k];
        org.funds_micro_yuan = 100'000'000LL * 1'000'000;
        CentreShare& share = org.shares.emplace_back();
        share.pool = pool.spec.name();
        share.deserved_milli =
            devices * 800 * (1'000'000 / static_cast<std::int64_t>(k + 1)) / parts / 1'000 * 1'000;
    }
}

Trace every_kind(std::uint32_t jobs) {
    GenerateOptions options;
    options.jobs = jobs;
    options.orgs = 500;
    options.shared_per_mille = 100;
    Trace trace = generate(options);
    for (TraceJob& job : trace.jobs) {
        // Who deserves little does not ask for its devices at any price.
        if (job.org >= 16 && job.tier == sim::Tier::reserved) job.tier = sim::Tier::standard;
        if (job.tasks > 1 && job.id % 4 == 0) job.min_tasks = job.tasks / 2;
    }
    return trace;
}

CentreFile every_rule_centre(const Arguments& arguments, const Trace& trace) {
    auto centre = read_centre(arguments.centres + "/1000P.yaml");
    if (!centre) must(std::move(centre).error());
    *centre->pools[0].spec.mutable_rules() = every_rule();
    share_out(trace, centre->pools[0], *centre);
    return std::move(*centre);
}

ReplayReport everything(const Arguments& arguments, std::uint32_t jobs) {
    const Trace trace = every_kind(jobs);
    ReplayRun run;
    run.checkpoint_us = checkpoint_interval.us;
    return must(replay_trace(every_rule_centre(arguments, trace), trace, run));
}

// ---- Digests.

std::string log_digest(const std::vector<Entry>& log) {
    crypto::Sm3 sm3;
    for (const Entry& entry : log)
        sm3.update(entry.SerializeAsString());
    return to_hex(sm3.finish());
}

int digests(const Arguments& arguments) {
    constexpr std::size_t cuts = 40;
    const Trace trace = every_kind(20'000);
    std::vector<Entry> log;
    ReplayRun run;
    run.checkpoint_us = checkpoint_interval.us;
    run.sink = [&](const Entry& entry) { log.push_back(entry); };
    const ReplayReport report = must(replay_trace(every_rule_centre(arguments, trace), trace, run));
    core::State state;
    std::size_t place = 0;
    for (Entry& then : log) {
        if (place++ % (log.size() / cuts) == log.size() / cuts / 2) {
            std::string error;
            auto restored = core::from_snapshot(core::to_snapshot(state), error);
            if (!restored) {
                fmt::print(stderr, "entry {}: {}\n", place, error);
                return 1;
            }
            state = std::move(*restored);
        }
        Entry now = then;
        now.clear_events();
        now.clear_seq();
        now.clear_rules_version();
        core::step(state, now);
        if (now.SerializeAsString() == then.SerializeAsString()) continue;
        fmt::print(stderr, "entry {} differs after a cut\n", place);
        return 1;
    }
    if (to_hex(state.digest()) != to_hex(report.state_digest)) {
        fmt::print(stderr, "another state after {} cuts\n", cuts);
        return 1;
    }
    fmt::print("entries {}\nstate   {}\nlog     {}\n", log.size(), to_hex(report.state_digest),
               log_digest(log));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    if (arguments.digests) return digests(arguments);
    std::vector<Row> rows;
    const std::string philly = arguments.shared + "/traces/philly-pollux/philly.csv";
    if (arguments.tiny) {
        add_rows(rows, "generated", generated(arguments, 2'000), 0, std::clock_t{0}, arguments);
        add_rows(rows, "every rule", everything(arguments, 2'000), 0, std::clock_t{0}, arguments);
    } else {
        if (std::filesystem::exists(philly)) {
            ReplayOptions options;
            options.centre_file = arguments.centres + "/philly.yaml";
            options.trace_file = philly;
            options.format = TraceFormat::philly;
            add_rows(rows, "Philly", must(replay(options)), 3, std::clock_t{0}, arguments);
        } else {
            fmt::print(stderr, "{} is absent: give its folder by --shared\n", philly);
        }
        const std::clock_t began = std::clock();
        add_rows(rows, "generated", generated(arguments, 1'000'000), 30, began, arguments);
        const std::clock_t then = std::clock();
        add_rows(rows, "every rule", everything(arguments, 1'000'000), 60, then, arguments);
    }
    arguments.json ? print_json(rows) : print_text(rows);
}
