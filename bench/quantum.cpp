// links: suan_quantum suan_base
// The quantum engine beside qsim: the same circuits in the same run where SUAN_QSIM names qsim's
// qsim_base program and SUAN_QSIM_PEER bench/peers' qsim_peer, else beside the figures measured for
// them (marked "documented"). So with SUAN_QULACS_PEER and Qulacs. SUAN_QSIM_CIRCUITS names
// the folder of qsim's own circuit files; without it random circuits of the same kind are made.
//   bench_quantum [--tiny] [--json] [NAME...]   names: a part of a row's name
#include "quantum/backend/transpile.hpp"
#include "quantum/run/run.hpp"
#include "quantum/run/small.hpp"
#include "quantum/run/trajectory.hpp"
#include "quantum_circuits.hpp"
#include "rows.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string_view>

namespace {

using suan::bench::Better;
using suan::bench::Circuit;
using suan::bench::Row;
namespace q = suan::quantum;

double seconds_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Bench {
    bool tiny = false;
    std::vector<std::string> wanted;
    std::vector<Row> rows;
    double pass_seconds = 0;  // one pass over 2^24 amplitudes in place, two threads

    bool wants(const std::string& name) const {
        return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const auto& w) {
                   return name.find(w) != std::string::npos;
               });
    }
};

// Planning, fusion and gates; set-up and sampling left out, as in the peer's figure. Best of three.
template <typename Real>
double gate_seconds(const Circuit& circuit, unsigned threads) {
    q::Threads workers(threads);
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
        auto state = q::StateVector<Real>::create(circuit.qubits, q::best_isa(), workers);
        if (!state) std::abort();
        best = std::min(best, seconds_of([&] { state->apply(circuit.ops); }));
    }
    return best;
}

// What a command prints, line by line.
template <typename Visit>
void lines_of(const std::string& command, Visit&& visit) {
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return;
    char line[256];
    while (std::fgets(line, sizeof line, pipe) != nullptr)
        visit(static_cast<const char*>(line));
    pclose(pipe);
}

