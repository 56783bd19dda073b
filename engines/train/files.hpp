// Reading whole files of a bounded size.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>

namespace suan::train {

// The bytes of a file; an error where it cannot be read or holds more than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace suan::train
