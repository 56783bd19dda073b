// What an order must satisfy before anything is written for it.
#pragma once

#include "base/result.hpp"
#include "exec/executor.hpp"

#include <string>
#include <vector>

namespace suan::exec {

// invalid or forbidden, naming the field and what would be right.
Result<void> check_order(const StartOrder& order, const std::vector<std::string>& allowed_dirs);

}  // namespace suan::exec
