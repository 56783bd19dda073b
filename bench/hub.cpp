// Submissions over HTTP to the real hub, each acknowledged when it is on disk.
//
//   bench_hub [--json] [--tiny] [--runs N] [--keep] [--only single|batch|slurm]
//
// `suan hub run` with its SQLite log and a virtual pool of 490 nodes x 8; two client processes on
// loopback, keep-alive, 64 connections each with one request outstanding (batches: 2 connections
// each, 250 jobs a request). 50 orgs, gangs of mixed sizes that run for an hour: the pool is full
// at once and the queue grows while the scheduler works. Every submission has an idempotency key.
// Each run has a hub and a folder of its own; figures are medians over the runs. The peer is Slurm,
// where slurmctld is installed: 490 slurmds on loopback, two clients in a loop of `sbatch` of held
// jobs (bench/slurm_peer.sh).
#include "http_load.hpp"
#include "hub_process.hpp"
#include "kill9_world.hpp"
#include "rows.hpp"

#include <charconv>

namespace {

using namespace suan::bench;

constexpr std::uint32_t orgs = 50;
constexpr std::uint64_t batch_jobs = 250;

struct Arguments {
    bool tiny = false;
    bool json = false;
    bool keep = false;
    std::uint64_t runs = 3;
    std::string only{};

    bool wants(const char* part) const { return only.empty() || only == part; }
};

Arguments read_arguments(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--tiny") {
            out.tiny = true;
            out.runs = 1;
        } else if (word == "--json") {
            out.json = true;
        } else if (word == "--keep") {
            out.keep = true;
        } else if (word == "--runs" && i + 1 < argc) {
            out.runs = std::max(1, std::atoi(argv[++i]));
        } else if (word == "--only" && i + 1 < argc) {
            out.only = argv[++i];
        } else {
            give_up("bench_hub [--json] [--tiny] [--runs N] [--keep] [--only single|batch|slurm]");
        }
    }
    return out;
}

std::string centre_text() {
    std::string out = R"(title: bench
pools:
  - name: 1000P
    executor: sim
    device_type: Ascend 910
    nodes: [{prefix: n, count: 490, devices: 8, per_rack: 32}]
price_sheets:
  - name: s
    lines: [{pool: all, tier: all, yuan_per_device_hour: 8}]
members:
  - {name: audit, role: auditor}
orgs:
)";
    for (std::uint32_t i = 0; i < orgs; ++i) {
        out += fmt::format(
            "  - {{name: o{}, funds: 900000000, projects: [{{name: default}}], members: [{{name: "
            "m}}]}}\n",
            i);
    }
    return out;
}

// 24 draws, as in the research on Slurm: mostly one node, some gangs of up to 64.
std::uint32_t tasks_of(std::uint64_t i) {
    constexpr std::uint32_t nodes[] = {1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  2,  2,
                                       2, 2, 4, 4, 4, 8, 8, 16, 16, 32, 64, 64};
    return nodes[i * 7 % std::size(nodes)];
}

std::string job_text(const std::string& key, std::uint64_t i, const char* key_field) {
    return fmt::format(
        R"({{"name":"train-{0}","pool":"1000P","tier":"standard","tasks":{1},)"
        R"("devices_per_task":8,"walltime_ms":7200000,"sim_duration_ms":3600000{2}}})",
        key, tasks_of(i), *key_field == 0 ? "" : fmt::format(R"(,"{}":"{}")", key_field, key));
}

std::string post(const char* target, const std::string& token, const std::string& more_headers,
                 const std::string& body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n{}"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        target, token, more_headers, body.size(), body);
}

enum class Form { single, batch };

struct Result {
    double jobs_per_s = 0;
    double p50_us = 0;
    double p99_us = 0;
    double cpu_us = 0;  // of the hub, for each job
};

