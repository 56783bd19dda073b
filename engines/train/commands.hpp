// The subcommands of suan-train. Each prints to standard output, problems to standard error, and
// returns an exit code: 0 done, 64 wrong usage, 65 the input is wrong or nothing fits, 74 a file
// could not be written.
#pragma once

namespace suan::train {

int run_program(int argc, char** argv);

}  // namespace suan::train
