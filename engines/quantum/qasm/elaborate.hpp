// From syntax tree to flat operations. Everything classical that does not depend on a measurement
// is computed here; where it does, the program becomes a tree: a segment of operations, then a
// decision on the outcome of one measurement, then one of two segments, and so on.
//
// A segment is made by running the program from its start with the outcomes decided so far, which
// keeps the whole language (loops, subroutines, switch) in one plain interpreter. A measurement
// whose outcome nobody reads needs no decision.
//
// What is not supported is an error with a place; nothing is ever left out silently.
#pragma once

#include "quantum/circuit/circuit.hpp"
#include "quantum/qasm/parser.hpp"
#include "quantum/qasm/value.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace suan::quantum {

struct ElaborateOptions {
    // Values of `input` variables, by name.
    std::map<std::string, double, std::less<>> inputs;
    std::uint64_t ops_max = 4'000'000;     // of one path through the program
    std::uint64_t steps_max = 50'000'000;  // statements and expressions of one path
    std::uint32_t qubits_max = 100'000;
    double dt_seconds = 1e-9;  // of the unit dt
};

// A classical register of the result, in declared order.
struct BitRegister {
    std::string name;
    std::uint32_t size = 0;
    bool operator==(const BitRegister&) const = default;
};

// What a path through the program may still become.
struct Segment {
    std::vector<Op> ops;
    // Where it ends: at the end of the program, or needing the outcome of this measurement.
    bool finished = true;
    std::uint32_t decision = 0;
    // When finished: each result bit, first register's lowest first: 0, 1 or 2 + measurement.
    std::vector<Bit> outputs;
};

class Elaborator {
public:
    // Runs the program as far as it goes without outcomes; refuses what cannot be run.
    static Result<Elaborator> create(Program program, ElaborateOptions options);

    Elaborator(Elaborator&&) noexcept;
    Elaborator& operator=(Elaborator&&) noexcept;
    ~Elaborator();

    const Program& program() const;
    std::uint32_t qubits() const;
    const std::vector<BitRegister>& registers() const;
    std::uint32_t result_bits() const;
    const Segment& first() const;
    bool has_measurement() const;

    // The segment after the measurements in `outcomes` (number -> 0 or 1; -1 undecided) have been
    // decided. `ops_before` operations of this path are known already and are left out.
    Result<Segment> next(const std::vector<std::int8_t>& outcomes, std::size_t ops_before);

private:
    struct State;
    explicit Elaborator(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace suan::quantum
