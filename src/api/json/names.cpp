#include "api/json/names.hpp"

#include <algorithm>

namespace suan::api::json {
namespace {

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char lower(char c) {
    return is_upper(c) ? static_cast<char>(c + 32) : c;
}

// The part of the value's name after the enum's own name in UPPER_SNAKE, or all of it.
std::string_view without_prefix(std::string_view type, std::string_view value) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < type.size(); ++i) {
        const bool new_word = i > 0 && is_upper(type[i]) && !is_upper(type[i - 1]);
        if (new_word && (at >= value.size() || value[at++] != '_')) return value;
        if (at >= value.size() || value[at++] != upper(type[i])) return value;
    }
    if (at + 1 >= value.size() || value[at] != '_') return value;
    return value.substr(at + 1);
}

std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string enum_value_name(const google::protobuf::EnumValueDescriptor& value) {
    std::string name(without_prefix(value.type()->name(), value.name()));
    for (char& c : name)
        c = lower(c);
    return name;
}

const google::protobuf::EnumValueDescriptor* find_enum_value(
    const google::protobuf::EnumDescriptor& type, std::string_view name) {
    for (int i = 0; i < type.value_count(); ++i) {
        const std::string_view short_name = without_prefix(type.name(), type.value(i)->name());
        const auto same = [](char a, char b) { return lower(a) == b; };
        if (std::equal(short_name.begin(), short_name.end(), name.begin(), name.end(), same)) {
            return type.value(i);
        }
    }
    return nullptr;
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
    constexpr std::size_t name_bytes_compared_max = 64;
    if (name.empty() || name.size() > name_bytes_compared_max) return std::nullopt;
    const std::string* best = nullptr;
    std::size_t best_edits = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t n = edits(name, candidate);
        // A slip keeps some of the name: "a" is not a slip of "tz".
        if (n < best_edits && n < std::max(name.size(), candidate.size())) {
            best = &candidate;
            best_edits = n;
        }
    }
    if (best == nullptr) return std::nullopt;
    return *best;
}

}  // namespace suan::api::json
