// Finds lines `suan-progress {"fraction":0.4,"message":"…"}` in a stream of output as it passes by.
// Lenient: any order of keys, unknown keys and a missing message are fine; a fraction outside 0..1
// is moved to the nearer end; a line that makes no sense is ordinary output.
#pragma once

#include "exec/executor.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace suan::exec {

std::optional<ProgressMark> parse_progress_line(std::string_view line);

class ProgressScanner {
public:
    // The last mark whose line ended in `bytes`.
    std::optional<ProgressMark> feed(std::string_view bytes);

private:
    std::string line_;       // the beginning of a line that may become a mark
    bool skipping_ = false;  // the rest of this line is of no interest
};

}  // namespace suan::exec