// A folder of this run, removed at its end.
class Scratch {
public:
    Scratch()
        : path_(std::filesystem::temp_directory_path() /
                fmt::format("suan-bench-quantum-{}", ::getpid())) {
        std::filesystem::create_directories(path_);
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

// qsim's own figure for the simulation, the best of fusion sizes 3 and 4; 0: there is no qsim.
double qsim_seconds(const Circuit& circuit, unsigned threads) {
    const char* program = std::getenv("SUAN_QSIM");
    if (program == nullptr) return 0;
    const Scratch scratch;
    const std::string path = scratch.file("circuit");
    suan::bench::write_qsim(path, circuit);
    double best = 0;
    for (const int fused : {3, 4}) {
        lines_of(fmt::format("'{}' -c '{}' -t {} -f {} -v 1 2>&1", program, path, threads, fused),
                 [&](const char* line) {
                     double seconds = 0;
                     if (std::sscanf(line, "simu time is %lf", &seconds) == 1 &&
                         (best == 0 || seconds < best))
                         best = seconds;
                 });
    }
    return best;
}

// The figure of bench/peers/qsim_peer.cc or qulacs_peer.cc; 0: `variable` does not name it.
double peer_figure(const char* variable, const std::string& arguments) {
    const char* program = std::getenv(variable);
    double value = 0;
    if (program != nullptr)
        lines_of(fmt::format("'{}' {}", program, arguments),
                 [&](const char* line) { std::sscanf(line, "peer %lf", &value); });
    return value;
}

struct Workload {
    std::string name;
    Circuit circuit;
    double bar;                        // how many times qsim
    std::array<double, 2> documented;  // qsim's seconds on 1 and 2 threads; 0: none
};

Circuit random_circuit(std::uint32_t n) {
    if (const char* folder = std::getenv("SUAN_QSIM_CIRCUITS")) {
        Circuit c =
            suan::bench::read_qsim(fmt::format("{}/circuit_q{}", folder, n <= 24 ? 24 : 30), n);
        if (!c.ops.empty()) return c;
    }
    return suan::bench::random_grid(n);
}

void ideal(Bench& bench) {
    const std::uint32_t big = bench.tiny ? 14 : 24;
    const std::uint32_t bigger = bench.tiny ? 15 : 26;
    const std::vector<Workload> all = {
        {"random circuit 24", random_circuit(big), 2, {4.52, 2.66}},
        {"random circuit 26", random_circuit(bigger), 2, {0, 25.0}},
        {"ansatz 20", suan::bench::ansatz(bench.tiny ? 12 : 20, 10), 2, {0.0915, 0.0491}},
        {"ansatz 24", suan::bench::ansatz(big, 10), 2.5, {1.96, 1.09}},
        {"qaoa 24", suan::bench::qaoa(big, 4), 3, {1.40, 0.724}},
        {"qft 24", suan::bench::fourier(big), 6, {2.21, 1.45}},
        {"qft 26", suan::bench::fourier(bigger), 6, {0, 8.09}},
        {"ghz 24", suan::bench::ghz(big), 1.5, {0.234, 0.130}},
    };
    for (const Workload& w : all) {
        if (!bench.wants(w.name)) continue;
        std::array<double, 2> ours{};
        for (const unsigned threads : {1U, 2U}) {
            if (threads == 1 && w.documented[0] == 0) continue;
            double peer = qsim_seconds(w.circuit, threads);
            const bool measured = peer > 0;
            if (!measured) peer = w.documented[threads - 1];
            const double seconds = gate_seconds<float>(w.circuit, threads);
            ours[threads - 1] = seconds;
            bench.rows.push_back({fmt::format("{}, {} threads", w.name, threads), seconds, "s",
                                  peer / w.bar, Better::lower,
                                  measured ? "qsim" : "qsim (documented)", peer});
            if (threads == 2 && bench.pass_seconds > 0)
                bench.rows.push_back({fmt::format("{}, passes over memory in that time", w.name),
                                      seconds / bench.pass_seconds /
                                          std::exp2(static_cast<double>(w.circuit.qubits) - 24),
                                      "passes"});
        }
        if (ours[0] > 0 && w.circuit.qubits == 24)
            bench.rows.push_back({fmt::format("{}, 1 to 2 threads", w.name), ours[0] / ours[1],
                                  "times", 1.7, Better::higher});
    }
}

void precision(Bench& bench) {
    if (!bench.wants("double ansatz 20")) return;
    const Circuit c = suan::bench::ansatz(bench.tiny ? 12 : 20, 10);
    const std::array<double, 2> documented = {0.144, 0.114};
    const Scratch scratch;
    suan::bench::write_qsim(scratch.file("circuit"), c);
    for (const unsigned threads : {1U, 2U}) {
        double peer = peer_figure("SUAN_QULACS_PEER",
                                  fmt::format("{} '{}'", threads, scratch.file("circuit")));
        const bool measured = peer > 0;
        if (!measured) peer = documented[threads - 1];
        bench.rows.push_back({fmt::format("double ansatz 20, {} threads", threads),
                              gate_seconds<double>(c, threads), "s", peer / 1.5, Better::lower,
                              measured ? "Qulacs opt 2" : "Qulacs opt 2 (documented)", peer});
    }
}

// Reading and writing 512 MiB in place, from two threads: the floor of a pass.
void floor_of_memory(Bench& bench) {
    if (bench.tiny || !bench.wants("memory")) return;
    std::vector<float> data(std::size_t{1} << 27, 1.0F);
    q::Threads threads(2);
    double best = 1e9;
    for (int i = 0; i < 5; ++i)
        best = std::min(best, seconds_of([&] {
                            threads.run(64, [&](unsigned, std::size_t piece) {
                                float* at = data.data() + piece * (data.size() / 64);
                                for (std::size_t k = 0; k < data.size() / 64; ++k)
                                    at[k] *= 1.0001F;
                            });
                        }));
    bench.pass_seconds = best / 4;  // 2^24 amplitudes are 128 MiB
    bench.rows.push_back(
        {"memory bandwidth in place, 2 threads", 2.0 * 512 / 1024 * 1.073741824 / best, "GB/s"});
}

double resident_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        double kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib / 1024;
    }
    return 0;
}

