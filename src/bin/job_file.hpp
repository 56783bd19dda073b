// Job files: YAML, one job a document, several documents (`---`) a batch whose jobs may name each
// other by label. docs/formats/job.md is the reader's page.
//
// Strict: an unknown or repeated field, a wrong type or an impossible value is refused with its
// line and column and what would be right. Nothing is expanded: no variables, no includes, no tags.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "suan/api.pb.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace suan::bin {

inline constexpr std::size_t job_file_bytes_max = std::size_t{8} << 20;

// At least one job. `invalid`: "line 3, column 5: ...". `now` is what "now+10m" counts from.
Result<std::vector<JobRequest>> parse_job_file(std::string_view text, Time now);

}  // namespace suan::bin
