// The gates of qelib1.inc (OpenQASM 2) and stdgates.inc (OpenQASM 3), and those that need no
// include. Written here; the files themselves are never read.
#pragma once

#include "quantum/circuit/circuit.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace suan::quantum {

enum class Library : std::uint8_t { builtin2, builtin3, qelib1, stdgates };

struct LibraryGate {
    std::uint32_t params = 0;
    std::uint32_t qubits = 0;
};

// The shape of a library's gate, if it has one of that name.
std::optional<LibraryGate> find_gate(Library library, std::string_view name);

// Appends the operations of a gate that find_gate has found. Sizes have been checked.
void expand_gate(Library library, std::string_view name, std::span<const double> params,
                 std::span<const std::uint32_t> qubits, std::vector<Op>& out);

}  // namespace suan::quantum
