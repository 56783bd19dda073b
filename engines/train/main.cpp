// suan-train: plans, quotes, explains and launches training runs.
#include "train/commands.hpp"

int main(int argc, char** argv) {
    return suan::train::run_program(argc, argv);
}
