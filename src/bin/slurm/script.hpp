// The #SBATCH lines of a batch script, split into words as sbatch splits them: they count from the
// first line to the first one that is neither blank nor a comment; words are separated by blanks;
// '...' and "..." keep blanks, a backslash keeps the next character; an unquoted # begins a
// comment.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

inline constexpr std::size_t script_bytes_max = std::size_t{1} << 20;

// The words of all lines in order. `invalid`: "line 3: ...". The script begins with "#!".
Result<std::vector<std::string>> script_options(std::string_view script);

}  // namespace suan::bin::slurm