// First of all rows: the peak of the process counts.
void memory(Bench& bench) {
    if (!bench.wants("memory")) return;
    const std::uint32_t n = bench.tiny ? 14 : 24;
    (void)gate_seconds<float>(suan::bench::ansatz(n, 1), 2);
    bench.rows.push_back({fmt::format("memory resident at {} qubits", n), resident_mib(), "MiB",
                          1.1 * 8 * std::exp2(n - 20.0) + 32, Better::lower, "qsim (documented)",
                          133});
}

double tableau_seconds(const Circuit& c, std::uint64_t shots) {
    return seconds_of([&] {
        auto state = q::make_tableau(c.qubits);
        for (const q::Op& op : c.ops)
            if (!state->apply(op)) std::abort();
        std::vector<std::uint32_t> all(c.qubits);
        for (std::uint32_t i = 0; i < c.qubits; ++i)
            all[i] = i;
        q::Random random(1);
        std::vector<q::Key> out;
        state->sample(all, shots, random, out);
    });
}

void stabilizer(Bench& bench) {
    if (!bench.wants("clifford")) return;
    const Circuit c = suan::bench::clifford(bench.tiny ? 12 : 24, 10);
    double peer = qsim_seconds(c, 2);
    const bool measured = peer > 0;
    if (!measured) peer = 1.09;  // qsim's figure for an ansatz of as many layers
    bench.rows.push_back({"clifford 24, 1,024 shots", tableau_seconds(c, 1024), "s", peer / 50,
                          Better::lower, measured ? "qsim" : "qsim (documented)", peer});
    const Circuit large = suan::bench::clifford(bench.tiny ? 100 : 1000, 20);
    bench.rows.push_back(
        {"clifford 1,000, 1,024 shots", tableau_seconds(large, 1024), "s", 5, Better::lower});
}

void small(Bench& bench) {
    if (!bench.wants("small circuits")) return;
    std::vector<q::SmallCircuit> circuits;
    const std::size_t count = bench.tiny ? 60 : 3000;
    for (Circuit& c : suan::bench::small_ones(count))
        circuits.push_back({c.qubits, std::move(c.ops)});
    const std::array<double, 2> documented = {6'768, 11'173};
    const Scratch scratch;
    std::string files;
    for (std::size_t i = 0; i < circuits.size(); ++i) {
        const std::string path = scratch.file(fmt::format("{}", i));
        suan::bench::write_qsim(path, {circuits[i].qubits, circuits[i].ops});
        files += " " + path;
    }
    for (const unsigned threads : {1U, 2U}) {
        q::Threads workers(threads);
        // In turns, so that both meet the same neighbours.
        double peer = 0;
        double best = 1e9;
        for (int i = 0; i < 5; ++i) {
            peer = std::max(
                peer, peer_figure("SUAN_QSIM_PEER", fmt::format("small {}{}", threads, files)));
            best = std::min(best, seconds_of([&] {
                                (void)q::run_small(circuits, 1024, 1, q::best_isa(), workers);
                            }));
        }
        const bool measured = peer > 0;
        if (!measured) peer = documented[threads - 1];
        bench.rows.push_back({fmt::format("small circuits, {} threads", threads),
                              static_cast<double>(count) / best, "1/s",
                              peer * (threads == 1 ? 4 : 5), Better::higher,
                              measured ? "qsim" : "qsim (documented)", peer});
    }
}

