// SM3 (GB/T 32905, GM/T 0004): the 32-byte hash used for entries, blocks, payloads and tokens.
// OpenSSL computes it. A context is kept between messages because creating one costs more than
// hashing a small message.
#pragma once

#include "base/bytes.hpp"

#include <memory>
#include <span>
#include <string_view>

struct evp_md_ctx_st;

namespace suan::crypto {

// A message given in parts. One object belongs to one thread at a time.
class Sm3 {
public:
    Sm3();
    ~Sm3();
    Sm3(Sm3&&) noexcept;
    Sm3& operator=(Sm3&&) noexcept;

    Sm3& update(std::string_view part);
    Sm3& update(std::span<const std::uint8_t> part) { return update(as_text(part)); }

    // The hash of the parts so far; the object is then ready for the next message.
    Hash256 finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// The hash of one message. Any thread; each thread keeps a context of its own.
Hash256 sm3(std::string_view message);

// out[i] = sm3(messages[i]). The spans have the same length (asserted). Callers with many messages
// use this one, so that an implementation which hashes several at a time can take its place.
void sm3_many(std::span<const std::string_view> messages, std::span<Hash256> out);

// True when the texts are equal; the time taken depends on their lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace suan::crypto
