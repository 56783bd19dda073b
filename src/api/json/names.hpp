// Names of the JSON mapping, and the nearest name for "did you mean".
//
// A field is called as in the .proto file. A value of an enum drops the enum's own name in
// UPPER_SNAKE and is written in lower case: JOB_STATE_NODE_FAIL of enum JobState is "node_fail".
// A value that does not begin with that prefix keeps its whole name, in lower case.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::api::json {

std::string enum_value_name(const google::protobuf::EnumValueDescriptor& value);

// Null when the enum has no such value.
const google::protobuf::EnumValueDescriptor* find_enum_value(
    const google::protobuf::EnumDescriptor& type, std::string_view name);

// The candidate that takes the fewest insertions, deletions, replacements and swaps of neighbours,
// when these are few enough to be a slip of the hand. The first of equals.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

}  // namespace suan::api::json
