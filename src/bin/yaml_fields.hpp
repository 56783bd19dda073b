// Reading YAML strictly: an unknown or repeated field, a wrong type or an impossible value is
// refused with its line and column and what would be right. What is wrong is thrown as YamlFault,
// which the file that reads a document catches beside yaml-cpp's own exceptions.
#pragma once

#include "base/result.hpp"
#include "sim/centre/yaml_guard.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::bin {

using sim::check_documents;
using sim::YamlFault;

[[noreturn]] void fail(const YAML::Node& node, std::string message);
const std::string& scalar(const YAML::Node& node, std::string_view field);
std::uint64_t number(const YAML::Node& node, std::string_view field, std::uint64_t max);
bool boolean(const YAML::Node& node, std::string_view field);

template <typename T>
T checked(const YAML::Node& node, std::string_view field, Result<T> result) {
    if (!result) fail(node, fmt::format("{}: {}", field, result.error().context));
    return std::move(*result);
}

// The handlers of a mapping's fields, by name.
using YamlHandler = std::function<void(const YAML::Node& node)>;
using YamlFields = std::vector<std::pair<std::string, YamlHandler>>;
// `path` stands before the names in messages, as in "sim."; `what` names the whole.
void read_mapping(const YAML::Node& node, const std::string& path, const YamlFields& fields,
                  std::string_view what = "job");

// Size, UTF-8 and NUL bytes; `what` as in "a job file".
Result<void> check_yaml_text(std::string_view text, std::size_t bytes_max, std::string_view what);
// invalid: "line 3, column 5: ...".
Error error_at(const YAML::Mark& mark, std::string_view message);

}  // namespace suan::bin
