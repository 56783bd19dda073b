// A map of a YAML file read field by field, with errors that name file, line, column, field, what
// was found and what would be right. The first error sticks and later reads return defaults, so a
// reader takes all its fields and asks once. An unknown or doubled field is an error: a misspelt
// limit that is silently ignored costs money.
#pragma once

#include "base/result.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace suan::sim {

// Where something stands in its file; counts from 1.
struct FileMark {
    int line = 1;
    int column = 1;
};
FileMark mark_of(const YAML::Node& node);

class YamlErrors {
public:
    explicit YamlErrors(std::string file) : file_(std::move(file)) {}

    void fail(FileMark mark, std::string_view field, std::string_view message);
    bool ok() const { return !error_; }
    Error take() { return std::move(*error_); }
    const std::string& file() const { return file_; }

private:
    std::string file_;
    std::optional<Error> error_;
};

struct IntegerRange {
    std::int64_t min = 0;
    std::int64_t max = INT64_MAX;
};

class YamlMap {
public:
    // `path` is the field as an error shows it ("pools[0].rules"); `fields` all that may occur.
    YamlMap(YamlErrors& errors, const YAML::Node& node, std::string path,
            std::span<const std::string_view> fields);

    bool has(std::string_view field) const;
    FileMark mark(std::string_view field) const;  // of the map where the field is absent
    const std::string& path() const { return path_; }
    std::string path(std::string_view field) const;

    // Absent: the default of the type, or an error when asked for by require_.
    std::string text(std::string_view field) const;
    std::string require_text(std::string_view field) const;
    std::int64_t integer(std::string_view field, IntegerRange range, std::int64_t otherwise) const;
    std::int64_t span_ms(std::string_view field, std::int64_t otherwise) const;
    // Yuan as micro-yuan, devices as milli-devices; not negative.
    std::int64_t micro_yuan(std::string_view field, std::int64_t otherwise) const;
    std::int64_t milli_devices(std::string_view field, std::int64_t otherwise) const;
    std::int64_t utc_us(std::string_view field) const;
    bool flag(std::string_view field) const;
    // Which of `names` the field holds; 0 when absent.
    std::size_t choice(std::string_view field, std::span<const std::string_view> names) const;
    std::vector<std::string> texts(std::string_view field) const;

    struct Item {
        YAML::Node node;
        std::string path;
    };
    std::vector<Item> items(std::string_view field) const;
    std::optional<Item> item(std::string_view field) const;

    void fail(std::string_view field, std::string_view message) const;
    YamlErrors& errors() const { return *errors_; }

private:
    YAML::Node at(std::string_view field) const;
    std::optional<std::string> scalar(std::string_view field) const;
    std::int64_t decimal(std::string_view field, unsigned digits, std::int64_t otherwise,
                         std::string_view expected) const;
    void refuse(std::string_view field, std::string_view found, std::string_view expected) const;

    YamlErrors* errors_;
    YAML::Node node_;
    std::string path_;
};

}  // namespace suan::sim
