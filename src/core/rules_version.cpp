#include "core/rules_version.hpp"

#include "core/state.hpp"

#include <fmt/format.h>

namespace suan::core {

Result<void> check_rules_version(std::uint64_t seq, const Entry& entry, std::string_view instead) {
    if (entry.rules_version() == rules_version) return {};
    return Error{ErrorCode::invalid,
                 fmt::format("entry {} was decided under rules version {}, and this program knows "
                             "rules version {} alone: {}",
                             seq, entry.rules_version(), rules_version, instead)};
}

}  // namespace suan::core
