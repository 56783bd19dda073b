// Apps: job templates with typed parameters (docs/formats/app.md). Read from YAML, and again from
// the JSON in which a hub serves them, which is YAML too.
//
// A value can never become an option, a shell word or a path: a parameter of free text must follow
// literal text in its argument ("--observable=${observable}"), files reach the job under names
// made here, and no shell reads the arguments.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace suan::bin {

inline constexpr std::size_t app_file_bytes_max = 256 << 10;
inline constexpr std::size_t apps_max = 256;                 // of one hub
inline constexpr std::size_t app_value_bytes_max = 4 << 10;  // of one parameter
inline constexpr std::size_t app_parameters_max = 64;

// name: letters, digits, dot, dash and underline, not at the front a dot or dash. file: one file of
// the caller's machine; files: one or more, or folders of them.
enum class AppType : std::uint8_t { name, text, integer, number, choice, file, files };
std::string_view name_of(AppType type);

struct AppText {
    std::string en;
    std::string zh;
};

struct AppParameter {
    std::string name;
    AppType type = AppType::text;
    bool required = false;
    std::optional<std::string> fallback;  // `default`
    std::optional<double> min;
    std::optional<double> max;
    std::vector<std::string> choices;
    std::string suffix;  // files: what the names in a folder end in
    AppText title;
    AppText help;
};

struct AppTemplate {
    std::string name;
    AppText title;
    std::string platform;
    std::string engine;
    std::string program;
    std::string pool;
    std::uint32_t devices = 0;  // 0: it needs no accelerator
    std::int64_t walltime_ms = 0;
    std::vector<AppParameter> parameters;
    std::vector<std::string> command;
    std::string result_format;
    std::string result_file;
    std::string result_schema;
    std::vector<std::string> artefacts;
    // Of the hub that serves it: the folder of its programs, beside the usual ones. Not in files.
    std::string program_folder;

    const AppParameter* find(std::string_view parameter) const;
};

// invalid: "line 3, column 5: ...".
Result<AppTemplate> parse_app(std::string_view text);
std::string to_json(const AppTemplate& app);

// The parameter that an argument of a command names, and where: "--shots=${shots}" is 8, 8 and
// "shots". None: the argument is literal.
struct AppHole {
    std::size_t at = 0;
    std::size_t size = 0;
    std::string parameter;
};
std::optional<AppHole> hole_of(std::string_view argument);

// Whether the value fits the parameter. invalid: what would be right.
Result<void> check_value(const AppParameter& parameter, std::string_view value);

}  // namespace suan::bin
