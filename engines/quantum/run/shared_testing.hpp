// The public circuits that tests run on, where they are installed: $SUAN_SHARED/circuits, else
// "shared/circuits" beside the source tree.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace suan::quantum {

inline std::filesystem::path shared_circuits() {
    if (const char* shared = std::getenv("SUAN_SHARED"))
        return std::filesystem::path(shared) / "circuits";
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    return std::filesystem::path(source == nullptr ? "." : source).parent_path() / "shared" /
           "circuits";
}

// Files with this ending below a folder, in order.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                                      const std::string& ending) {
    std::vector<std::filesystem::path> found;
    if (!std::filesystem::is_directory(folder)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

inline std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace suan::quantum

#define SUAN_NEEDS_CIRCUITS()                                                      \
    if (!std::filesystem::is_directory(suan::quantum::shared_circuits())) {        \
        GTEST_SKIP() << suan::quantum::shared_circuits()                           \
                     << " is absent; set SUAN_SHARED to the folder that holds it"; \
    }
