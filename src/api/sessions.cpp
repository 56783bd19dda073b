#include "api/sessions.hpp"

#include "crypto/random.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

namespace suan::api {
namespace {

constexpr std::size_t id_bytes = 32;

Time wall_now() {
    using namespace std::chrono;
    return Time{duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace

Sessions::Sessions(SessionOptions options) : options_(std::move(options)) {
    if (!options_.now) options_.now = wall_now;
    load();
}

// The text that was made; the table keeps its hash. What is over makes room, then the token's own
// oldest, then the oldest of all.
std::string Sessions::add(Table& table, const Room& room, const Kept& kept, Time now) {
    std::erase_if(table, [&](const auto& one) { return one.second.expires.us <= now.us; });
    const auto make_room = [&](std::size_t most, const auto& counts) {
        while (true) {
            std::size_t count = 0;
            auto oldest = table.end();
            for (auto one = table.begin(); one != table.end(); ++one) {
                if (!counts(one->second)) continue;
                ++count;
                const bool is_older =
                    oldest == table.end() || one->second.expires.us < oldest->second.expires.us;
                if (is_older) oldest = one;
            }
            if (count < most) return;
            table.erase(oldest);
        }
    };
    make_room(room.of_token, [&](const Kept& one) { return one.token_sm3 == kept.token_sm3; });
    make_room(room.of_all, [](const Kept&) { return true; });
    std::string text = to_hex(as_bytes(crypto::random_bytes(id_bytes)));
    table[crypto::sm3(text)] = kept;
    return text;
}

Sessions::Opened Sessions::open(const Hash256& token_sm3) {
    const std::lock_guard lock(mutex_);
    const Time now = options_.now();
    const Time expires{now.us + options_.lifetime.us};
    const Room room{options_.sessions_per_token_max, options_.sessions_max};
    Opened opened{add(sessions_, room, {token_sm3, expires}, now), expires};
    store();
    return opened;
}

std::optional<Hash256> Sessions::token_of(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(crypto::sm3(id));
    if (found == sessions_.end() || found->second.expires.us <= options_.now().us)
        return std::nullopt;
    return found->second.token_sm3;
}

bool Sessions::close(std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (sessions_.erase(crypto::sm3(id)) == 0) return false;
    store();
    return true;
}

Sessions::Code Sessions::make_code(const Hash256& token_sm3) {
    const std::lock_guard lock(mutex_);
    const Time now = options_.now();
    const Time expires{now.us + options_.code_lifetime.us};
    const Room room{options_.codes_per_token_max, options_.codes_max};
    return {add(codes_, room, {token_sm3, expires}, now), expires};
}

std::optional<Hash256> Sessions::redeem(std::string_view code) {
    const std::lock_guard lock(mutex_);
    const auto found = codes_.find(crypto::sm3(code));
    if (found == codes_.end()) return std::nullopt;
    const Kept kept = found->second;
    codes_.erase(found);
    if (kept.expires.us <= options_.now().us) return std::nullopt;
    return kept.token_sm3;
}

// One session a line: SM3 of the id, SM3 of the token, end in microseconds.
void Sessions::load() {
    if (options_.file.empty()) return;
    std::ifstream in(options_.file);
    std::string line;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string id, token;
        std::int64_t expires_us = 0;
        if (!(words >> id >> token >> expires_us)) continue;
        const auto id_sm3 = hash_from_hex(id);
        const auto token_sm3 = hash_from_hex(token);
        if (id_sm3 && token_sm3) sessions_[*id_sm3] = {*token_sm3, Time{expires_us}};
    }
}

// Whole or not at all. A disk that refuses costs a sign-in after the next restart, nothing else.
void Sessions::store() const {
    if (options_.file.empty()) return;
    std::string text;
    for (const auto& [id, kept] : sessions_)
        text += fmt::format("{} {} {}\n", to_hex(id), to_hex(kept.token_sm3), kept.expires.us);
    const std::string fresh = options_.file.string() + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    std::error_code error;
    if (whole)
        std::filesystem::rename(fresh, options_.file, error);
    else
        std::filesystem::remove(fresh, error);
}

}  // namespace suan::api
