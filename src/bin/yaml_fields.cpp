#include "bin/yaml_fields.hpp"

#include "api/json/names.hpp"
#include "base/bytes.hpp"
#include "bin/units.hpp"

#include <algorithm>
#include <set>

namespace suan::bin {

void fail(const YAML::Node& node, std::string message) {
    throw YamlFault{node.Mark(), std::move(message)};
}

const std::string& scalar(const YAML::Node& node, std::string_view field) {
    if (!node.IsScalar()) fail(node, fmt::format("{}: expected one value", field));
    return node.Scalar();
}

std::uint64_t number(const YAML::Node& node, std::string_view field, std::uint64_t max) {
    const std::string& text = scalar(node, field);
    const auto n = parse_number(text);
    if (!n || *n > max)
        fail(node, fmt::format("{}: expected a whole number up to {}, got \"{}\"", field, max,
                               text.substr(0, 40)));
    return *n;
}

bool boolean(const YAML::Node& node, std::string_view field) {
    const std::string& text = scalar(node, field);
    if (text != "true" && text != "false")
        fail(node,
             fmt::format("{}: expected true or false, got \"{}\"", field, text.substr(0, 40)));
    return text == "true";
}

void read_mapping(const YAML::Node& node, const std::string& path, const YamlFields& fields,
                  std::string_view what) {
    if (!node.IsMap())
        fail(node, fmt::format("{}: expected fields (name: value)",
                               path.empty() ? std::string(what) : path));
    std::set<std::string> seen;
    for (const auto& item : node) {
        const std::string name = scalar(item.first, "field name");
        const auto found = std::find_if(fields.begin(), fields.end(),
                                        [&](const auto& field) { return field.first == name; });
        if (found == fields.end()) {
            std::vector<std::string> names;
            for (const auto& field : fields)
                names.push_back(field.first);
            const auto near = api::json::nearest_name(name, names);
            fail(item.first, fmt::format("unknown field \"{}{}\"{}", path, name.substr(0, 60),
                                         near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
        }
        if (!seen.insert(name).second)
            fail(item.first, fmt::format("field \"{}{}\" stands here twice", path, name));
        found->second(item.second);
    }
}

Error error_at(const YAML::Mark& mark, std::string_view message) {
    if (mark.is_null()) return Error{ErrorCode::invalid, std::string(message)};
    return Error{ErrorCode::invalid,
                 fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, message)};
}

Result<void> check_yaml_text(std::string_view text, std::size_t bytes_max, std::string_view what) {
    if (text.size() > bytes_max)
        return Error{ErrorCode::exhausted,
                     fmt::format("{} bytes; {} has at most {}", text.size(), what, bytes_max)};
    if (const std::size_t good = utf8_prefix(text); good != text.size())
        return Error{ErrorCode::invalid, fmt::format("byte {}: not UTF-8", good)};
    if (text.find('\0') != std::string_view::npos)
        return Error{ErrorCode::invalid, fmt::format("byte {}: a NUL byte", text.find('\0'))};
    return {};
}

}  // namespace suan::bin
