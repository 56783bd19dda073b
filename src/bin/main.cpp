// The one program `suan`: hub, command line and tools are its subcommands, and Slurm's commands are
// other names of it.
#include "bin/program.hpp"
#include "exec/local/supervisor.hpp"

#include <string_view>

int main(int argc, char** argv) {
    // Before any thread: this process becomes the supervisor of one lease.
    if (argc == 3 && std::string_view(argv[1]) == suan::exec::supervise_argument)
        return suan::exec::supervise(argv[2]);
    return suan::bin::run_program(argc, argv);
}
