// Why a JSON document was refused: which field, at which byte, and what would be right.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>

namespace suan::api::json {

struct Fault {
    std::string field;       // "jobs[3].tasks"; empty when the document as a whole is broken
    std::string message;     // what was expected and what was found
    std::size_t offset = 0;  // byte of the document where it was found

    // ErrorCode::invalid, or exhausted where a limit was passed, as "field: message".
    ErrorCode code = ErrorCode::invalid;
    Error to_error() const;
};

}  // namespace suan::api::json
