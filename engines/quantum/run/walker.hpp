// Runs a program by one simulation method: either all its outcomes with their probabilities, or a
// number of shots. Shots share the state as long as nothing distinguishes them: where a
// measurement must be taken in the middle, the state splits into the two outcomes and the shots are
// divided between them by a binomial draw. A measurement is taken as late as possible; most are
// never taken alone but read from the final state together.
//
// One thread calls it; the same seed gives the same result on any number of threads.
#pragma once

#include "quantum/qasm/elaborate.hpp"
#include "quantum/run/simulator.hpp"

#include <functional>
#include <map>

namespace suan::quantum {

// Where each qubit of the program lies; changed by routing as a path goes on.
using Layout = std::vector<std::uint32_t>;

struct WalkOptions {
    bool exact = false;  // probabilities instead of shots
    std::uint64_t shots = 1024;
    std::uint64_t seed = 1;
    double prune = 1e-13;                         // outcomes less likely than this are not followed
    bool keep_order = false;                      // remember the result of every shot
    std::uint64_t memory_bytes_max = UINT64_MAX;  // of all states at once
    std::uint64_t branches_max = 1'000'000;
    std::uint32_t qubits_run = 0;  // of the states, where there are more than in the program
    // Operations of the program as they are to be run, for instance on a backend's qubits.
    std::function<Result<std::vector<Op>>(const std::vector<Op>&, Layout&)> prepare;
    std::function<Result<std::unique_ptr<Simulator>>()> make;
    std::function<void(double)> progress;  // the fraction of weight or shots that is done
};

struct Tally {
    std::size_t bits = 0;
    std::map<Key, std::uint64_t> counts;
    std::vector<Key> shots;  // in the order drawn, if asked for
    std::map<Key, double> probabilities;
    double error_estimate = 0;  // the largest of any final state
    std::uint64_t branches = 0;
};

// unavailable: the method cannot do one of the gates.
Result<Tally> walk(Elaborator& program, const WalkOptions& options);

}  // namespace suan::quantum
