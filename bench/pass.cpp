// The scheduler alone, one thread: jobs a second through enqueue, start, end and use, and the time
// of one pass after one arrival or departure while 100,000 jobs wait on a full cluster.
// Prints a table, or the house JSON with --json; --tiny is for tests.
#include "sched/scheduler.hpp"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace {

using namespace suan;
using namespace suan::sched;

struct Options {
    bool json = false;
    bool tiny = false;
};

struct Row {
    std::string name;
    double ours = 0;
    std::string unit;
    double bar = 0;
    bool at_least = true;
    bool holds() const { return at_least ? ours >= bar : ours <= bar; }
};

// A fixed generator, so that every run sees the same jobs.
struct Random {
    std::uint64_t state = 42;
    std::uint32_t below(std::uint32_t n) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state >> 33) % n);
    }
};

struct Centre {
    std::int64_t deserved_milli = 0;
    std::uint32_t nodes = 490;  // of 8
    std::uint32_t orgs = 500;
    Rules rules = {};
    std::uint32_t spot_percent = 0;  // of the jobs
};

// Every rule of docs/rules on at once.
Rules all_rules() {
    Rules rules;
    rules.expected_behind_milli = 500;
    rules.ends = Rules::Ends::by_expected;
    rules.reserve_after = Duration::minutes(1);
    rules.gang_nodes_min = 2;
    rules.overdue_after = Duration::hours(12);
    rules.reclaim_ratio_milli = 2'000;
    rules.reclaim_after = Duration::minutes(1);
    rules.spot_ratio_milli = 500;
    rules.stops_max = 2;
    return rules;
}

class Bench {
public:
    explicit Bench(const Centre& centre) : pool_(centre.rules), centre_(centre) {
        for (std::uint32_t n = 1; n <= centre.nodes; ++n)
            pool_.add_node({NodeId{n}, n / 16, 8});
        for (std::uint32_t o = 1; o <= centre.orgs; ++o) {
            pool_.set_share(OrgId{o}, Share{centre.deserved_milli, 1 + o % 4, INT64_MAX});
        }
        jobs_.resize(1);
    }

    void submit() {
        static constexpr std::uint32_t tasks[] = {1, 1, 1, 1, 1, 1, 2, 2, 4, 8};
        static constexpr std::uint32_t devices[] = {1, 1, 1, 1, 1, 2, 2, 4, 8, 8};
        WaitingJob job;
        job.id = JobId{jobs_.size()};
        job.org = OrgId{1 + random_.below(centre_.orgs)};
        job.project = ProjectId{1 + random_.below(2)};
        job.member = MemberId{1 + random_.below(3)};
        job.queued = now_;
        job.walltime = Duration::minutes(30 + random_.below(600));
        if (centre_.spot_percent > 0 && random_.below(100) < centre_.spot_percent)
            job.tier = Tier::spot;
        if (centre_.rules.ends == Rules::Ends::by_expected)
            job.expected = Duration::minutes(1 + random_.below(600));
        job.shape.tasks_min = job.shape.tasks_max = tasks[random_.below(10)];
        job.shape.devices_per_task = devices[random_.below(10)];
        jobs_.push_back(job);
        pool_.enqueue(job);
    }

    void pass() {
        if (!pool_.wants_pass()) return;
        pool_.begin_pass(now_);
        while (auto decision = pool_.next())
            feed(*decision);
    }

