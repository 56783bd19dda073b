#include "bin/slurm/options.hpp"

#include "api/json/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin::slurm {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

class Parser {
public:
    Parser(const std::vector<std::string>& arguments, const std::vector<OptionRule>& rules)
        : arguments_(arguments), rules_(rules) {}

    Result<ParsedOptions> parse(Words words) {
        while (next_ < arguments_.size()) {
            const std::string& word = arguments_[next_++];
            Result<void> done;
            if (word == "--") {
                take_words();
                break;
            }
            if (word.starts_with("--")) {
                done = take_long(word.substr(2));
            } else if (word.size() > 1 && word[0] == '-') {
                done = take_letters(word);
            } else {
                out_.words.push_back(word);
                if (words == Words::stop_options) {
                    take_words();
                    break;
                }
            }
            if (!done) return std::move(done).error();
        }
        return std::move(out_);
    }

private:
    void take_words() {
        while (next_ < arguments_.size())
            out_.words.push_back(arguments_[next_++]);
    }

    Result<const OptionRule*> find_long(std::string_view name) const {
        std::vector<const OptionRule*> begins;
        for (const OptionRule& rule : rules_) {
            if (rule.name == name) return &rule;
            if (rule.name.starts_with(name) && !name.empty()) begins.push_back(&rule);
        }
        if (begins.size() == 1) return begins[0];
        if (begins.size() > 1)
            return bad(fmt::format("option --{} is ambiguous: --{} or --{}", name, begins[0]->name,
                                   begins[1]->name));
        std::vector<std::string> names;
        for (const OptionRule& rule : rules_)
            names.emplace_back(rule.name);
        const auto near = api::json::nearest_name(name, names);
        return bad(fmt::format("unknown option --{}{}", name.substr(0, 60),
                               near ? fmt::format("; did you mean --{}?", *near) : ""));
    }

    Result<void> take_long(const std::string& text) {
        const std::size_t equals = text.find('=');
        auto rule = find_long(std::string_view(text).substr(0, equals));
        if (!rule) return std::move(rule).error();
        const OptionRule& r = **rule;
        if (equals != std::string::npos) {
            if (r.takes == Takes::nothing)
                return bad(fmt::format("option --{} takes no value", r.name));
            return add(r, text.substr(equals + 1));
        }
        if (r.takes != Takes::value) return add(r, "");
        return take_value(r, fmt::format("--{}", r.name));
    }

    Result<void> take_letters(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const OptionRule& r) {
                return r.letter != 0 && r.letter == word[i];
            });
            if (rule == rules_.end()) return bad(fmt::format("unknown option -{}", word[i]));
            if (rule->takes != Takes::value) {
                if (auto added = add(*rule, ""); !added) return added;
                continue;
            }
            if (i + 1 == word.size()) return take_value(*rule, fmt::format("-{}", word[i]));
            const std::size_t from = word[i + 1] == '=' ? i + 2 : i + 1;
            return add(*rule, word.substr(from));
        }
        return {};
    }

    Result<void> take_value(const OptionRule& rule, const std::string& shown) {
        if (next_ == arguments_.size()) return bad(fmt::format("option {} needs a value", shown));
        return add(rule, arguments_[next_++]);
    }

    Result<void> add(const OptionRule& rule, std::string value) {
        if (rule.use == Use::refused)
            return bad(fmt::format("option --{} is not supported: {}", rule.name, rule.note));
        if (rule.use == Use::understood) {
            out_.options.push_back({std::string(rule.name), std::move(value)});
            return {};
        }
        std::string note = fmt::format("--{} is ignored: {}", rule.name, rule.note);
        if (std::find(out_.notes.begin(), out_.notes.end(), note) == out_.notes.end())
            out_.notes.push_back(std::move(note));
        return {};
    }

    const std::vector<std::string>& arguments_;
    const std::vector<OptionRule>& rules_;
    std::size_t next_ = 0;
    ParsedOptions out_;
};

}  // namespace

bool ParsedOptions::has(std::string_view name) const {
    return std::any_of(options.begin(), options.end(),
                       [&](const Option& option) { return option.name == name; });
}

std::string ParsedOptions::last(std::string_view name) const {
    std::string value;
    for (const Option& option : options)
        if (option.name == name) value = option.value;
    return value;
}

Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments,
                                    const std::vector<OptionRule>& rules, Words words) {
    return Parser(arguments, rules).parse(words);
}

}  // namespace suan::bin::slurm
