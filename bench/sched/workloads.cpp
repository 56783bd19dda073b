#include "workloads.hpp"

#include "sim/traces/csv_reader.hpp"
#include "sim/traces/philly.hpp"

#include <algorithm>
#include <map>

namespace suan::contest {
namespace {

using sim::Column;
using sim::CsvReader;
using sim::Input;
using sim::Need;

// Seconds that a running job loses at an event (run_sim.py, overhead_dict): by gang size 1 to 32.
std::int64_t event_cost_s(std::string_view model, std::uint32_t devices) {
    static const std::map<std::string_view, std::array<std::int64_t, 6>> table{
        {"vgg16", {7, 7, 8, 9, 9, 10}},     {"vgg19", {7, 7, 8, 9, 10, 10}},
        {"resnet18", {4, 5, 5, 7, 7, 7}},   {"shufflenet_v2_x1_0", {4, 4, 5, 5, 7, 8}},
        {"bert", {10, 10, 10, 10, 10, 10}}, {"gpt2", {10, 10, 10, 10, 10, 10}},
        {"a2c", {38, 39, 39, 46, 46, 46}},  {"dqn", {5, 5, 6, 6, 8, 8}}};
    std::size_t size = 0;
    while (size < 5 && (1U << size) < devices)
        ++size;
    const auto row = table.find(model);
    return row == table.end() ? 10 : row->second[size];
}

void by_submission(std::vector<Job>& jobs) {
    std::stable_sort(jobs.begin(), jobs.end(),
                     [](const Job& a, const Job& b) { return a.submit_us < b.submit_us; });
}

std::uint32_t org_named(Workload& workload, std::string_view name) {
    const auto at = std::find(workload.orgs.begin(), workload.orgs.end(), name);
    if (at == workload.orgs.end()) workload.orgs.emplace_back(name);
    return static_cast<std::uint32_t>(std::find(workload.orgs.begin(), workload.orgs.end(), name) -
                                      workload.orgs.begin());
}

// Gives every row of a file with these columns to `take`, which may leave a fault in the fields.
template <std::size_t N, typename Take>
Result<void> for_each_row(const std::string& file, const std::array<Column, N>& columns,
                          const Take& take) {
    auto input = Input::file(file);
    if (!input) return std::move(input).error();
    auto rows = CsvReader::open(std::move(*input), columns, sim::Others::ignore);
    if (!rows) return std::move(rows).error();
    for (;;) {
        auto found = rows->next();
        if (!found) return std::move(found).error();
        if (!*found) return {};
        take(rows->fields());
        if (!rows->fields().ok()) return rows->fields().take_error();
    }
}

}  // namespace

Result<Workload> read_muri_workload(const std::string& file) {
    static constexpr std::array<Column, 5> columns{
        {{"num_gpu"}, {"submit_time"}, {"iterations"}, {"model_name"}, {"iteration_time"}}};
    Workload out;
    auto read = for_each_row(file, columns, [&](sim::Fields& fields) {
        Job job;
        job.devices = static_cast<std::uint32_t>(fields.integer(0, 1, 1'024));
        job.submit_us = fields.integer(1, 0, 1LL << 50) * 1'000;
        const std::int64_t iterations = fields.integer(2, 1, 1LL << 40);
        job.org = org_named(out, fields.name(3, 64));
        job.run_us = iterations * fields.integer(4, 1, 1LL << 20) * 1'015;
        job.event_cost_us = event_cost_s(fields.text(3), job.devices) * 1'000'000;
        out.jobs.push_back(job);
    });
    if (!read) return std::move(read).error();
    by_submission(out.jobs);
    return out;
}

Result<Workload> read_philly_workload(const std::string& file, std::int64_t compress_milli) {
    Workload out;
    out.orgs = {"6214e9", "7f04ca", "11cb48", "b436b2", "ee9e8c", "e13805",
                "6c71a0", "2869ce", "ed69ec", "103959", "0e4a51"};
    out.nodes_of_orgs = {8, 10, 3, 6, 22, 4, 8, 8, 1, 4, 8};
    sim::ReadOptions options;
    options.from_us = 1'506'816'000LL * 1'000'000;
    options.to_us = 1'512'086'340LL * 1'000'000;
    options.orgs = out.orgs;
    auto input = Input::file(file);
    if (!input) return std::move(input).error();
    auto trace = sim::read_philly(std::move(*input), options);
    if (!trace) return std::move(trace).error();
    for (const sim::TraceJob& read : trace->jobs) {
        Job job;
        job.org = org_named(out, trace->orgs[read.org]);
        job.devices = static_cast<std::uint32_t>(read.devices());
        job.submit_us = read.submit_us * 1'000 / compress_milli;
        job.run_us = read.duration_us;
        out.jobs.push_back(job);
    }
    return out;
}

Result<Workload> read_chronus_workload(const std::string& file) {
    static constexpr std::array<Column, 6> columns{
        {{"user"}, {"num_gpu"}, {"submit_time"}, {"duration"}, {"expect_time_list"}, {"job_type"}}};
    Workload out;
    auto read = for_each_row(file, columns, [&](sim::Fields& fields) {
        Job job;
        job.org = org_named(out, fields.name(0, 64));
        job.devices = static_cast<std::uint32_t>(fields.integer(1, 0, 1'024));
        job.submit_us = fields.decimal_us(2, sim::minute_us, 1LL << 50);
        job.run_us = fields.decimal_us(3, sim::minute_us, 1LL << 50);
        const std::string_view type = fields.text(5);
        job.tier = type == "best" ? sched::Tier::spot : sched::Tier::standard;
        if (job.tier != sched::Tier::spot) {
            const std::string_view first = fields.text(4).substr(0, fields.text(4).find('-'));
            const auto deadline = sim::parse_decimal_us(first, sim::minute_us);
            if (!deadline) fields.fail(4, "minutes after submission");
            job.deadline_us = deadline.value_or(0);
            job.soft = type == "soft";
        }
        if (job.devices > 0 && job.run_us > 0) out.jobs.push_back(job);
    });
    if (!read) return std::move(read).error();
    by_submission(out.jobs);
    return out;
}

namespace {
double seconds(std::int64_t us) {
    return static_cast<double>(us) * 1e-6;
}
double mean(const std::vector<std::int64_t>& values_us) {
    double sum = 0;
    for (const std::int64_t us : values_us)
        sum += seconds(us);
    return values_us.empty() ? 0 : sum / static_cast<double>(values_us.size());
}
}  // namespace

Figures figures_of(const Simulator& sim, std::size_t orgs) {
    Figures out;
    std::vector<std::int64_t> jct, wait;
    std::vector<std::vector<std::int64_t>> by_org(orgs);
    double slowdown = 0, lost = 0, done = 0;
    std::int64_t last_us = 0;
    for (std::uint32_t id = 0; id < sim.jobs().size(); ++id) {
        const Job& job = sim.job(id);
        const Progress& p = sim.progress(id);
        jct.push_back(p.end_us - job.submit_us);
        wait.push_back(jct.back() - job.run_us);
        by_org[job.org].push_back(wait.back());
        slowdown += std::max(1.0, seconds(jct.back()) / std::max(seconds(job.run_us), 10.0));
        lost += seconds(p.lost_us) * job.devices;
        done += seconds(job.run_us) * job.devices;
        last_us = std::max(last_us, p.end_us);
    }
    const std::size_t n = jct.size();
    out.jct_mean_s = mean(jct);
    out.wait_mean_s = mean(wait);
    std::sort(jct.begin(), jct.end());
    std::sort(wait.begin(), wait.end());
    out.jct_p99_s = seconds(jct[n * 99 / 100]);
    out.wait_p999_s = seconds(wait[(n * 999 + 999) / 1'000 - 1]);
    out.slowdown_mean = slowdown / static_cast<double>(n);
    out.lost_share = lost / (lost + done);
    out.makespan_s = seconds(last_us);
    std::int64_t devices = 0;
    for (const std::uint32_t d : sim.devices_of_nodes())
        devices += d;
    out.use = done / (seconds(last_us) * static_cast<double>(devices));
    for (const auto& org : by_org)
        out.org_wait_s.push_back(mean(org));
    return out;
}

}  // namespace suan::contest
