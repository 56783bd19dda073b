// suan-quantum transpile, backends, estimate; and run --backend.
#pragma once

#include "quantum/cli/run_command.hpp"

#include <string>

namespace suan::quantum {

struct BackendArguments {
    std::string file;
    std::string backend;
    std::string router = "sabre";
    int level = 2;
    std::uint64_t seed = 1;
    bool json = false;
};

int transpile_command(const BackendArguments& arguments);
int backends_command(const BackendArguments& arguments);
int estimate_command(const BackendArguments& arguments, const RunArguments& run);
int run_backend_command(const RunArguments& arguments);

}  // namespace suan::quantum
