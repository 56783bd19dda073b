// The version of the program, of its API answers and of its packages.
#pragma once

namespace suan::bin {

inline constexpr const char* version = "0.1.0";

}  // namespace suan::bin
