// YAML texts from outside, before anything of them is kept: what would grow without bound, or be
// ignored in silence, is refused.
#pragma once

#include "base/result.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace suan::sim {

struct YamlFault {
    YAML::Mark mark;
    std::string message;
};

// Throws YamlFault for aliases (a few lines of them stand for billions of values), more than
// `documents_max` documents, and text on which YAML::LoadAll would not end.
void check_documents(const std::string& text, std::uint32_t documents_max);

// Gives the one document of a file to `read`, and catches what yaml-cpp throws. `what` as in "a
// centre file". Errors name file, line and column; `exhausted` beyond centre_file_bytes_max.
Result<void> read_document(const std::string& file, std::string_view what, const std::string& text,
                           const std::function<void(const YAML::Node&)>& read);

}  // namespace suan::sim
