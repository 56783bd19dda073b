#include "quantum/cli/bench_command.hpp"

#include "quantum/circuit/workloads.hpp"
#include "quantum/cli/cli.hpp"
#include "quantum/run/simulator.hpp"
#include "quantum/run/small.hpp"
#include "quantum/state/state_vector.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

namespace suan::quantum {

namespace {

constexpr int repeats = 3;
constexpr std::uint32_t bench_qubits_max = 30;

struct Line {
    std::string name;
    double value = 0;
    std::string unit;
    double passes = 0;  // over memory in that time; 0: not of this row
};

double best_seconds(const std::function<void()>& work) {
    double best = 0;
    for (int i = 0; i < repeats; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (i == 0 || took.count() < best) best = took.count();
    }
    return best;
}

// Seconds to read and write 128 MiB in place: what one gate at a time would take at 24 qubits.
double pass_seconds(Threads& threads) {
    std::vector<float> data(std::size_t{1} << 25, 1.0F);
    const std::size_t piece_size = data.size() / 64;
    return best_seconds([&] {
        threads.run(64, [&](unsigned, std::size_t piece) {
            float* const at = data.data() + piece * piece_size;
            for (std::size_t i = 0; i < piece_size; ++i)
                at[i] *= 1.0001F;
        });
    });
}

Result<Line> gates(const std::string& name, const workloads::Circuit& circuit, Threads& threads,
                   double pass) {
    auto state = StateVector<float>::create(circuit.qubits, best_isa(), threads);
    if (!state) return std::move(state).error();
    // Set-up is left out, planning is not.
    double best = 0;
    for (int i = 0; i < repeats; ++i) {
        state->reset();
        const auto start = std::chrono::steady_clock::now();
        state->apply(circuit.ops);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (i == 0 || took.count() < best) best = took.count();
    }
    const double one = pass * static_cast<double>(std::uint64_t{1} << circuit.qubits) / (1 << 24);
    return Line{fmt::format("{}, {} qubits", name, circuit.qubits), best, "s", best / one};
}

Line stabilizer() {
    const workloads::Circuit circuit = workloads::clifford(1000, 20);
    std::vector<std::uint32_t> all(circuit.qubits);
    for (std::uint32_t i = 0; i < circuit.qubits; ++i)
        all[i] = i;
    const double seconds = best_seconds([&] {
        auto state = make_tableau(circuit.qubits);
        for (const Op& op : circuit.ops)
            (void)state->apply(op);
        Random random(1);
        std::vector<Key> out;
        state->sample(all, 1024, random, out);
    });
    return {"clifford, 1000 qubits, 1024 shots", seconds, "s", 0};
}

Line small(Threads& threads) {
    std::vector<SmallCircuit> circuits;
    for (workloads::Circuit& c : workloads::small_ones(600))
        circuits.push_back({c.qubits, std::move(c.ops)});
    const double seconds =
        best_seconds([&] { (void)run_small(circuits, 1024, 1, best_isa(), threads); });
    return {"circuits of 5 to 12 qubits, 1024 shots",
            static_cast<double>(circuits.size()) / seconds, "1/s", 0};
}

Result<std::vector<Line>> measure(std::uint32_t n, Threads& threads) {
    const double pass = pass_seconds(threads);
    std::vector<Line> lines = {
        {"memory bandwidth in place", 2.0 * 128 / 1024 * 1.073741824 / pass, "GB/s", 0}};
    const std::pair<const char*, workloads::Circuit> all[] = {
        {"random circuit", workloads::random_grid(n)},
        {"ansatz of 10 layers", workloads::ansatz(n, 10)},
        {"qaoa of 4 rounds", workloads::qaoa(n, 4)},
        {"fourier transform", workloads::fourier(n)},
        {"ghz state", workloads::ghz(n)},
    };
    for (const auto& [name, circuit] : all) {
        auto line = gates(name, circuit, threads, pass);
        if (!line) return std::move(line).error();
        lines.push_back(std::move(*line));
    }
    lines.push_back(stabilizer());
    lines.push_back(small(threads));
    return lines;
}

std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

}  // namespace

int bench_command(const BenchArguments& a) {
    const auto failed = [](const Error& error) {
        fmt::print(stderr, "suan-quantum: {}\n", error.context);
        return exit_code(error.code);
    };
    if (a.qubits < 4 || a.qubits > bench_qubits_max)
        return failed(
            {ErrorCode::invalid, fmt::format("--qubits is from 4 to {}", bench_qubits_max)});
    const unsigned all = std::max(1U, std::thread::hardware_concurrency());
    Threads threads(a.threads == 0 ? all : std::min(a.threads, 256U));
    if (StateVector<float>::bytes_needed(a.qubits, threads.count()) > default_memory_bytes())
        return failed({ErrorCode::exhausted,
                       fmt::format("{} qubits do not fit this machine's memory", a.qubits)});
    auto lines = measure(a.qubits, threads);
    if (!lines) return failed(lines.error());
    if (!a.json) {
        fmt::print("{}, {}, {} threads\n", processor(), name_of(best_isa()), threads.count());
        for (const Line& line : *lines)
            fmt::print(
                "{:<42} {:>12.4f} {:<5} {}\n", line.name, line.value, line.unit,
                line.passes > 0 ? fmt::format("{:.1f} passes over memory", line.passes) : "");
        return 0;
    }
    boost::json::array rows;
    for (const Line& line : *lines) {
        boost::json::object row{{"name", line.name}, {"ours", line.value}, {"unit", line.unit}};
        for (const char* field : {"peer", "peer_value", "ratio", "bar", "holds"})
            row[field] = nullptr;
        if (line.passes > 0) row["passes"] = line.passes;
        rows.push_back(std::move(row));
    }
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"machine", processor()},
                                                                  {"threads", threads.count()},
                                                                  {"rows", std::move(rows)}}));
    return 0;
}

}  // namespace suan::quantum
