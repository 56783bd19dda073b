// The simulation test as a program: bench_simtest [--seed N] [--seeds N] [--seconds S] [--steps N]
// [--commit TEXT]. Without --seconds and --seeds it runs one seed. Ends with 1 when a rule broke.
#include "sim/fault/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <string_view>

namespace {

std::uint64_t number(const char* text) {
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    if (error == std::errc() && stop == end && stop != text) return value;
    fmt::print(stderr, "'{}' is not a whole number\n", text);
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    suan::sim::SimulationPlan plan;
    plan.again = argv[0];
    plan.commit = "unknown";
    for (int i = 1; i < argc; i += 2) {
        const std::string_view option = argv[i];
        if (i + 1 == argc) {
            fmt::print(stderr, "{} needs a value\n", option);
            return 2;
        }
        const char* value = argv[i + 1];
        if (option == "--commit") {
            plan.commit = value;
        } else if (option == "--seed") {
            plan.first_seed = number(value);
        } else if (option == "--seeds") {
            plan.seeds = number(value);
        } else if (option == "--seconds") {
            plan.seconds = static_cast<std::uint32_t>(number(value));
        } else if (option == "--steps") {
            plan.steps = static_cast<std::uint32_t>(number(value));
        } else {
            fmt::print(stderr, "unknown option {}: use --seed --seeds --seconds --steps --commit\n",
                       option);
            return 2;
        }
    }
    if (plan.seeds == 0 && plan.seconds == 0) plan.seeds = 1;
    return suan::sim::run_simulations(plan);
}
