// Protobuf to JSON, straight into a string. The mapping is decode.hpp's. Fields are written in the
// order of the .proto file and maps by key, so that equal messages give equal text.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace suan::api::json {

// Whether fields at their default are written: 0, "", false, the first enum value, [] and {}.
// A field with presence (a message, `optional`, a oneof) is written exactly when it is set.
enum class Defaults { omit, print };

std::string encode(const google::protobuf::Message& message, Defaults defaults = Defaults::omit);
void append(std::string& out, const google::protobuf::Message& message,
            Defaults defaults = Defaults::omit);

// `text` as a JSON string in quotes. Bytes that are not UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace suan::api::json
