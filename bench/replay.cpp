// How long a replay takes: the whole Philly trace on its 11 virtual clusters, and a million
// generated jobs of 500 orgs on 490 nodes of 8.
//
//   bench_replay [--json] [--tiny] [--centres DIR] [--shared DIR]
//
// --tiny replays 2,000 generated jobs only, as a smoke test. The digests show that every run does
// the same work; wall time is that of the replay without reading files.
#include "sim/replay/replay.hpp"

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
        } else if (word == "--centres" && i + 1 < argc) {
            out.centres = argv[++i];
        } else if (word == "--shared" && i + 1 < argc) {
            out.shared = argv[++i];
        } else {
            fmt::print(stderr,
                       "usage: bench_replay [--json] [--tiny] [--centres DIR] [--shared DIR]\n");
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
        fmt::print("{}: digest {}, {} % used, wait mean {} s, {} preemptions\n", what,
                   to_hex(report.state_digest), report.used_per_mille / 10,
                   report.wait.mean_us / 1'000'000, report.preemptions);
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

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    std::vector<Row> rows;
    const std::string philly = arguments.shared + "/traces/philly-pollux/philly.csv";
    if (arguments.tiny) {
        add_rows(rows, "generated", generated(arguments, 2'000), 0, std::clock_t{0}, arguments);
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
    }
    arguments.json ? print_json(rows) : print_text(rows);
}
