// The core alone, on one thread: 490 nodes of 8 devices, 500 orgs, mixed gangs, a price above zero.
//
//   bench_core [--json] [--tiny]
//
// (a) Jobs a second of processor time (other work on the machine counts only where it disturbs the
//     caches) through submit, schedule, start, end and charge. A round reports the end of every
//     lease of the round before, one entry each, submits about as many jobs as the centre holds,
//     one entry each, and ticks once: what the hub does with a batch.
// (b) With 100,000 jobs waiting: the time from one arrival (SubmitJob and Tick) or one departure
//     (LeaseReport and Tick) to everything decided.
// The state digest shows that every run decides the same.
#include "base/assert.hpp"
#include "core/transition.hpp"
#include "rows.hpp"
#include "sim/traces/generate.hpp"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string_view>

namespace {

using namespace suan;
using namespace suan::bench;
using sim::Rng;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t orgs = 500;
constexpr std::uint32_t nodes = 490;

class Centre {
public:
    Centre() : block_(1 << 20) {
        google::protobuf::ArenaOptions options;
        options.initial_block = block_.data();
        options.initial_block_size = block_.size();
        arena_ = std::make_unique<google::protobuf::Arena>(options);
        define_pool();
        publish_prices();
        for (std::uint32_t org = 1; org <= orgs; ++org)
            create_org(org);
    }

    Entry& entry() {
        arena_->Reset();
        Entry* made = google::protobuf::Arena::CreateMessage<Entry>(arena_.get());
        made->set_time_us(now_us);
        return *made;
    }
    void give(Entry& entry) {
        const core::Outcome outcome = core::step(state, entry);
        if (const auto* refused = std::get_if<core::Rejection>(&outcome)) {
            fmt::print(stderr, "refused: {}\n", refused->message);
            std::exit(1);
        }
        for (const Event& event : entry.events()) {
            if (event.has_job_started()) running.push_back(event.job_started().lease_id());
        }
    }

