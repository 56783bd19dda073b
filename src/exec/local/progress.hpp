// Finds lines `suan-progress {"fraction":0.4,"message":"…","checkpoint":true}` in a stream of
// output as it passes by. "checkpoint":true says that the work done so far is saved; it may stand
// alone. Lenient: any order of keys, unknown keys and a missing message are fine; a fraction
// outside 0..1 is moved to the nearer end; a line that makes no sense is ordinary output.
#pragma once

#include "exec/executor.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace suan::exec {

// `before`: the mark so far, which the line adds to.
std::optional<ProgressMark> parse_progress_line(std::string_view line,
                                                const ProgressMark& before = {});

class ProgressScanner {
public:
    // The mark after all lines that ended in `bytes`; none when none of them was a mark.
    std::optional<ProgressMark> feed(std::string_view bytes, const ProgressMark& before = {});

private:
    std::string line_;       // the beginning of a line that may become a mark
    bool skipping_ = false;  // the rest of this line is of no interest
};

}  // namespace suan::exec
