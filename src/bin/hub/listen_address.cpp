#include "bin/hub/listen_address.hpp"

#include "bin/units.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

namespace suan::bin {

Result<ListenAddress> parse_listen_address(std::string_view text) {
    const Error error{ErrorCode::invalid,
                      fmt::format("\"{}\" is not ADDRESS:PORT; write 127.0.0.1:7700 or [::1]:7700",
                                  text.substr(0, 80))};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return error;
    const auto port = parse_number(text.substr(colon + 1));
    std::string address(text.substr(0, colon));
    const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
    if (bracketed) address = address.substr(1, address.size() - 2);
    unsigned char bytes[sizeof(in6_addr)];
    const int family = bracketed ? AF_INET6 : AF_INET;
    if (!port || *port > UINT16_MAX || inet_pton(family, address.c_str(), bytes) != 1) return error;
    return ListenAddress{address, static_cast<std::uint16_t>(*port)};
}

}  // namespace suan::bin
