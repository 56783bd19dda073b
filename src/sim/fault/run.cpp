// Many runs, each in a process of its own, so that an assertion of the core is a failure with a
// seed and not the end of the search.
#include "base/bytes.hpp"
#include "sim/fault/options.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

namespace suan::sim {
namespace {

std::string read_all(int fd) {
    std::string out;
    char buffer[4'096];
    for (ssize_t n = read(fd, buffer, sizeof buffer); n > 0; n = read(fd, buffer, sizeof buffer))
        out.append(buffer, static_cast<std::size_t>(n));
    return out;
}

void write_all(int fd, const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
        if (n <= 0) return;
        done += static_cast<std::size_t>(n);
    }
}

// Numbers first, the failure last, since it may hold anything.
std::string packed(const SimulationReport& r) {
    return fmt::format("{} {} {} {} {} {} {} {} {} {}\n{}\n{}", r.seed, r.step, r.entries, r.events,
                       r.requests, r.refused, r.jobs, r.leases, r.kills, r.faults, r.state_digest,
                       r.failure);
}

SimulationReport unpacked(const std::string& text) {
    SimulationReport r;
    unsigned long long n[10] = {};
    const std::size_t first = text.find('\n');
    const std::size_t second = text.find('\n', first + 1);
    const int got =
        std::sscanf(text.c_str(), "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &n[0], &n[1],
                    &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8], &n[9]);
    if (got != 10 || second == std::string::npos) {
        r.failure = "the run ended without a report";
        return r;
    }
    r.seed = n[0];
    r.step = static_cast<std::uint32_t>(n[1]);
    r.entries = n[2];
    r.events = n[3];
    r.requests = n[4];
    r.refused = n[5];
    r.jobs = n[6];
    r.leases = n[7];
    r.kills = n[8];
    r.faults = n[9];
    r.state_digest = text.substr(first + 1, second - first - 1);
    r.failure = text.substr(second + 1);
    return r;
}

}  // namespace

SimulationReport simulate_apart(const SimulationOptions& options) {
    SimulationReport report;
    report.seed = options.seed;
    int ends[2];
    if (pipe(ends) != 0) {
        report.failure = "no pipe for the run's report";
        return report;
    }
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) {
        report.failure = "no process for the run";
        close(ends[0]);
        close(ends[1]);
        return report;
    }
    if (child == 0) {
        close(ends[0]);
        alarm(run_seconds_max);
        write_all(ends[1], packed(simulate(options)));
        _exit(0);
    }
    close(ends[1]);
    const std::string text = read_all(ends[0]);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) return unpacked(text);
    report.failure =
        WTERMSIG(status) == SIGALRM
            ? fmt::format("the run did not end in {} s", run_seconds_max)
            : fmt::format("the run ended by signal {}: see the assertion above", WTERMSIG(status));
    return report;
}

SimulationReport shrink(const SimulationReport& failed, SimulationOptions options) {
    SimulationReport best = failed;
    std::uint32_t low = 0;
    std::uint32_t high = failed.step != 0 ? failed.step : 1'200;
    for (int i = 0; i < 12 && low + 1 < high; ++i) {
        options.steps = low + (high - low) / 2;
        SimulationReport report = simulate_apart(options);
        if (report.held()) {
            low = options.steps;
        } else {
            high = options.steps;
            report.step = options.steps;
            best = std::move(report);
        }
    }
    best.step = high;
    return best;
}

std::string SimulationReport::text() const {
    return fmt::format(
        "seed {}: {} entries, {} events, {} requests ({} refused), {} jobs, {} leases, {} kills, "
        "{} faults",
        seed, entries, events, requests, refused, jobs, leases, kills, faults);
}

int run_simulations(const SimulationPlan& plan) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begun = Clock::now();
    const auto seconds = [&] {
        return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun).count();
    };
    SimulationReport sum;
    std::uint64_t seeds = 0;
    std::int64_t told = 0;
    for (std::uint64_t seed = plan.first_seed;; ++seed) {
        if (plan.seeds != 0 && seeds == plan.seeds) break;
        if (plan.seconds != 0 && seconds() >= plan.seconds) break;
        SimulationOptions options;
        options.seed = seed;
        options.steps = plan.steps;
        const SimulationReport report = simulate_apart(options);
        ++seeds;
        if (!report.held()) {
            const SimulationReport least = plan.steps == 0 ? shrink(report, options) : report;
            const std::uint32_t steps = plan.steps == 0 ? least.step : plan.steps;
            fmt::print(
                "FAILED seed {}, step {}, commit {}\n{}\nrun it again: {} --seed {} --steps "
                "{}\n",
                seed, report.step, plan.commit, least.failure, plan.again, seed, steps);
            return 1;
        }
        sum.entries += report.entries;
        sum.events += report.events;
        sum.requests += report.requests;
        sum.jobs += report.jobs;
        sum.leases += report.leases;
        sum.kills += report.kills;
        sum.faults += report.faults;
        if (seconds() >= told + 10) {
            told = seconds();
            fmt::print("{} seeds, {} entries, {} kills, {} faults in {} s\n", seeds, sum.entries,
                       sum.kills, sum.faults, told);
            std::fflush(stdout);
        }
    }
    fmt::print(
        "all rules held: {} seeds, {} requests, {} entries, {} events, {} jobs, {} leases, "
        "{} kills, {} faults in {} s\n",
        seeds, sum.requests, sum.entries, sum.events, sum.jobs, sum.leases, sum.kills, sum.faults,
        seconds());
    return 0;
}

}  // namespace suan::sim
