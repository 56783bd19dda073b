// links: suan_sched
// Explain at the large size, one thread: every reason of a waiting job and every change that helps,
// while 100,000 jobs of 5,000 orgs wait on 500 nodes x 8. And a run ahead of the queue.
// Prints a table, or the house JSON with --json; --tiny is for tests.
#include "rows.hpp"
#include "sched/help.hpp"
#include "sched/run_ahead.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

using namespace suan;
using namespace suan::sched;
using suan::bench::Better;
using suan::bench::Row;

struct Random {
    std::uint64_t state = 42;
    std::uint32_t below(std::uint32_t n) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state >> 33) % n);
    }
};

struct Size {
    std::uint32_t nodes = 500;
    std::uint32_t orgs = 5'000;
    std::uint32_t jobs = 100'000;
};

// A pool that is full, with its queue, fed as the core would.
struct Pool {
    PoolScheduler scheduler{Rules{}};
    AheadInput ahead;
    std::vector<WaitingJob> jobs;
    Time now{Duration::hours(1).us};
    Random random;

    explicit Pool(const Size& size) {
        for (std::uint32_t n = 1; n <= size.nodes; ++n)
            scheduler.add_node({NodeId{n}, n / 16, 8});
        for (std::uint32_t o = 1; o <= size.orgs; ++o)
            scheduler.set_share(OrgId{o}, Share{o % 10 == 0 ? 4'000 : 0, 1 + o % 4, 64'000});
        scheduler.advance(now);
        for (std::uint64_t id = 1; id <= size.jobs; ++id)
            submit(JobId{id}, size.orgs);
        for (int passes = 0; passes < 8 && scheduler.wants_pass(); ++passes) {
            scheduler.begin_pass(now);
            while (auto decision = scheduler.next())
                feed(*decision);
        }
        ahead.now = now;
    }

    void submit(JobId id, std::uint32_t orgs) {
        static constexpr std::uint32_t tasks[] = {1, 1, 1, 1, 1, 1, 2, 2, 4, 8};
        static constexpr std::uint32_t devices[] = {1, 1, 1, 1, 1, 2, 2, 4, 8, 8};
        WaitingJob job;
        job.id = id;
        job.org = OrgId{1 + random.below(orgs)};
        job.project = ProjectId{1};
        job.member = MemberId{1 + random.below(3)};
        job.queued = now;
        job.walltime = Duration::minutes(30 + random.below(600));
        job.shape.tasks_min = job.shape.tasks_max = tasks[random.below(10)];
        job.shape.devices_per_task = devices[random.below(10)];
        if (random.below(5) == 0) job.shape.topology = Topology::one_rack;
        jobs.push_back(job);
        scheduler.enqueue(job);
        ahead.runs.emplace_back(id, Duration{job.walltime.us / 2});
    }

    void feed(const Decision& decision) {
        if (const auto* start = std::get_if<Start>(&decision)) {
            const WaitingJob& job = jobs[start->job.value - 1];
            scheduler.dequeue(job.id);
            RunningLease lease;
            lease.id = LeaseId{job.id.value};
            lease.job = job.id;
            lease.org = job.org;
            lease.project = job.project;
            lease.member = job.member;
            lease.tier = job.tier;
            lease.shape = job.shape;
            lease.tasks = start->tasks;
            lease.started = lease.last_checkpoint = now;
            lease.ends_by = now + job.walltime;
            lease.placement = start->placement;
            scheduler.lease_started(lease);
            ahead.running.push_back({lease.id, job.id, job.org, job.project, job.member,
                                     job.shape.milli_devices(lease.tasks),
                                     now + Duration{job.walltime.us / 2}, now});
        } else if (const auto* reserve = std::get_if<Reserve>(&decision)) {
            scheduler.set_reservation(reserve->reservation);
        } else if (const auto* preempt = std::get_if<Preempt>(&decision)) {
            for (const LeaseId victim : preempt->victims)
                scheduler.lease_stopping(victim);
            scheduler.set_reservation(preempt->reservation);
        } else if (const auto* given_up = std::get_if<Unreserve>(&decision)) {
            scheduler.clear_reservation(given_up->job);
        }
    }
};

// Processor time of this thread: other work on the machine is not ours to measure.
double thread_ms() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) * 1e3 + static_cast<double>(at.tv_nsec) * 1e-6;
}

double percentile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

void questions(Pool& pool, std::vector<Row>& rows) {
    std::vector<double> reasons, helps, both;
    std::size_t found = 0;
    const std::vector<JobId> waiting = pool.scheduler.order(10'000'000);
    for (int i = 0; i < 200; ++i) {
        const JobId job = waiting[pool.random.below(static_cast<std::uint32_t>(waiting.size()))];
        const double begin = thread_ms();
        static_cast<void>(pool.scheduler.explain(job, pool.now));
        const double middle = thread_ms();
        found += find_help(pool.scheduler, job, pool.now).size();
        const double end = thread_ms();
        reasons.push_back(middle - begin);
        helps.push_back(end - middle);
        both.push_back(end - begin);
    }
    rows.push_back({"waiting jobs", static_cast<double>(waiting.size()), "jobs"});
    rows.push_back({"every reason, median", percentile(reasons, 0.5), "ms"});
    rows.push_back({"changes that help, median", percentile(helps, 0.5), "ms"});
    rows.push_back({"explain, median", percentile(both, 0.5), "ms", 5, Better::lower});
    rows.push_back({"explain, p99", percentile(both, 0.99), "ms", 5, Better::lower});
    rows.push_back({"explain, longest", percentile(both, 1), "ms", 5, Better::lower});
    rows.push_back({"changes that help a job", static_cast<double>(found) / 200, ""});
}

void runs_ahead(Pool& pool, std::vector<Row>& rows) {
    double begin = thread_ms();
    PoolScheduler copy = pool.scheduler;
    rows.push_back({"copy of the pool", thread_ms() - begin, "ms"});
    AheadInput input = pool.ahead;
    input.starts_max = 30'000;
    begin = thread_ms();
    const AheadResult all = run_ahead(std::move(copy), std::move(input));
    rows.push_back({"run ahead of 30,000 starts", thread_ms() - begin, "ms"});
    rows.push_back({"starts of it", static_cast<double>(all.starts.size()), "jobs"});
    input = pool.ahead;
    input.starts_max = 500;
    begin = thread_ms();
    static_cast<void>(run_ahead(pool.scheduler, std::move(input)));
    rows.push_back(
        {"copy and run ahead of 500 starts", thread_ms() - begin, "ms", 200, Better::lower});
}

}  // namespace

int main(int argc, char** argv) {
    bool json = false;
    Size size;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0) json = true;
        if (std::strcmp(argv[i], "--tiny") == 0) size = {10, 50, 500};
    }
    Pool pool(size);
    std::vector<Row> rows;
    questions(pool, rows);
    runs_ahead(pool, rows);
    if (json) {
        suan::bench::print_json(rows);
    } else {
        suan::bench::print_text(rows);
    }
    return 0;
}
