// Reading YAML maps field by field: each field known, of the right type, named in the error.
// yaml-cpp throws; only yaml.cpp catches.
#pragma once

#include "base/result.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace suan::train {

Result<YAML::Node> parse_yaml(std::string_view text, const std::string& where);

// A map whose fields are read once each. The first error is kept; `finish` returns it, or names a
// field that nobody asked for.
class Fields {
public:
    Fields(YAML::Node map, std::string where);

    bool has(const std::string& field);
    void read(const std::string& field, std::int64_t& value);
    void read(const std::string& field, double& value);
    void read(const std::string& field, std::string& value);
    std::string text(const std::string& field, const std::string& otherwise);
    YAML::Node node(const std::string& field);
    void require(const std::string& field);
    void fail(const std::string& field, const std::string& problem);
    Result<void> finish();

private:
    YAML::Node take(const std::string& field);

    YAML::Node map_;
    std::string where_;
    std::set<std::string> known_;
    std::optional<Error> error_;
};

// The text of a file, or of a built-in of that folder ("models", "clusters", "calibration").
Result<std::string> read_data(const std::string& folder, const std::string& name_or_path);
std::vector<std::string> data_names(const std::string& folder);

}  // namespace suan::train
