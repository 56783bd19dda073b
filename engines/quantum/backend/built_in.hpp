// The files of backends/, built into the program (CMakeLists.txt writes built_in.cpp).
#pragma once

#include <span>
#include <string_view>

namespace suan::quantum {

struct BuiltInBackend {
    std::string_view name;
    std::string_view text;
};

std::span<const BuiltInBackend> built_in_backends();

}  // namespace suan::quantum
