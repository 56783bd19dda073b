// "127.0.0.1:7700", "[::1]:0".
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::bin {

struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};

// An IP address and a port from 0 (any free one) to 65535.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace suan::bin
