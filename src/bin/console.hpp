// Links that sign a browser in to the console.
#pragma once

#include <filesystem>
#include <string>

namespace suan::bin {

struct Cli;

// Good once, for some minutes, as the member of the token.
std::string sign_in_link(const std::string& hub_url, const std::filesystem::path& token_file);

void add_console_command(Cli& cli);

}  // namespace suan::bin
