#include "bin/app_template.hpp"

#include "bin/units.hpp"
#include "bin/yaml_fields.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace suan::bin {
namespace {

using Node = YAML::Node;

constexpr std::array<std::string_view, 7> type_names = {"name",   "text", "integer", "number",
                                                        "choice", "file", "files"};

bool is_name(std::string_view text) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= 64 && text[0] != '.' && text[0] != '-' &&
           std::all_of(text.begin(), text.end(), good);
}

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string name_in(const Node& node, std::string_view field) {
    const std::string& text = scalar(node, field);
    if (!is_name(text))
        fail(node, fmt::format("{}: expected letters, digits, dots, dashes and underlines (64 at "
                               "most), got \"{}\"",
                               field, text.substr(0, 40)));
    return text;
}

double bound_in(const Node& node, std::string_view field) {
    const auto value = parsed<double>(scalar(node, field));
    if (!value || !std::isfinite(*value)) fail(node, fmt::format("{}: expected a number", field));
    return *value;
}

AppText text_in(const Node& node, const std::string& field) {
    AppText out;
    read_mapping(node, field + ".",
                 {{"en", [&](const Node& n) { out.en = scalar(n, field + ".en"); }},
                  {"zh", [&](const Node& n) { out.zh = scalar(n, field + ".zh"); }}});
    return out;
}

std::vector<std::string> list_in(const Node& node, std::string_view field) {
    if (!node.IsSequence()) fail(node, fmt::format("{}: expected a list", field));
    std::vector<std::string> out;
    for (const auto& item : node)
        out.push_back(scalar(item, field));
    return out;
}

AppType type_in(const Node& node) {
    const std::string& text = scalar(node, "type");
    const auto found = std::find(type_names.begin(), type_names.end(), text);
    if (found == type_names.end())
        fail(node, fmt::format("type: expected one of {}, got \"{}\"", fmt::join(type_names, ", "),
                               text.substr(0, 40)));
    return static_cast<AppType>(found - type_names.begin());
}

AppParameter parameter_in(const Node& node) {
    AppParameter p;
    bool typed = false;
    read_mapping(
        node, "parameters.",
        {{"name", [&](const Node& n) { p.name = name_in(n, "parameters.name"); }},
         {"type", [&](const Node& n) { typed = true, p.type = type_in(n); }},
         {"required", [&](const Node& n) { p.required = boolean(n, "parameters.required"); }},
         {"default", [&](const Node& n) { p.fallback = scalar(n, "parameters.default"); }},
         {"min", [&](const Node& n) { p.min = bound_in(n, "parameters.min"); }},
         {"max", [&](const Node& n) { p.max = bound_in(n, "parameters.max"); }},
         {"choices", [&](const Node& n) { p.choices = list_in(n, "parameters.choices"); }},
         {"suffix", [&](const Node& n) { p.suffix = scalar(n, "parameters.suffix"); }},
         {"title", [&](const Node& n) { p.title = text_in(n, "parameters.title"); }},
         {"help", [&](const Node& n) { p.help = text_in(n, "parameters.help"); }}});
    if (p.name.empty() || !typed) fail(node, "a parameter needs a name and a type");
    if ((p.type == AppType::choice) == p.choices.empty())
        fail(node, fmt::format("{}: choices belong to the type choice, and it needs them", p.name));
    if (p.fallback && !p.fallback->empty())
        if (auto good = check_value(p, *p.fallback); !good)
            fail(node, fmt::format("default of {}", good.error().context));
    return p;
}

