// Which faults are on in this run, and whether one happens now. Internal to src/sim/fault.
#pragma once

#include "sim/fault/options.hpp"
#include "sim/traces/generate.hpp"

#include <array>

namespace suan::sim {

class Faults {
public:
    // Each kind that `allowed` holds is on with probability one half.
    Faults(Rng& rng, std::uint32_t allowed) : rng_(rng) {
        for (std::size_t i = 0; i < on_.size(); ++i) {
            const bool drawn = rng_.below(2) == 0;
            on_[i] = drawn && ((allowed >> i) & 1) != 0;
        }
    }
    // True with the given probability when the kind is on; counts those that happen.
    bool happens(Fault fault, std::uint32_t per_mille) {
        if (!on_[static_cast<std::size_t>(fault)]) return false;
        if (rng_.below(1'000) >= per_mille) return false;
        ++count_;
        return true;
    }
    bool is_on(Fault fault) const { return on_[static_cast<std::size_t>(fault)]; }
    // From now on the world behaves.
    void end() { on_.fill(false); }
    std::uint64_t count() const { return count_; }

private:
    Rng& rng_;
    std::array<bool, static_cast<std::size_t>(Fault::count_)> on_{};
    std::uint64_t count_ = 0;
};

}  // namespace suan::sim
