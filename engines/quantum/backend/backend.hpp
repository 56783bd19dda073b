// A simulated machine: its qubits, which of them are coupled, its gates, how long they take and how
// often they fail. Read from YAML (docs/formats/quantum-backend.md).
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace suan::quantum {

struct QubitCalibration {
    double t1_s = 0;
    double t2_s = 0;
    double gate_error = 0;      // of a one-qubit gate
    double readout_0_as_1 = 0;  // probability of reading 1 where there is 0
    double readout_1_as_0 = 0;
    double x = 0;  // where it is drawn
    double y = 0;
};

struct Coupling {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    double error = 0;  // of the two-qubit gate
};

struct Backend {
    std::string name;
    std::string description;
    std::string source;      // where the numbers come from
    std::string calibrated;  // when, as written
    std::vector<QubitCalibration> qubits;
    std::vector<Coupling> couplings;
    double one_qubit_s = 0;
    double two_qubit_s = 0;
    double readout_s = 0;
    double reset_s = 0;
    double price_task_yuan = 0;
    double price_shot_yuan = 0;
    std::string sm3;  // of the file

    // Neighbours of each qubit, ascending.
    std::vector<std::vector<std::uint32_t>> neighbours() const;
    // Steps between any two qubits, row by row; UINT32_MAX where there is no way.
    std::vector<std::uint32_t> distances() const;
    // The coupling's error; 1 where there is none.
    double error_between(std::uint32_t a, std::uint32_t b) const;
};

// invalid: names the line and the field.
Result<Backend> parse_backend(const std::string& file_name, const std::string& text);

// Backends by name: files NAME.yaml in a folder, or those built in where it is empty; a name with a
// slash is a file. not_found: says which there are.
Result<Backend> load_backend(const std::string& folder, const std::string& name);
std::vector<std::string> list_backends(const std::string& folder);

// $SUAN_QUANTUM_BACKENDS, else empty.
std::string backend_folder();

}  // namespace suan::quantum
