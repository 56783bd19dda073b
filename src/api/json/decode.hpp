// JSON to protobuf, by reflection and in one pass: strict, and exact about what is wrong.
//
// The mapping, which encode.hpp writes and openapi.hpp describes:
//   message          object; fields are called as in the .proto file (snake_case)
//   repeated         array
//   map              object, keys in text; string and integer keys
//   string           string of UTF-8
//   bytes            string of hexadecimal digits, written in lower case
//   bool             true, false
//   32-bit integers  number without fraction or exponent
//   64-bit integers  the same, or that number in a string; written as a string from 2^53 on, where
//                    JavaScript would lose digits
//   enum             name without the enum's prefix, in lower case (names.hpp)
//   null             as if the field were left out; not inside an array
// There is no float or double in Suan's schema: a message that has one is a bug (asserted).
//
// Refused: unknown fields (with the nearest name), a field twice, two members of a oneof, values of
// the wrong type or size, text after the document, broken UTF-8, and documents past the limits.
#pragma once

#include "api/json/fault.hpp"
#include "base/limits.hpp"

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace suan::api::json {

struct DecodeLimits {
    std::size_t bytes_max = limits::body_bytes_max;
    std::uint32_t depth_max = limits::json_depth_max;
    // Objects of the whole document: `{},` is 3 bytes of input but hundreds of memory.
    std::uint32_t messages_max = limits::json_messages_max;
};

// Fills `message`, which is cleared first. After a fault its content is unspecified.
// Thread-safe for distinct messages.
std::optional<Fault> find_fault(std::string_view json, google::protobuf::Message& message,
                                const DecodeLimits& limits = {});

// The same as a Result: "jobs[3].tasks: expected an unsigned integer up to 4294967295, got \"x\"".
Result<void> decode(std::string_view json, google::protobuf::Message& message,
                    const DecodeLimits& limits = {});

}  // namespace suan::api::json