// One hub, one load, its end.
Result measure(Form form, std::uint64_t requests, const Arguments& arguments) {
    const auto folder = fresh_folder("bench_hub");
    std::ofstream(folder / "centre.yaml") << centre_text();
    HubProcess hub(folder, {"--centre", folder / "centre.yaml"});
    hub.start();
    std::vector<std::string> tokens;
    for (std::uint32_t i = 0; i < orgs; ++i)
        tokens.push_back(hub.token(fmt::format("o{}.m", i)));

    LoadOptions options;
    options.requests = requests;
    options.distinct_requests = requests;
    options.connections = form == Form::single ? 64 : 2;
    options.make_request = [&](std::uint32_t process, std::uint64_t i) {
        const std::string& token = tokens[(i * 2 + process) % tokens.size()];
        const std::string key = fmt::format("{}-{}", process, i);
        if (form == Form::single) {
            return post("/v1/jobs", token, fmt::format("Idempotency-Key: {}\r\n", key),
                        job_text(key, i, ""));
        }
        std::string body = R"({"jobs":[)";
        for (std::uint64_t k = 0; k < batch_jobs; ++k) {
            if (k != 0) body += ',';
            body += job_text(fmt::format("{}-{}", key, k), i + k, "idempotency_key");
        }
        return post("/v1/jobs/batch", token, "", body + "]}");
    };
    Load load(options);
    const double cpu_before_s = hub.cpu_s();
    const LoadReport report = load.run(hub.port());
    const double cpu_s = hub.cpu_s() - cpu_before_s;

    const std::uint64_t jobs = report.answers * (form == Form::single ? 1 : batch_jobs);
    WorldReader reader(hub.url(), hub.token("operator"), hub.token("audit"));
    const std::uint64_t there = reader.running_or_waiting();
    if (report.refused != 0 || report.answers != 2 * requests || there != jobs) {
        give_up(fmt::format("{} answers, {} refused, {} jobs there of {}; see {}", report.answers,
                            report.refused, there, jobs, folder.string()));
    }
    if (!hub.stop()) give_up("the hub did not stop with status 0: " + folder.string());
    if (!arguments.keep) std::filesystem::remove_all(folder);
    Result out;
    out.jobs_per_s = static_cast<double>(jobs) * 1e9 / static_cast<double>(report.wall_ns);
    out.cpu_us = cpu_s * 1e6 / static_cast<double>(jobs);
    out.p50_us = static_cast<double>(report.p50_us);
    out.p99_us = static_cast<double>(report.p99_us);
    if (!arguments.json) {
        fmt::print(
            "{}: {} jobs, {:.0f} jobs/s, p50 {:.1f} ms, p99 {:.1f} ms, "
            "{:.1f} us of the hub's processor time a job\n",
            form == Form::single ? "single" : "batches", jobs, out.jobs_per_s, out.p50_us / 1e3,
            out.p99_us / 1e3, out.cpu_us);
        std::fflush(stdout);
    }
    return out;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Result measure_many(Form form, std::uint64_t requests, const Arguments& arguments) {
    if (!arguments.wants(form == Form::single ? "single" : "batch")) return {};
    std::vector<double> rate;
    std::vector<double> p50;
    std::vector<double> p99;
    std::vector<double> cpu;
    for (std::uint64_t i = 0; i < arguments.runs; ++i) {
        const Result one = measure(form, requests, arguments);
        rate.push_back(one.jobs_per_s);
        p50.push_back(one.p50_us);
        p99.push_back(one.p99_us);
        cpu.push_back(one.cpu_us);
    }
    return {median(rate), median(p50), median(p99), median(cpu)};
}

// sbatch submissions a second; 0 where Slurm is not installed or does not come up.
double slurm_rate(const Arguments& arguments) {
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    const std::filesystem::path script =
        std::filesystem::path(source == nullptr ? "." : source) / "bench/slurm_peer.sh";
    if (arguments.tiny || !arguments.wants("slurm") || !std::filesystem::exists(script)) return 0;
    const auto folder = fresh_folder("bench_slurm");
    const auto out = folder / "rate";
    const std::string command = fmt::format("bash '{}' '{}' >'{}'", script.string(),
                                            (folder / "lab").string(), out.string());
    double rate = 0;
    if (std::system(command.c_str()) == 0) rate = std::atof(read_text(out).c_str());
    std::filesystem::remove_all(folder);
    return rate;
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = read_arguments(argc, argv);
    const double slurm = slurm_rate(arguments);
    const Result single = measure_many(Form::single, arguments.tiny ? 2'000 : 100'000, arguments);
    const Result batch = measure_many(Form::batch, arguments.tiny ? 8 : 400, arguments);
    const std::string peer = slurm > 0 ? "sbatch of Slurm, two clients, in this run" : "";
    const double in_ms = 1e-3;
    std::vector<Row> rows;
    if (arguments.wants("single")) {
        rows.insert(
            rows.end(),
            {{"single submissions, durable", single.jobs_per_s, "1/s", 20'000, Better::higher, peer,
              slurm},
             {"single submissions, p50", single.p50_us * in_ms, "ms", 0, Better::lower, {}, 0},
             {"single submissions, p99", single.p99_us * in_ms, "ms", 20, Better::lower, {}, 0},
             {"processor time of the hub, single",
              single.cpu_us,
              "us/job",
              0,
              Better::lower,
              {},
              0}});
    }
    if (arguments.wants("batch")) {
        rows.insert(rows.end(),
                    {{fmt::format("batches of {}, durable", batch_jobs), batch.jobs_per_s, "jobs/s",
                      100'000, Better::higher, peer, slurm},
                     {"a batch, p50", batch.p50_us * in_ms, "ms", 0, Better::lower, {}, 0},
                     {"a batch, p99", batch.p99_us * in_ms, "ms", 20, Better::lower, {}, 0},
                     {"processor time of the hub, batches",
                      batch.cpu_us,
                      "us/job",
                      0,
                      Better::lower,
                      {},
                      0}});
    }
    if (arguments.json) {
        print_json(rows);
    } else {
        print_text(rows);
        if (slurm == 0) fmt::print("no Slurm here to compare with (slurmctld, slurmd, sbatch)\n");
    }
    return 0;
}
