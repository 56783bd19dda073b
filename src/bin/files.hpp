// Small files that a command writes: secrets with mode 0600, and files that appear whole or not.
#pragma once

#include <filesystem>
#include <string_view>

namespace suan::bin {

// Throws Failed(io).
void write_secret_file(const std::filesystem::path& file, std::string_view text);
void write_whole_file(const std::filesystem::path& file, std::string_view text);

}  // namespace suan::bin
