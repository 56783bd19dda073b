// How fast this folder is on this machine, against OpenSSL in the same run: what `suan crypto
// bench` and bench/crypto.cpp print. Everything runs in the calling thread.
#pragma once

#include "crypto/cpu.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace suan::crypto {

// One figure and its peer. Each function does its work once and gives items a second.
struct Contest {
    std::string name;
    std::function<double()> ours;
    std::string peer;
    std::function<double()> theirs;
    double ratio_bar = 0;  // 0: none
};

struct ContestResult {
    std::string name;
    double ours = 0;
    std::string peer;
    double theirs = 0;
    double ratio_bar = 0;
};

struct MeasureOptions {
    Isa isa = best_isa();
    std::size_t items = 8'192;
    std::size_t signers = 47;
    std::size_t many_signers = 5'000;
};

// Items a second of one run of `work`, which does `items`, by the calling thread's processor time:
// a neighbour that takes the core away for a while does not count.
double rate_of(std::size_t items, const std::function<void()>& work);

// SM3, SM2 verification in its three ways, SM2 signing, Ed25519. Making the signatures takes some
// seconds. Every run checks its verdicts (asserted).
std::vector<Contest> contests(const MeasureOptions& options);

// Medians of `runs` runs, interleaved: each run does every contest once, ours and theirs.
std::vector<ContestResult> hold(const std::vector<Contest>& contests, std::size_t runs);

}  // namespace suan::crypto