// Every argument's parameter exists and stands where its value can do no harm.
void check_command(const Node& node, const AppTemplate& app) {
    if (app.command.empty() || app.command[0] != app.program)
        fail(node, "command: its first word is the program");
    std::vector<std::string> used;
    for (const std::string& argument : app.command) {
        const auto hole = hole_of(argument);
        if (!hole) {
            if (argument.find("${") != std::string::npos)
                fail(node, fmt::format("command: \"{}\": expected one ${{parameter}}", argument));
            continue;
        }
        const AppParameter* p = app.find(hole->parameter);
        if (p == nullptr)
            fail(node, fmt::format("command: there is no parameter \"{}\"", hole->parameter));
        used.push_back(p->name);
        const bool whole = hole->size == argument.size();
        const bool file = p->type == AppType::file || p->type == AppType::files;
        if (p->type == AppType::files && !whole)
            fail(node,
                 fmt::format("command: files are an argument of their own: \"${{{}}}\"", p->name));
        if (!file && hole->at == 0)
            fail(node,
                 fmt::format("command: \"{0}\" begins with a value, which could be read as an "
                             "option: write \"--{1}=${{{1}}}\"",
                             argument, p->name));
    }
    for (const AppParameter& p : app.parameters)
        if (std::find(used.begin(), used.end(), p.name) == used.end())
            fail(node, fmt::format("command: parameter \"{}\" is not used", p.name));
}

void read_parameters(const Node& node, AppTemplate& app) {
    if (!node.IsSequence()) fail(node, "parameters: expected a list");
    for (const auto& item : node) {
        AppParameter p = parameter_in(item);
        if (app.find(p.name) != nullptr)
            fail(item, fmt::format("parameter \"{}\" stands here twice", p.name));
        if (app.parameters.size() == app_parameters_max)
            fail(item, fmt::format("at most {} parameters", app_parameters_max));
        app.parameters.push_back(std::move(p));
    }
}

void read_result(const Node& node, AppTemplate& app) {
    read_mapping(
        node, "result.",
        {{"format", [&](const Node& n) { app.result_format = scalar(n, "result.format"); }},
         {"file", [&](const Node& n) { app.result_file = name_in(n, "result.file"); }},
         {"schema", [&](const Node& n) { app.result_schema = scalar(n, "result.schema"); }}});
}

AppTemplate read_app(const Node& node) {
    AppTemplate app;
    Node command = node;
    const auto span = [](const Node& n) {
        return checked(n, "walltime", parse_duration(scalar(n, "walltime"))).us / 1'000;
    };
    read_mapping(node, "",
                 {{"name", [&](const Node& n) { app.name = name_in(n, "name"); }},
                  {"title", [&](const Node& n) { app.title = text_in(n, "title"); }},
                  {"platform", [&](const Node& n) { app.platform = name_in(n, "platform"); }},
                  {"engine", [&](const Node& n) { app.engine = name_in(n, "engine"); }},
                  {"program", [&](const Node& n) { app.program = name_in(n, "program"); }},
                  {"program_folder",
                   [&](const Node& n) { app.program_folder = scalar(n, "program_folder"); }},
                  {"pool", [&](const Node& n) { app.pool = scalar(n, "pool"); }},
                  {"devices",
                   [&](const Node& n) {
                       app.devices = static_cast<std::uint32_t>(number(n, "devices", UINT32_MAX));
                   }},
                  {"walltime", [&](const Node& n) { app.walltime_ms = span(n); }},
                  {"parameters", [&](const Node& n) { read_parameters(n, app); }},
                  {"command",
                   [&](const Node& n) {
                       command.reset(n);
                       app.command = list_in(n, "command");
                   }},
                  {"result", [&](const Node& n) { read_result(n, app); }},
                  {"artefacts", [&](const Node& n) { app.artefacts = list_in(n, "artefacts"); }}},
                 "app");
    if (app.name.empty()) fail(node, "name: an app needs one");
    if (app.program.empty()) fail(node, "program: an app needs one");
    check_command(command, app);
    return app;
}

boost::json::object json_of(const AppText& text) {
    boost::json::object out{{"en", text.en}};
    if (!text.zh.empty()) out["zh"] = text.zh;
    return out;
}

boost::json::object json_of(const AppParameter& p) {
    boost::json::object out{{"name", p.name}, {"type", name_of(p.type)}, {"required", p.required}};
    if (p.fallback) out["default"] = *p.fallback;
    if (p.min) out["min"] = *p.min;
    if (p.max) out["max"] = *p.max;
    if (!p.choices.empty()) out["choices"] = boost::json::value_from(p.choices);
    if (!p.suffix.empty()) out["suffix"] = p.suffix;
    out["title"] = json_of(p.title);
    if (!p.help.en.empty()) out["help"] = json_of(p.help);
    return out;
}

}  // namespace

