#include "openb.hpp"

#include "sched/fragments.hpp"
#include "sim/traces/csv_reader.hpp"
#include "sim/traces/generate.hpp"
#include "sim/traces/openb.hpp"

#include <time.h>

#include <algorithm>
#include <tuple>

namespace suan::contest {
namespace {

using sim::OpenbPod;

class Models {
public:
    std::uint32_t number(const std::string& name) {
        const auto at = std::find(names_.begin(), names_.end(), name);
        if (at != names_.end()) return static_cast<std::uint32_t>(at - names_.begin());
        names_.push_back(name);
        return static_cast<std::uint32_t>(names_.size() - 1);
    }

private:
    std::vector<std::string> names_;
};

sched::Need need_of(const OpenbPod& pod, Models& models) {
    sched::Need need;
    need.devices = pod.gpus;
    if (pod.gpus > 0) need.milli = pod.gpu_milli;
    need.cpu_milli = pod.cpu_milli;
    need.memory_mib = pod.memory_mib;
    for (const std::string& model : pod.models)
        need.models |= 1U << models.number(model);
    return need;
}

}  // namespace

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Result<OpenbInput> read_openb(const std::string& folder, const std::string& list) {
    auto node_file = sim::Input::file(folder + "/csv/openb_node_list_gpu_node.csv");
    if (!node_file) return std::move(node_file).error();
    auto nodes = sim::read_openb_nodes(std::move(*node_file));
    if (!nodes) return std::move(nodes).error();
    auto pod_file = sim::Input::file(folder + "/csv/" + list + ".csv");
    if (!pod_file) return std::move(pod_file).error();
    auto pods = sim::read_openb_pods(std::move(*pod_file));
    if (!pods) return std::move(pods).error();
    return OpenbInput{std::move(*nodes), std::move(*pods)};
}

Result<FillFigures> fill_openb(const std::string& folder, const std::string& list,
                               std::uint64_t seed) {
    auto input = read_openb(folder, list);
    if (!input) return std::move(input).error();
    const auto& [nodes, pods] = *input;

    Models models;
    sched::Fragments fragments;
    std::int64_t capacity = 0;
    for (const sim::OpenbNode& node : nodes) {
        fragments.add_node({node.gpus, node.cpu_milli, node.memory_mib, models.number(node.model)});
        capacity += std::int64_t{node.gpus} * limits::milli_per_device;
    }
    std::vector<sched::Need> needs;
    for (const OpenbPod& pod : pods.pods)
        needs.push_back(need_of(pod, models));
    const std::vector<std::uint32_t> order = sim::openb_arrivals(pods.pods, capacity, seed);

    FillFigures out;
    const double begin = thread_seconds();
    // As published: the shapes of the list are known before it arrives.
    for (const sched::Need& need : needs)
        fragments.seen(need);
    std::int64_t arrived = 0, allocated = 0, in_bin = 0;
    double sum = 0;
    for (const std::uint32_t index : order) {
        const std::int64_t milli = sim::milli_of(pods.pods[index]);
        arrived += milli;
        if (const auto spot = fragments.choose(needs[index])) {
            fragments.take(needs[index], *spot);
            allocated += milli;
        }
        if ((arrived * 100 + capacity / 2) / capacity != 130) continue;
        sum += 100.0 * static_cast<double>(allocated) / static_cast<double>(capacity);
        ++in_bin;
    }
    out.seconds = thread_seconds() - begin;
    out.pods = static_cast<std::int64_t>(order.size());
    out.allocated_percent = in_bin == 0 ? 0 : sum / static_cast<double>(in_bin);
    return out;
}

Result<double> published_fgd(const std::string& folder, const std::string& list) {
    static constexpr std::array<sim::Column, 3> columns{{{"workload"}, {"sc_policy"}, {"130"}}};
    auto input = sim::Input::file(folder + "/fgd-expected/analysis_allo_discrete.csv");
    if (!input) return std::move(input).error();
    auto rows = sim::CsvReader::open(std::move(*input), columns, sim::Others::ignore);
    if (!rows) return std::move(rows).error();
    double sum = 0;
    int runs = 0;
    for (;;) {
        auto found = rows->next();
        if (!found) return std::move(found).error();
        if (!*found) break;
        const sim::Fields& fields = rows->fields();
        if (fields.text(0) != list || fields.text(1) != "06-FGD") continue;
        sum += std::stod(std::string(fields.text(2)));
        ++runs;
    }
    if (runs == 0) return Error{ErrorCode::not_found, "no published run of " + list};
    return sum / runs;
}

}  // namespace suan::contest
