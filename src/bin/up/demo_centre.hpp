// The centre of the demonstration, as a centre file.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>

namespace suan::bin {

// `cores` devices in pool cpu; vouchers expire a year after `now`.
std::string demo_centre_yaml(std::uint32_t cores, Time now);

}  // namespace suan::bin