std::string_view name_of(AppType type) {
    return type_names[static_cast<std::size_t>(type)];
}

const AppParameter* AppTemplate::find(std::string_view parameter) const {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const AppParameter& p) { return p.name == parameter; });
    return found == parameters.end() ? nullptr : &*found;
}

std::optional<AppHole> hole_of(std::string_view argument) {
    const std::size_t at = argument.find("${");
    const std::size_t end = argument.find('}', at);
    if (at == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    if (argument.find("${", at + 1) != std::string_view::npos) return std::nullopt;
    const std::string_view name = argument.substr(at + 2, end - at - 2);
    if (!is_name(name)) return std::nullopt;
    return AppHole{at, end + 1 - at, std::string(name)};
}

Result<void> check_value(const AppParameter& p, std::string_view value) {
    const auto wrong = [&](const std::string& expected) {
        return Error{ErrorCode::invalid, fmt::format("{}: expected {}, got \"{}\"", p.name,
                                                     expected, value.substr(0, 40))};
    };
    if (value.size() > app_value_bytes_max)
        return wrong(fmt::format("at most {} bytes", app_value_bytes_max));
    if (std::any_of(value.begin(), value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return wrong("no control characters");
    const auto in_range = [&](double n) {
        return !(p.min && n < *p.min) && !(p.max && n > *p.max);
    };
    const std::string range = fmt::format("{}{}", p.min ? fmt::format(" from {}", *p.min) : "",
                                          p.max ? fmt::format(" up to {}", *p.max) : "");
    switch (p.type) {
        case AppType::integer: {
            const auto n = parsed<std::int64_t>(value);
            if (!n || !in_range(static_cast<double>(*n))) return wrong("a whole number" + range);
            break;
        }
        case AppType::number: {
            const auto n = parsed<double>(value);
            if (!n || !std::isfinite(*n) || !in_range(*n)) return wrong("a number" + range);
            break;
        }
        case AppType::choice:
            if (std::find(p.choices.begin(), p.choices.end(), value) == p.choices.end())
                return wrong(fmt::format("one of {}", fmt::join(p.choices, ", ")));
            break;
        case AppType::name:
            if (!is_name(value))
                return wrong("a name of letters, digits, dots, dashes, underlines");
            break;
        default:
            break;
    }
    return {};
}

Result<AppTemplate> parse_app(std::string_view text) {
    if (auto good = check_yaml_text(text, app_file_bytes_max, "an app"); !good)
        return std::move(good).error();
    try {
        check_documents(std::string(text), 1);
        return read_app(YAML::Load(std::string(text)));
    } catch (const YamlFault& fault) {
        return error_at(fault.mark, fault.message);
    } catch (const YAML::Exception& error) {
        return error_at(error.mark, error.msg);
    }
}

std::string to_json(const AppTemplate& app) {
    boost::json::object out{{"name", app.name},
                            {"title", json_of(app.title)},
                            {"program", app.program},
                            {"devices", app.devices}};
    if (!app.platform.empty()) out["platform"] = app.platform;
    if (!app.engine.empty()) out["engine"] = app.engine;
    if (!app.pool.empty()) out["pool"] = app.pool;
    if (app.walltime_ms > 0) out["walltime"] = fmt::format("{}s", app.walltime_ms / 1'000);
    boost::json::array parameters;
    for (const AppParameter& p : app.parameters)
        parameters.push_back(json_of(p));
    out["parameters"] = std::move(parameters);
    out["command"] = boost::json::value_from(app.command);
    boost::json::object result{{"format", app.result_format}};
    if (!app.result_file.empty()) result["file"] = app.result_file;
    if (!app.result_schema.empty()) result["schema"] = app.result_schema;
    out["result"] = std::move(result);
    out["artefacts"] = boost::json::value_from(app.artefacts);
    if (!app.program_folder.empty()) out["program_folder"] = app.program_folder;
    return boost::json::serialize(out);
}

}  // namespace suan::bin
