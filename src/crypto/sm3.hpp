// SM3 (GB/T 32905, GM/T 0004): the 32-byte hash used for entries, blocks, payloads and tokens.
// One message is hashed in plain code. Many messages are hashed side by side, sixteen at a time
// with AVX-512, eight with AVX2, which is what callers with more than a few should use: there a
// message of 128 bytes costs less than a tenth of what it costs alone. The time taken depends on
// the lengths of the messages only.
#pragma once

#include "base/bytes.hpp"
#include "crypto/cpu.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace suan::crypto {

// A message given in parts. One object belongs to one thread at a time.
class Sm3 {
public:
    Sm3();

    Sm3& update(std::string_view part);
    Sm3& update(std::span<const std::uint8_t> part) { return update(as_text(part)); }

    // The hash of the parts so far; the object is then ready for the next message.
    Hash256 finish();

private:
    std::array<std::uint32_t, 8> state_;
    std::array<std::uint8_t, 64> block_{};  // the bytes that do not fill a block yet
    std::uint64_t size_bytes_ = 0;
};

// The hash of one message. Any thread.
Hash256 sm3(std::string_view message);

// A message of two parts: at most 64 bytes of head, then the body. A tree's prefix or a signer's ZA
// need not be copied together with what they stand before. The bytes are borrowed for the call.
struct Sm3Message {
    std::string_view head;
    std::string_view body;
};

// out[i] = sm3(messages[i]), for messages of any lengths. The spans have the same length
// (asserted). `isa` is at most best_isa() (asserted); all levels give the same hashes.
void sm3_many(std::span<const Sm3Message> messages, std::span<Hash256> out, Isa isa = best_isa());
void sm3_many(std::span<const std::string_view> messages, std::span<Hash256> out,
              Isa isa = best_isa());

// True when the texts are equal; the time taken depends on their lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace suan::crypto
