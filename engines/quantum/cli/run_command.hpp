// suan-quantum run.
#pragma once

#include "quantum/cli/batch.hpp"
#include "quantum/run/run.hpp"

#include <string>
#include <vector>

namespace suan::quantum {

struct RunArguments {
    std::vector<std::string> files;
    std::string method = "automatic";
    std::string precision;
    std::uint64_t shots = 1024;
    std::uint64_t seed = 1;
    unsigned threads = 0;  // 0: all processors
    std::uint64_t memory_mib = 0;
    bool probabilities = false;
    bool json = false;
    bool memory = false;
    bool progress = false;
    std::size_t top = 0;
    std::vector<std::string> params;
    std::vector<std::string> sweeps;
    std::vector<std::string> observables;
    std::string output;
    std::string histogram;  // an SVG file
    std::string backend;
    std::vector<std::string> mitigations;
    double noise_factor = 1;
    std::uint32_t bond_max = 256;
    double truncation = 1e-16;
    double limit_yuan = 0;  // 0: none
    double limit_seconds = 0;
};

// What a result shows a person.
std::string result_text(const RunResult& result, std::size_t top);
unsigned threads_of(const RunArguments& arguments);
// Each file with each point of the sweeps, the first sweep changing fastest.
Result<std::vector<BatchRun>> runs_of(const RunArguments& arguments);
Result<std::vector<NamedText>> read_files(const std::vector<std::string>& files);
// One document, or an array of several: printed with --json, written to --output. The exit code.
int put_documents(const RunArguments& arguments, const std::vector<std::string>& documents);
void print_progress(std::size_t done, std::size_t all, const std::string& message);
Result<RunOptions> options_of(const RunArguments& arguments);

int run_files(const RunArguments& arguments);

// "name=value" pairs. invalid: which one is wrong.
Result<std::map<std::string, double, std::less<>>> parse_params(
    const std::vector<std::string>& params);

}  // namespace suan::quantum
