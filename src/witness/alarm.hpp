// What a witness may find, and will not sign over.
#pragma once

#include "log/evidence.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace suan::witness {

enum class Finding : std::uint8_t {
    // The operator signed two things that cannot both be of one log. There is evidence.
    contradiction = 1,
    // The log breaks its own rules: a signature, a Merkle root or the chain is wrong, or a command
    // decided again gives other events or another state.
    broken = 2,
    // The hub shows fewer blocks than it showed before. It may have been restored from an old copy.
    rolled_back = 3,
};

struct Alarm {
    Finding finding = Finding::broken;
    std::string message;
    std::optional<log::Evidence> evidence;  // of a contradiction
};

}  // namespace suan::witness