    void end_one(std::size_t at) {
        const Running ended = running_[at];
        running_[at] = running_.back();
        running_.pop_back();
        const WaitingJob& job = jobs_[ended.job];
        pool_.lease_ended(LeaseId{ended.lease});
        pool_.add_use(job.org, job.project, job.member,
                      job.shape.milli_devices(job.shape.tasks_min) * 60'000, now_);
        if (ended.lease % 8 == 0) tick();
    }

    void tick() {
        now_ = now_ + Duration::milliseconds(5);
        pool_.advance(now_);
    }

    PoolScheduler& pool() { return pool_; }
    Random& random() { return random_; }
    std::size_t running() const { return running_.size(); }

private:
    struct Running {
        std::uint64_t lease = 0;
        std::uint64_t job = 0;
    };

    void feed(const Decision& decision) {
        if (const auto* start = std::get_if<Start>(&decision)) {
            const WaitingJob& job = jobs_[start->job.value];
            pool_.dequeue(start->job);
            RunningLease lease;
            lease.id = LeaseId{++leases_};
            lease.job = job.id;
            lease.org = job.org;
            lease.project = job.project;
            lease.member = job.member;
            lease.tier = job.tier;
            lease.shape = job.shape;
            lease.tasks = start->tasks;
            lease.started = lease.last_checkpoint = now_;
            lease.ends_by = now_ + job.walltime;
            lease.placement = start->placement;
            pool_.lease_started(lease);
            running_.push_back({leases_, job.id.value});
        } else if (const auto* reserve = std::get_if<Reserve>(&decision)) {
            pool_.set_reservation(reserve->reservation);
        } else if (const auto* preempt = std::get_if<Preempt>(&decision)) {
            for (const LeaseId victim : preempt->victims)
                pool_.lease_stopping(victim);
            pool_.set_reservation(preempt->reservation);
        } else {
            pool_.clear_reservation(std::get<Unreserve>(decision).job);
        }
    }

    PoolScheduler pool_;
    std::vector<WaitingJob> jobs_;
    std::vector<Running> running_;
    Centre centre_;
    std::uint64_t leases_ = 0;
    Random random_;
    Time now_{Duration::hours(1).us};
};

// Processor time of this thread: other work on the machine is not ours to measure.
double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
double seconds_since(double start) {
    return thread_seconds() - start;
}

struct Load {
    std::uint32_t jobs = 0;
    std::uint32_t backlog = 0;  // jobs that wait all the time
    std::uint32_t running = 0;  // leases that are left to run
    double bar = 0;
};

Row cycle(const char* name, const Load& load) {
    const auto [jobs, backlog, held, bar] = load;
    Bench bench({.deserved_milli = 7'000});
    for (std::uint32_t i = 0; i < backlog; ++i)
        bench.submit();
    bench.pass();
    const auto start = thread_seconds();
    for (std::uint32_t i = 0; i < jobs; ++i) {
        bench.submit();
        bench.pass();
        while (bench.running() > held || bench.pool().totals().waiting_jobs > backlog) {
            bench.end_one(bench.random().below(static_cast<std::uint32_t>(bench.running())));
            bench.pass();
        }
    }
    return {name, jobs / seconds_since(start), "jobs/s", bar, true};
}

double percentile(std::vector<double>& values, double p) {
    const auto at = static_cast<std::size_t>(p * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at),
                     values.end());
    return values[at];
}

struct Bars {
    double median_us = 50;
    double p99_us = 1'000;
};

void latency(std::vector<Row>& rows, const char* label, std::uint32_t waiting, std::uint32_t steps,
             const Centre& centre, const Bars& bars = {}) {
    Bench bench(centre);
    for (std::uint32_t i = 0; i < waiting; ++i)
        bench.submit();
    bench.pass();
    std::vector<double> arrivals;
    std::vector<double> departures;
    for (std::uint32_t i = 0; i < steps; ++i) {
        auto start = thread_seconds();
        bench.submit();
        bench.pass();
        arrivals.push_back(seconds_since(start) * 1e6);
        start = thread_seconds();
        bench.end_one(bench.random().below(static_cast<std::uint32_t>(bench.running())));
        bench.pass();
        departures.push_back(seconds_since(start) * 1e6);
    }
    const std::string name = label;
    rows.push_back(
        {name + ", arrival, median", percentile(arrivals, 0.5), "us", bars.median_us, false});
    rows.push_back({name + ", arrival, p99", percentile(arrivals, 0.99), "us", bars.p99_us, false});
    rows.push_back(
        {name + ", departure, median", percentile(departures, 0.5), "us", bars.median_us, false});
    rows.push_back(
        {name + ", departure, p99", percentile(departures, 0.99), "us", bars.p99_us, false});
}

double resident_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024;
}

Row memory(std::uint32_t waiting) {
    const double before = resident_bytes();
    Bench bench({.deserved_milli = 8'000});
    for (std::uint32_t i = 0; i < waiting; ++i)
        bench.submit();
    const double own = waiting * static_cast<double>(sizeof(WaitingJob)) * 1.5;  // the bench's list
    const double bytes = std::max(0.0, resident_bytes() - before - own);
    return {"memory of a waiting job", bytes / waiting, "bytes", 400, false};
}

void print(const std::vector<Row>& rows, const Options& options) {
    if (!options.json) {
        for (const Row& row : rows) {
            std::printf("%-48s %14.2f %-8s bar %10.0f %s\n", row.name.c_str(), row.ours,
                        row.unit.c_str(), row.bar, row.holds() ? "holds" : "MISSED");
        }
        return;
    }
    std::printf("{\"machine\":\"one thread\",\"rows\":[");
    const char* comma = "";
    for (const Row& row : rows) {
        std::printf(
            "%s{\"name\":\"%s\",\"ours\":%.3f,\"unit\":\"%s\",\"peer\":null,"
            "\"peer_value\":null,\"ratio\":null,\"bar\":%.0f,\"holds\":%s}",
            comma, row.name.c_str(), row.ours, row.unit.c_str(), row.bar,
            row.holds() ? "true" : "false");
        comma = ",";
    }
    std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0) options.json = true;
        if (std::strcmp(argv[i], "--tiny") == 0) options.tiny = true;
    }
    const std::uint32_t scale = options.tiny ? 100 : 1;
    std::vector<Row> rows;
    rows.push_back(memory(1'000'000 / scale));
    rows.push_back(cycle("cycle, room for all", {1'000'000 / scale, 0, 300, 800'000}));
    rows.push_back(cycle("cycle, cluster nearly full", {300'000 / scale, 0, UINT32_MAX, 50'000}));
    rows.push_back(cycle("cycle, 1,000 waiting", {300'000 / scale, 1'000, UINT32_MAX, 50'000}));
    rows.push_back(
        cycle("cycle, 100,000 waiting", {100'000 / scale, 100'000 / scale, UINT32_MAX, 20'000}));
    latency(rows, "100,000 waiting, no shares", 100'000 / scale, 10'000 / scale, {});
    latency(rows, "100,000 waiting, shares", 100'000 / scale, 10'000 / scale,
            {.deserved_milli = 7'000});
    Centre large{.deserved_milli = 600, .nodes = 500, .orgs = 5'000, .rules = all_rules()};
    latency(rows, "5,000 orgs, all rules", 100'000 / scale, 10'000 / scale, large,
            {.median_us = 100, .p99_us = 2'000});
    large.spot_percent = 20;
    latency(rows, "5,000 orgs, all rules, spot", 100'000 / scale, 10'000 / scale, large,
            {.median_us = 100, .p99_us = 2'000});
    print(rows, options);
    return 0;
}
