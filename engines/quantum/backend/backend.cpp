#include "quantum/backend/backend.hpp"

#include "quantum/backend/built_in.hpp"
#include "quantum/run/run.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace suan::quantum {

namespace {

constexpr std::uint32_t backend_qubits_max = 2'000;

// Reads fields and keeps the first complaint.
class Reader {
public:
    Reader(std::string file, const YAML::Node& root) : file_(std::move(file)), root_(root) {}

    const std::string& error() const { return error_; }
    void complain(const YAML::Node& at, const std::string& what) {
        if (error_.empty())
            error_ =
                fmt::format("{}:{}: {}", file_, at.Mark().is_null() ? 1 : at.Mark().line + 1, what);
    }
    YAML::Node field(const YAML::Node& parent, const std::string& name) {
        const YAML::Node found =
            parent.IsMap() ? parent[name] : YAML::Node(YAML::NodeType::Undefined);
        if (!found.IsDefined()) complain(parent, fmt::format("field '{}' is missing", name));
        return found;
    }
    std::string text(const YAML::Node& parent, const std::string& name) {
        const YAML::Node found = field(parent, name);
        if (!found.IsDefined()) return {};
        if (found.IsScalar()) return found.Scalar();
        complain(found, fmt::format("field '{}' must be a text", name));
        return {};
    }
    double number(const YAML::Node& parent, const std::string& name, double least, double most) {
        const YAML::Node found = field(parent, name);
        return found.IsDefined() ? number_of(found, name, least, most) : 0;
    }
    double number_of(const YAML::Node& node, const std::string& name, double least, double most) {
        double value = 0;
        if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) ||
            !(value >= least && value <= most)) {
            complain(node,
                     fmt::format("field '{}' must be a number from {} to {}", name, least, most));
            return 0;
        }
        return value;
    }

private:
    std::string file_;
    YAML::Node root_;
    std::string error_;
};

void read_qubits(Reader& reader, const YAML::Node& root, Backend& out) {
    const YAML::Node list = reader.field(root, "qubits");
    if (!list.IsDefined()) return;
    if (!list.IsSequence() || list.size() == 0 || list.size() > backend_qubits_max)
        return reader.complain(
            list, fmt::format("field 'qubits' must list 1 to {} qubits", backend_qubits_max));
    for (const YAML::Node& node : list) {
        QubitCalibration qubit;
        qubit.t1_s = reader.number(node, "t1_us", 0.01, 1e9) * 1e-6;
        qubit.t2_s = reader.number(node, "t2_us", 0.01, 1e9) * 1e-6;
        if (qubit.t2_s > 2 * qubit.t1_s * (1 + 1e-9))
            reader.complain(node, "t2_us is at most twice t1_us");
        qubit.gate_error = reader.number(node, "gate_error", 0, 0.5);
        const YAML::Node readout = reader.field(node, "readout");
        if (readout.IsDefined()) {
            if (!readout.IsSequence() || readout.size() != 2) {
                reader.complain(readout, "field 'readout' must be [P(1|0), P(0|1)]");
            } else {
                qubit.readout_0_as_1 = reader.number_of(readout[0], "readout", 0, 0.5);
                qubit.readout_1_as_0 = reader.number_of(readout[1], "readout", 0, 0.5);
            }
        }
        const YAML::Node at = reader.field(node, "at");
        if (at.IsDefined() && at.IsSequence() && at.size() == 2) {
            qubit.x = reader.number_of(at[0], "at", -1e4, 1e4);
            qubit.y = reader.number_of(at[1], "at", -1e4, 1e4);
        } else {
            reader.complain(node, "field 'at' must be [x, y]");
        }
        if (!reader.error().empty()) return;
        out.qubits.push_back(qubit);
    }
}

void read_couplings(Reader& reader, const YAML::Node& root, Backend& out) {
    const YAML::Node list = reader.field(root, "couplings");
    if (!list.IsDefined()) return;
    if (!list.IsSequence())
        return reader.complain(list, "field 'couplings' must be a list of [qubit, qubit, error]");
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    const double last = static_cast<double>(out.qubits.size()) - 1;
    for (const YAML::Node& node : list) {
        if (!node.IsSequence() || node.size() != 3)
            return reader.complain(node, "a coupling is [qubit, qubit, error]");
        Coupling one;
        one.a = static_cast<std::uint32_t>(reader.number_of(node[0], "couplings", 0, last));
        one.b = static_cast<std::uint32_t>(reader.number_of(node[1], "couplings", 0, last));
        one.error = reader.number_of(node[2], "couplings", 0, 0.5);
        if (one.a == one.b || !seen.insert(std::minmax(one.a, one.b)).second)
            reader.complain(node, "a coupling joins two different qubits, once");
        if (!reader.error().empty()) return;
        out.couplings.push_back(one);
    }
}

