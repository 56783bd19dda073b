// suan-quantum's command line. Exit codes: 0 done, 1 a run failed, 2 the command line or a program
// is wrong, 65 it never fits (memory, limits), 74 a file cannot be read or written.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace suan::quantum {

int run_command_line(int argc, char** argv);

// The exit code of an error.
int exit_code(ErrorCode code);

// The whole file; at most 16 MiB.
Result<std::string> read_file(const std::string& path);
Result<void> write_file(const std::string& path, const std::string& text);

// Memory that a run may use when the user says nothing: three quarters of what is available.
std::uint64_t default_memory_bytes();

}  // namespace suan::quantum
