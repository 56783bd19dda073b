// links: suan_quantum
// Programs are written by users. Whatever they hold, parsing and elaborating end soon, with a
// program or with an error that names a place; and a program that parses is printed as one that
// parses to the same tree.
#include "quantum/qasm/elaborate.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace q = suan::quantum;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto program = q::parse("fuzz", {reinterpret_cast<const char*>(data), size});
    if (!program) {
        if (!program.error().context.starts_with("fuzz:")) __builtin_trap();
        return 0;
    }
    auto again = q::parse("fuzz", q::print(*program));
    if (!again || !q::same(*program->root, *again->root)) __builtin_trap();
    q::ElaborateOptions options;
    options.ops_max = 2'000;
    options.steps_max = 20'000;
    options.qubits_max = 200;
    auto elaborated = q::Elaborator::create(std::move(*program), options);
    if (!elaborated && elaborated.error().context.empty()) __builtin_trap();
    return 0;
}
