#include "base/result.hpp"

namespace suan {

const char* to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid:
            return "invalid";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::exists:
            return "exists";
        case ErrorCode::forbidden:
            return "forbidden";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::exhausted:
            return "exhausted";
        case ErrorCode::io:
            return "io";
        case ErrorCode::corrupt:
            return "corrupt";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace suan
