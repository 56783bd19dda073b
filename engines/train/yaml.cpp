#include "train/yaml.hpp"

#include "train/embedded.hpp"
#include "train/files.hpp"

#include <fmt/format.h>

#include <cmath>

namespace suan::train {
namespace {

constexpr std::size_t file_bytes_max = 4 << 20;

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

}  // namespace

Result<YAML::Node> parse_yaml(std::string_view text, const std::string& where) {
    try {
        YAML::Node node = YAML::Load(std::string(text));
        if (!node.IsMap()) return bad(where + ": not a YAML map");
        return node;
    } catch (const YAML::Exception& e) {
        return bad(fmt::format("{}: line {}: {}", where, e.mark.line + 1, e.msg));
    }
}

Fields::Fields(YAML::Node map, std::string where) : map_(map), where_(std::move(where)) {
    if (!map_.IsMap()) error_ = bad(where_ + ": not a map");
}

YAML::Node Fields::take(const std::string& field) {
    known_.insert(field);
    if (error_) return {};
    return YAML::Node(map_[field]);
}

bool Fields::has(const std::string& field) {
    known_.insert(field);
    return !error_ && map_[field].IsDefined() && !map_[field].IsNull();
}

void Fields::fail(const std::string& field, const std::string& problem) {
    if (!error_) error_ = bad(fmt::format("{}: {}: {}", where_, field, problem));
}

void Fields::require(const std::string& field) {
    if (!has(field)) fail(field, "is missing");
}

void Fields::read(const std::string& field, std::int64_t& value) {
    if (!has(field)) return;
    try {
        value = take(field).as<std::int64_t>();
    } catch (const YAML::Exception&) {
        fail(field, "must be a whole number");
    }
}

void Fields::read(const std::string& field, double& value) {
    if (!has(field)) return;
    try {
        value = take(field).as<double>();
        if (!std::isfinite(value) || value < 0) fail(field, "must be a number from 0 up");
    } catch (const YAML::Exception&) {
        fail(field, "must be a number");
    }
}

void Fields::read(const std::string& field, std::string& value) {
    if (!has(field)) return;
    try {
        value = take(field).as<std::string>();
    } catch (const YAML::Exception&) {
        fail(field, "must be a text");
    }
}

std::string Fields::text(const std::string& field, const std::string& otherwise) {
    std::string value = otherwise;
    read(field, value);
    return value;
}

YAML::Node Fields::node(const std::string& field) {
    return has(field) ? take(field) : YAML::Node();
}

Result<void> Fields::finish() {
    if (error_) return *error_;
    for (const auto& entry : map_) {
        const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "?";
        if (known_.count(name) == 0)
            return bad(fmt::format("{}: unknown field '{}'", where_, name));
    }
    return {};
}

Result<std::string> read_data(const std::string& folder, const std::string& name_or_path) {
    for (const EmbeddedFile& file : embedded_files())
        if (file.folder == folder && file.name == name_or_path) return std::string(file.text);
    auto text = read_file(name_or_path, file_bytes_max);
    if (text || text.error().code != ErrorCode::not_found) return text;
    std::string known;
    for (const std::string& name : data_names(folder))
        known += " " + name;
    return Error{ErrorCode::not_found,
                 fmt::format("{}: no such file, and not one of the built-in {}:{}", name_or_path,
                             folder, known)};
}

std::vector<std::string> data_names(const std::string& folder) {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_files())
        if (file.folder == folder) names.emplace_back(file.name);
    return names;
}

}  // namespace suan::train
