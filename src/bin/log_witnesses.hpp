// What `suan log verify` says of witnesses, and what it may be told to ask of them.
#pragma once

#include "runtime/witness_tally.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace suan::bin {

std::string witness_text(const runtime::WitnessReports& reports);
boost::json::array witness_json(const runtime::WitnessReports& reports);

struct WitnessDemands {
    std::vector<std::string> named;  // NAME=KEYFILE: each of them must have signed
    std::uint32_t min = 0;           // so many must have signed: of the named ones if there are any
    std::uint64_t max_behind = 60;   // blocks; the newest ones are signed a moment later
    bool any() const { return !named.empty() || min > 0; }
};
// One sentence on how the demands are met. Throws Failed: `not_witnessed` naming what is missing,
// `usage` or `io` for demands that cannot be read.
std::string check_demands(const runtime::WitnessReports& reports, const WitnessDemands& demands);

}  // namespace suan::bin
