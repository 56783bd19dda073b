// `suan witness`: the loop around witness::Witness, with what it says and how it waits.
#pragma once

#include "bin/exit_code.hpp"
#include "bin/session.hpp"

#include <cstdint>
#include <string>

namespace suan::bin {

struct WitnessRunOptions {
    std::string key, data, operator_key;
    std::uint64_t interval_ms = 1'000;
    std::uint64_t snapshot_entries = 100'000;
    bool once = false;
};

// Until it is stopped, there is an alarm, or (with `once`) nothing is left to verify.
ExitCode run_witness(const HubOptions& hub, const WitnessRunOptions& options);

}  // namespace suan::bin
