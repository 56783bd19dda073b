// What a hub shows to those who follow its log. Implementations: HTTP (in bin), a log in memory
// (tests).
//
// Errors: `unavailable` and `io` mean try again later; `not_found` that the hub has no such block;
// `forbidden` that it does not let this caller in; any other that it answers what it should not.
#pragma once

#include "base/result.hpp"
#include "log/cosignature.hpp"
#include "log/log.hpp"

#include <span>
#include <string>

namespace suan::witness {

class Source {
public:
    virtual ~Source() = default;
    // The bytes of log/segment.hpp, from an entry on.
    virtual Result<std::string> segment(log::Seq from_seq) = 0;
    virtual Result<log::SealedBlock> block(std::uint64_t number) = 0;
    // All by one witness's key.
    virtual Result<void> post(std::span<const log::BlockCosignature> list) = 0;
};

}  // namespace suan::witness
