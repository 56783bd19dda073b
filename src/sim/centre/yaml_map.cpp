#include "sim/centre/yaml_map.hpp"

#include "sim/centre/values.hpp"
#include "sim/traces/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::sim {

FileMark mark_of(const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    return mark.is_null() ? FileMark{} : FileMark{mark.line + 1, mark.column + 1};
}

void YamlErrors::fail(FileMark mark, std::string_view field, std::string_view message) {
    if (error_) return;
    error_ = Error{ErrorCode::invalid,
                   fmt::format("{}:{}:{}: {}: {}", file_, mark.line, mark.column, field, message)};
}

YamlMap::YamlMap(YamlErrors& errors, const YAML::Node& node, std::string path,
                 std::span<const std::string_view> fields)
    : errors_(&errors), node_(node), path_(std::move(path)) {
    if (!node_.IsMap()) {
        errors_->fail(mark_of(node_), path_,
                      "expected a map of fields such as '" + std::string(fields[0]) + ": ...'");
        node_ = YAML::Node(YAML::NodeType::Map);
        return;
    }
    std::vector<std::string> seen;
    for (const auto& pair : node_) {
        const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : std::string("?");
        if (std::find(fields.begin(), fields.end(), key) == fields.end()) {
            errors_->fail(mark_of(pair.first), this->path(quoted_value(key)),
                          fmt::format("there is no such field; did you mean '{}'?",
                                      nearest_name(key, fields)));
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            errors_->fail(mark_of(pair.first), this->path(key), "the field is given twice");
        seen.push_back(key);
    }
}

std::string YamlMap::path(std::string_view field) const {
    return path_.empty() ? std::string(field) : fmt::format("{}.{}", path_, field);
}

YAML::Node YamlMap::at(std::string_view field) const {
    const YAML::Node& node = node_;
    const YAML::Node found = node[std::string(field)];
    return found.IsDefined() ? found : YAML::Node(YAML::NodeType::Undefined);
}

bool YamlMap::has(std::string_view field) const {
    const YAML::Node& node = node_;
    return node[std::string(field)].IsDefined();
}

FileMark YamlMap::mark(std::string_view field) const {
    return has(field) ? mark_of(at(field)) : mark_of(node_);
}

void YamlMap::fail(std::string_view field, std::string_view message) const {
    errors_->fail(mark(field), path(field), message);
}

void YamlMap::refuse(std::string_view field, std::string_view found,
                     std::string_view expected) const {
    fail(field, fmt::format("{} is refused; expected {}", quoted_value(found), expected));
}

std::optional<std::string> YamlMap::scalar(std::string_view field) const {
    if (!has(field)) return std::nullopt;
    const YAML::Node node = at(field);
    if (node.IsScalar()) return node.Scalar();
    fail(field, "expected one value, not a list, a map or nothing");
    return std::nullopt;
}

std::string YamlMap::text(std::string_view field) const {
    return scalar(field).value_or("");
}

std::string YamlMap::require_text(std::string_view field) const {
    const std::string out = text(field);
    if (out.empty()) fail(field, "the field is required and must not be empty");
    return out;
}

std::int64_t YamlMap::integer(std::string_view field, IntegerRange range,
                              std::int64_t otherwise) const {
    const std::optional<std::string> found = scalar(field);
    if (!found) return otherwise;
    const std::optional<std::int64_t> value = parse_integer(*found);
    if (value && *value >= range.min && *value <= range.max) return *value;
    refuse(field, *found, fmt::format("an integer from {} to {}", range.min, range.max));
    return otherwise;
}

std::int64_t YamlMap::span_ms(std::string_view field, std::int64_t otherwise) const {
    const std::optional<std::string> found = scalar(field);
    if (!found) return otherwise;
    const std::optional<std::int64_t> value = parse_span_ms(*found);
    if (value) return *value;
    refuse(field, *found, "a whole number with its unit: 250ms, 30s, 5m, 12h, 7d");
    return otherwise;
}

std::int64_t YamlMap::decimal(std::string_view field, unsigned digits, std::int64_t otherwise,
                              std::string_view expected) const {
    const std::optional<std::string> found = scalar(field);
    if (!found) return otherwise;
    const std::optional<std::int64_t> value = parse_decimal(*found, digits);
    if (value && *value >= 0) return *value;
    refuse(field, *found, expected);
    return otherwise;
}

std::int64_t YamlMap::micro_yuan(std::string_view field, std::int64_t otherwise) const {
    return decimal(field, 6, otherwise, "yuan with at most 6 digits after the point: 1250.50");
}

std::int64_t YamlMap::milli_devices(std::string_view field, std::int64_t otherwise) const {
    return decimal(field, 3, otherwise, "devices with at most 3 digits after the point: 16, 0.5");
}

std::int64_t YamlMap::utc_us(std::string_view field) const {
    const std::optional<std::string> found = scalar(field);
    if (!found) {
        fail(field, "the field is required: 2027-01-01 or 2027-01-01 08:00:00 (UTC)");
        return 0;
    }
    const std::optional<std::int64_t> value = parse_utc_us(*found);
    if (value) return *value;
    refuse(field, *found, "2027-01-01 or 2027-01-01 08:00:00 (UTC)");
    return 0;
}

bool YamlMap::flag(std::string_view field) const {
    const std::optional<std::string> found = scalar(field);
    if (found && *found != "true" && *found != "false") refuse(field, *found, "true or false");
    return found == "true";
}

std::size_t YamlMap::choice(std::string_view field, std::span<const std::string_view> names) const {
    const std::optional<std::string> found = scalar(field);
    if (!found) return 0;
    const auto place = std::find(names.begin(), names.end(), *found);
    if (place != names.end()) return static_cast<std::size_t>(place - names.begin());
    refuse(field, *found, one_of(names));
    return 0;
}

std::vector<std::string> YamlMap::texts(std::string_view field) const {
    std::vector<std::string> out;
    for (const Item& each : items(field)) {
        if (each.node.IsScalar()) {
            out.push_back(each.node.Scalar());
        } else {
            errors_->fail(mark_of(each.node), each.path, "expected one value");
        }
    }
    return out;
}

std::vector<YamlMap::Item> YamlMap::items(std::string_view field) const {
    std::vector<Item> out;
    if (!has(field)) return out;
    const YAML::Node list = at(field);
    if (!list.IsSequence()) {
        fail(field, "expected a list");
        return out;
    }
    for (std::size_t i = 0; i < list.size(); ++i)
        out.push_back({list[i], fmt::format("{}[{}]", path(field), i)});
    return out;
}

std::optional<YamlMap::Item> YamlMap::item(std::string_view field) const {
    if (!has(field)) return std::nullopt;
    return Item{at(field), path(field)};
}

}  // namespace suan::sim