    void submit() {
        constexpr std::uint32_t gangs[16] = {1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 8, 8, 16, 32};
        Entry& made = entry();
        SubmitJob& command = *made.mutable_command()->mutable_submit_job();
        const auto org = 1 + static_cast<std::uint32_t>(rng_.below(orgs));
        command.set_org_id(org);
        command.set_project_id(org);
        command.set_member_id(org);
        JobSpec& spec = *command.mutable_spec();
        spec.set_pool_id(1);
        const std::uint32_t devices = gangs[rng_.below(16)];
        spec.set_tasks(devices <= 8 ? 1 : devices / 8);
        spec.set_devices_per_task(std::min(8U, devices));
        spec.set_walltime_ms(static_cast<std::int64_t>(600 + 600 * rng_.below(24)) * 1'000);
        give(made);
    }
    void end(std::uint64_t lease) {
        Entry& made = entry();
        LeaseReport& report = *made.mutable_command()->mutable_lease_report();
        report.set_lease_id(lease);
        report.set_kind(LeaseReport::KIND_ENDED);
        report.set_outcome(LEASE_OUTCOME_COMPLETED);
        give(made);
    }
    void tick() {
        Entry& made = entry();
        made.mutable_command()->mutable_tick();
        give(made);
    }
    std::uint64_t take_any_running() {
        std::swap(running[rng_.below(running.size())], running.back());
        const std::uint64_t lease = running.back();
        running.pop_back();
        return lease;
    }

    core::State state;
    std::int64_t now_us = 1'000'000;
    std::vector<std::uint64_t> running;  // leases

private:
    void define_pool() {
        Entry& made = entry();
        PoolSpec& pool = *made.mutable_command()->mutable_define_pool()->mutable_pool();
        pool.set_name("1000P");
        pool.set_executor(EXECUTOR_KIND_SIM);
        for (std::uint32_t i = 0; i < nodes; ++i) {
            NodeSpec& node = *pool.add_nodes();
            node.set_name(fmt::format("n{}", i));
            node.set_rack(i / 32);
            node.set_devices(8);
        }
        give(made);
    }
    void publish_prices() {
        Entry& made = entry();
        PublishPriceSheet& sheet = *made.mutable_command()->mutable_publish_price_sheet();
        sheet.set_name("standard");
        PriceLine& line = *sheet.add_lines();
        line.set_line(1);
        line.set_pool_id(1);
        line.set_tier(TIER_STANDARD);
        line.set_micro_yuan_per_device_hour(8'000'000);
        give(made);
    }
    void create_org(std::uint32_t org) {
        Entry& made = entry();
        made.mutable_command()->mutable_create_org()->set_name(fmt::format("org{}", org));
        give(made);
        Entry& fund = entry();
        fund.mutable_command()->mutable_fund_org()->set_org_id(org);
        fund.mutable_command()->mutable_fund_org()->set_micro_yuan(100'000'000LL * 1'000'000);
        give(fund);
        Entry& project = entry();
        project.mutable_command()->mutable_create_project()->set_org_id(org);
        project.mutable_command()->mutable_create_project()->set_name("p");
        give(project);
        Entry& member = entry();
        CreateMember& create = *member.mutable_command()->mutable_create_member();
        create.set_org_id(org);
        create.set_name("m");
        create.set_role(ROLE_MEMBER);
        std::string token(32, 'x');
        std::copy_n(reinterpret_cast<const char*>(&org), sizeof org, token.begin());
        create.set_token_sm3(token);
        give(member);
    }

    std::vector<char> block_;
    std::unique_ptr<google::protobuf::Arena> arena_;
    Rng rng_{7};
};

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

// (a): jobs a second.
double throughput(Centre& centre, std::uint64_t jobs) {
    constexpr std::uint64_t round = 640;  // 5.3 devices each on average: 87 % of the centre
    const std::clock_t began = std::clock();
    for (std::uint64_t done = 0; done < jobs; done += round) {
        centre.now_us += 60'000'000;
        std::vector<std::uint64_t> ending;
        ending.swap(centre.running);
        for (const std::uint64_t lease : ending)
            centre.end(lease);
        for (std::uint64_t i = done; i < std::min(jobs, done + round); ++i)
            centre.submit();
        centre.tick();
    }
    while (!centre.running.empty()) {
        centre.now_us += 60'000'000;
        std::vector<std::uint64_t> ending;
        ending.swap(centre.running);
        for (const std::uint64_t lease : ending)
            centre.end(lease);
        centre.tick();
    }
    const double spent = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    const double rate = static_cast<double>(jobs) / spent;
    SUAN_ASSERT(centre.state.leases.size() == 0);
    centre.state.check_invariants();
    return rate;
}

struct Latency {
    std::vector<double> arrivals_us, departures_us;
};

// (b): decisions with `waiting` jobs in the queue.
Latency decisions(Centre& centre, std::uint64_t waiting, std::uint64_t samples) {
    while (centre.state.pools.at(1).scheduler.totals().waiting_jobs <
           static_cast<std::int64_t>(waiting)) {
        for (int i = 0; i < 1'000; ++i)
            centre.submit();
        centre.tick();
    }
    Latency out;
    for (std::uint64_t i = 0; i < samples; ++i) {
        centre.now_us += 1'000'000;
        const auto before_departure = Clock::now();
        centre.end(centre.take_any_running());
        centre.tick();
        out.departures_us.push_back(seconds_since(before_departure) * 1e6);
        while (centre.state.pools.at(1).scheduler.totals().waiting_jobs <
               static_cast<std::int64_t>(waiting)) {
            const auto before_arrival = Clock::now();
            centre.submit();
            centre.tick();
            out.arrivals_us.push_back(seconds_since(before_arrival) * 1e6);
        }
    }
    return out;
}

double rank(std::vector<double>& values, double part) {
    std::sort(values.begin(), values.end());
    if (values.empty()) return 0;
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
    bool json = false, tiny = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        json = json || word == "--json";
        tiny = tiny || word == "--tiny";
        if (word != "--json" && word != "--tiny") {
            fmt::print(stderr, "usage: bench_core [--json] [--tiny]\n");
            return 2;
        }
    }
    const std::uint64_t jobs = tiny ? 5'000 : 500'000;
    const std::uint64_t waiting = tiny ? 2'000 : 100'000;
    std::vector<double> rates;
    std::string digest;
    for (int round = 0; round < (tiny ? 1 : 3); ++round) {
        Centre centre;
        rates.push_back(throughput(centre, jobs));
        const std::string now = to_hex(centre.state.digest());
        SUAN_ASSERT(digest.empty() || digest == now);
        digest = now;
    }
    Centre crowded;
    Latency latency = decisions(crowded, waiting, tiny ? 200 : 20'000);
    crowded.state.check_invariants();

    // CraneSched's README claims 100,000 scheduling decisions a second; not measured here.
    std::vector<Row> rows{{fmt::format("{} jobs: submit, schedule, start, end, charge", jobs),
                           rank(rates, 0.5), "jobs/cpu-s", tiny ? 0 : 300'000.0, Better::higher,
                           "CraneSched, claimed", 100'000}};
    const std::string with = fmt::format("{} waiting, one ", waiting);
    const double median_bar = tiny ? 0 : 100, p99_bar = tiny ? 0 : 2'000;
    const std::pair<const char*, std::vector<double>*> kinds[] = {
        {"arrival", &latency.arrivals_us}, {"departure", &latency.departures_us}};
    for (const auto& [kind, values] : kinds) {
        rows.push_back(
            {with + kind + ": median", rank(*values, 0.5), "us", median_bar, Better::lower});
        rows.push_back({with + kind + ": p99", rank(*values, 0.99), "us", p99_bar, Better::lower});
    }
    json ? print_json(rows) : print_text(rows);
    if (!json) fmt::print("digest of the throughput runs {}\n", digest);
}
