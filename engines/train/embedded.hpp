// The YAML files of models/, clusters/ and calibration/, built into the program (CMakeLists.txt
// writes embedded.cpp), so that it needs no folder beside it.
#pragma once

#include <span>
#include <string_view>

namespace suan::train {

struct EmbeddedFile {
    std::string_view folder;
    std::string_view name;  // without .yaml
    std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace suan::train
