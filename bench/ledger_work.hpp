// What the benches of ledgers draw from: the same numbers and the same accounts.
#pragma once

#include "ledger/types.hpp"

#include <cstdint>

namespace suan::bench {

class Random {
public:
    std::uint64_t next() {  // splitmix64
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t n) { return next() % n; }

private:
    std::uint64_t state_ = 42;
};

inline ledger::AccountId account_id(std::uint64_t n) {
    return {7, n + 1};
}

}  // namespace suan::bench
