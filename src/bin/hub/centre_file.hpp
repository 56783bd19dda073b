// Bringing a running hub to what a centre file says.
#pragma once

#include "base/result.hpp"
#include "bin/hub/data_folder.hpp"
#include "runtime/hub.hpp"

#include <string>

namespace suan::bin {

struct CentreApplied {
    std::size_t commands = 0;  // 0: it was so already
};

// Gives the missing commands; tokens of new members go to files of the data folder. `invalid`, one
// line for each field, when the file contradicts the running state: then nothing is changed.
Result<CentreApplied> apply_centre_file(runtime::Hub& hub, const DataFolder& folder,
                                        const std::string& file);

// Makes the operator of a new centre. True when it was made now: its token is in a file.
Result<bool> ensure_operator(runtime::Hub& hub, const DataFolder& folder);

}  // namespace suan::bin
