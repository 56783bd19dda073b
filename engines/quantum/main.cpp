#include "quantum/cli/cli.hpp"

int main(int argc, char** argv) {
    return suan::quantum::run_command_line(argc, argv);
}