void noisy(Bench& bench) {
    for (const std::uint32_t n : {16U, 20U}) {
        const std::string name = fmt::format("noisy ansatz {}", n);
        if (!bench.wants(name)) continue;
        std::vector<q::Op> ops;
        for (const q::Op& op : suan::bench::ansatz(bench.tiny ? 8 : n, 10).ops) {
            ops.push_back(op);
            for (const std::uint32_t qubit : op.qubits) {
                ops.push_back(q::make_channel(q::Channel::damping, {qubit}, {2e-4, 0, 0}));
                ops.push_back(q::make_channel(q::Channel::pauli, {qubit}, {0, 0, 2e-4}));
            }
        }
        const Scratch scratch;
        suan::bench::write_qsim(scratch.file("circuit"),
                                suan::bench::ansatz(bench.tiny ? 8 : n, 10));
        for (const unsigned threads : {1U, 2U}) {
            q::TrajectoryOptions options;
            options.threads = threads;
            options.shots = n == 16 ? 4096 : 1024;
            options.simulator.isa = q::best_isa();
            options.simulator.memory_bytes_max = std::uint64_t{2} << 30;
            double peer = peer_figure(
                "SUAN_QSIM_PEER",
                fmt::format("noisy {} {} {}", threads, n == 16 ? 100 : 8, scratch.file("circuit")));
            const bool measured = peer > 0;
            if (!measured) peer = n == 16 ? 0.0062 : (threads == 1 ? 0.119 : 0.158);
            const double seconds = seconds_of([&] {
                if (!q::run_trajectories(ops, bench.tiny ? 8 : n, options)) std::abort();
            });
            bench.rows.push_back({fmt::format("{}, {} threads", name, threads),
                                  seconds / static_cast<double>(options.shots) * 1e6, "us/shot",
                                  peer / 5 * 1e6, Better::lower,
                                  measured ? "qsim" : "qsim (documented)", peer * 1e6});
        }
    }
}

// The shared circuits of up to 20 qubits over the line of 20.
void swaps(Bench& bench) {
    const char* shared = std::getenv("SUAN_SHARED");
    const std::filesystem::path folder =
        std::filesystem::path(shared == nullptr ? "../shared" : shared) / "circuits";
    if (!bench.wants("swaps") || !std::filesystem::is_directory(folder)) return;
    auto backend = q::load_backend(q::backend_folder(), "line20");
    if (!backend) return;
    std::array<std::size_t, 2> total{};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".qasm") continue;
        std::ifstream file(entry.path());
        auto program = q::parse(entry.path().string(), {std::istreambuf_iterator<char>(file), {}});
        if (!program) continue;
        auto elaborated = q::Elaborator::create(std::move(*program), {});
        if (!elaborated || elaborated->qubits() > 20) continue;
        for (const q::Router router : {q::Router::sabre, q::Router::greedy}) {
            q::TranspileOptions options;
            options.router = router;
            auto done =
                q::transpile(elaborated->first().ops, elaborated->qubits(), *backend, options);
            if (done) total[router == q::Router::sabre ? 0 : 1] += done->swaps;
        }
    }
    bench.rows.push_back({"swaps on the 20-qubit line, shared circuits",
                          static_cast<double>(total[0]), "swaps", static_cast<double>(total[1]),
                          Better::lower, "greedy router", static_cast<double>(total[1])});
}

}  // namespace

int main(int argc, char** argv) {
    Bench bench;
    bool as_json = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--tiny")
            bench.tiny = true;
        else if (word == "--json")
            as_json = true;
        else
            bench.wanted.emplace_back(word);
    }
    memory(bench);
    floor_of_memory(bench);
    ideal(bench);
    precision(bench);
    stabilizer(bench);
    small(bench);
    noisy(bench);
    swaps(bench);
    if (as_json)
        suan::bench::print_json(bench.rows);
    else
        suan::bench::print_text(bench.rows);
    return 0;
}
