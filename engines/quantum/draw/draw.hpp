// Pictures as SVG text: a circuit, a histogram of outcomes, a machine with its errors.
#pragma once

#include "quantum/backend/backend.hpp"
#include "quantum/run/run.hpp"

#include <span>
#include <string>

namespace suan::quantum {

// At most `columns_max` layers are drawn; the rest is said to be missing.
std::string circuit_svg(std::span<const Op> ops, std::uint32_t qubits,
                        std::size_t columns_max = 200);
std::string histogram_svg(const RunResult& result, std::size_t bars_max = 32);
std::string backend_svg(const Backend& backend);

}  // namespace suan::quantum
