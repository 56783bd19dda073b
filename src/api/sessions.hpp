// Browsers' sessions: a random id in a cookie that stands for a member's token, whose SM3 is all
// that is kept of it. A session ends by signing out, by age, or with its token (a member rotated or
// disabled): the hub then no longer knows the hash. And sign-in codes: good once, for some minutes.
//
// Sessions outlive a restart of the hub in `file` (mode 0600), which holds hashes of ids, not ids.
// Thread-safe. Opening and closing write the file: not on an I/O thread.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace suan::api {

struct SessionOptions {
    std::filesystem::path file;  // empty: sessions end with the hub
    std::function<Time()> now;   // wall time; none: the system's
    Duration lifetime = Duration::hours(7 * 24);
    Duration code_lifetime = Duration::seconds(600);
    // The oldest make room: of the token first, so that no member can sign the others out.
    std::size_t sessions_per_token_max = 100;
    std::size_t codes_per_token_max = 10;
    std::size_t sessions_max = 10'000;  // over all members
    std::size_t codes_max = 1'000;
};

class Sessions {
public:
    // What the file holds that cannot be read is left out: its members sign in again.
    explicit Sessions(SessionOptions options);

    struct Opened {
        std::string id;  // for the cookie, and nowhere else
        Time expires;
    };
    Opened open(const Hash256& token_sm3);
    std::optional<Hash256> token_of(std::string_view id) const;
    bool close(std::string_view id);  // false: there was none

    struct Code {
        std::string text;
        Time expires;
    };
    Code make_code(const Hash256& token_sm3);
    // The token's hash, once.
    std::optional<Hash256> redeem(std::string_view code);

    Duration lifetime() const { return options_.lifetime; }

private:
    struct Kept {
        Hash256 token_sm3{};
        Time expires;
    };
    using Table = std::map<Hash256, Kept>;  // under the SM3 of an id or code
    struct Room {
        std::size_t of_token = 0;
        std::size_t of_all = 0;
    };
    static std::string add(Table& table, const Room& room, const Kept& kept, Time now);
    void load();
    void store() const;

    SessionOptions options_;
    mutable std::mutex mutex_;
    Table sessions_;
    Table codes_;
};

}  // namespace suan::api