Result<Backend> read_backend(const std::string& file_name, const std::string& text) {
    const YAML::Node root = YAML::Load(text);
    Reader reader(file_name, root);
    Backend out;
    if (!root.IsMap())
        return Error{ErrorCode::invalid,
                     fmt::format("{}: a backend is a map of fields", file_name)};
    out.name = reader.text(root, "name");
    out.description = reader.text(root, "description");
    out.source = reader.text(root, "source");
    out.calibrated = reader.text(root, "calibrated");
    read_qubits(reader, root, out);
    if (reader.error().empty()) read_couplings(reader, root, out);
    const YAML::Node durations = reader.field(root, "durations_ns");
    if (durations.IsDefined()) {
        out.one_qubit_s = reader.number(durations, "one_qubit", 0, 1e9) * 1e-9;
        out.two_qubit_s = reader.number(durations, "two_qubit", 0, 1e9) * 1e-9;
        out.readout_s = reader.number(durations, "readout", 0, 1e9) * 1e-9;
        out.reset_s = reader.number(durations, "reset", 0, 1e9) * 1e-9;
    }
    const YAML::Node price = reader.field(root, "price_yuan");
    if (price.IsDefined()) {
        out.price_task_yuan = reader.number(price, "task", 0, 1e9);
        out.price_shot_yuan = reader.number(price, "shot", 0, 1e9);
    }
    if (!reader.error().empty()) return Error{ErrorCode::invalid, reader.error()};
    const auto distances = out.distances();
    if (std::find(distances.begin(), distances.end(), UINT32_MAX) != distances.end())
        return Error{ErrorCode::invalid,
                     fmt::format("{}: the couplings leave some qubits apart", file_name)};
    out.sm3 = sm3_hex(text);
    return out;
}

}  // namespace

Result<Backend> parse_backend(const std::string& file_name, const std::string& text) {
    try {
        return read_backend(file_name, text);
    } catch (const YAML::Exception& error) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:{}: {}", file_name, error.mark.line + 1, error.msg)};
    }
}

std::vector<std::vector<std::uint32_t>> Backend::neighbours() const {
    std::vector<std::vector<std::uint32_t>> out(qubits.size());
    for (const Coupling& one : couplings) {
        out[one.a].push_back(one.b);
        out[one.b].push_back(one.a);
    }
    for (auto& list : out)
        std::sort(list.begin(), list.end());
    return out;
}

std::vector<std::uint32_t> Backend::distances() const {
    const std::size_t n = qubits.size();
    const auto next_to = neighbours();
    std::vector<std::uint32_t> out(n * n, UINT32_MAX);
    for (std::uint32_t from = 0; from < n; ++from) {
        std::vector<std::uint32_t> queue = {from};
        out[from * n + from] = 0;
        for (std::size_t i = 0; i < queue.size(); ++i)
            for (const std::uint32_t to : next_to[queue[i]]) {
                if (out[from * n + to] != UINT32_MAX) continue;
                out[from * n + to] = out[from * n + queue[i]] + 1;
                queue.push_back(to);
            }
    }
    return out;
}

double Backend::error_between(std::uint32_t a, std::uint32_t b) const {
    for (const Coupling& one : couplings)
        if ((one.a == a && one.b == b) || (one.a == b && one.b == a)) return one.error;
    return 1;
}

std::vector<std::string> list_backends(const std::string& folder) {
    std::vector<std::string> names;
    if (folder.empty())
        for (const BuiltInBackend& one : built_in_backends())
            names.emplace_back(one.name);
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

Result<Backend> load_backend(const std::string& folder, const std::string& name) {
    const bool is_path = name.find('/') != std::string::npos;
    if (folder.empty() && !is_path)
        for (const BuiltInBackend& one : built_in_backends())
            if (one.name == name) return parse_backend(name, std::string(one.text));
    const std::string path = is_path ? name : folder + "/" + name + ".yaml";
    std::ifstream file;
    if (is_path || !folder.empty()) file.open(path, std::ios::binary);
    if (!file.is_open())
        return Error{ErrorCode::not_found, fmt::format("no backend '{}': there are {}", name,
                                                       fmt::join(list_backends(folder), ", "))};
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return parse_backend(path, text);
}

std::string backend_folder() {
    const char* const given = std::getenv("SUAN_QUANTUM_BACKENDS");
    return given == nullptr ? std::string() : std::string(given);
}

}  // namespace suan::quantum
