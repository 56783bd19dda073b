// Everything of main that a test can call.
#pragma once

namespace suan::bin {

// Parses the command line, runs it, reports failures on standard error, returns the exit status.
int run_program(int argc, char** argv);

}  // namespace suan::bin
