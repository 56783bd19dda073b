#include "bin/slurm/script.hpp"

#include "base/bytes.hpp"

#include <fmt/format.h>

namespace suan::bin::slurm {
namespace {

constexpr std::string_view magic = "#SBATCH";

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

Error bad(std::size_t line, std::string_view message) {
    return Error{ErrorCode::invalid, fmt::format("line {}: {}", line, message)};
}

// Appends the words of what follows #SBATCH.
Result<void> split_words(std::string_view text, std::size_t line, std::vector<std::string>& out) {
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
            in_word = true;
        } else if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (is_blank(c)) {
            if (in_word) out.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else if (c == '#' && !in_word) {
            return {};
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != 0) return bad(line, fmt::format("unmatched {} in the #SBATCH line", quote));
    if (in_word) out.push_back(std::move(word));
    return {};
}

bool is_command(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\v\f");
    return first != std::string_view::npos && line[first] != '#';
}

Result<void> check_script(std::string_view script) {
    if (script.size() > script_bytes_max)
        return Error{ErrorCode::exhausted,
                     fmt::format("a batch script has at most {} bytes", script_bytes_max)};
    if (!script.starts_with("#!"))
        return bad(1,
                   "this does not look like a batch script: the first line must start with #! "
                   "followed by the path of an interpreter");
    if (const std::size_t good = utf8_prefix(script); good != script.size())
        return Error{ErrorCode::invalid, fmt::format("byte {}: not UTF-8", good)};
    if (const std::size_t nul = script.find('\0'); nul != std::string_view::npos)
        return Error{ErrorCode::invalid, fmt::format("byte {}: a NUL byte", nul)};
    if (script.find("\r\n") != std::string_view::npos)
        return Error{ErrorCode::invalid,
                     "the script has DOS line ends (\\r\\n); turn them into Unix ones (\\n)"};
    return {};
}

}  // namespace

Result<std::vector<std::string>> script_options(std::string_view script) {
    if (auto checked = check_script(script); !checked) return std::move(checked).error();
    std::vector<std::string> words;
    for (std::size_t number = 1; !script.empty(); ++number) {
        const std::size_t end = script.find('\n');
        const std::string_view line = script.substr(0, end);
        script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
        if (is_command(line)) break;
        if (!line.starts_with(magic)) continue;
        const std::string_view rest = line.substr(magic.size());
        if (!rest.empty() && !is_blank(rest[0])) continue;
        if (auto split = split_words(rest, number, words); !split) return std::move(split).error();
    }
    return words;
}

}  // namespace suan::bin::slurm
