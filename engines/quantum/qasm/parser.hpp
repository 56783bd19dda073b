// OpenQASM 2 and 3 into a syntax tree. The text decides: "OPENQASM 2..." is version 2, as is a
// text without a version that includes qelib1.inc; anything else is version 3. Every error names
// file, line and column. Nothing is evaluated here.
#pragma once

#include "quantum/qasm/ast.hpp"

namespace suan::quantum {

Result<Program> parse(std::string file_name, std::string text);

// The canonical text of a tree: parsing it gives an equal tree.
std::string print(const Program& program);

// Equal but for places.
bool same(const Node& a, const Node& b);

}  // namespace suan::quantum
