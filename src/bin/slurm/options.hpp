// Command lines in the manner of getopt_long, from a table: `-n4`, `-n 4`, `--ntasks=4`,
// `--ntasks 4`, `-Hv`, unambiguous beginnings of long names, `--`. Reading stops at the first word
// that is no option where the command says so (sbatch, srun: the script's own arguments follow).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

enum class Takes { nothing, value, optional_value };  // optional: only as --name=value
enum class Use {
    understood,
    ignored,  // accepted with a note: it does not change the result here
    refused,  // its meaning would be lost: the note says what to do instead
};

struct OptionRule {
    std::string_view name;  // long name; the key of the results
    char letter = 0;        // 0: none
    Takes takes = Takes::value;
    Use use = Use::understood;
    std::string_view note = {};  // of an ignored or refused option
};

struct Option {
    std::string name;
    std::string value;
    friend bool operator==(const Option&, const Option&) = default;
};

struct ParsedOptions {
    std::vector<Option> options;  // in their order; ignored ones are not among them
    std::vector<std::string> words;
    std::vector<std::string> notes;  // of ignored options, each once

    bool has(std::string_view name) const;
    // The last value given, or "".
    std::string last(std::string_view name) const;
};

enum class Words { stop_options, between_options };

// `invalid` names the option. Also for #SBATCH lines, whose words come already split.
Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments,
                                    const std::vector<OptionRule>& rules, Words words);

}  // namespace suan::bin::slurm
