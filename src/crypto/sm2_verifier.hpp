// Verifies SM2 signatures of many signers in batches, each with an exact verdict.
//
// A plain signature (r, s) is checked as the standard says: t = r + s mod n, R = sG + tP, and
// (e + x(R)) mod n = r, with cached tables of the signers' keys and all items in lockstep.
//
// A signature that comes with its point R, or a hint from which R is found, is checked far faster:
// R is compared with r, and one sum over the whole batch, z_i (R_i - s_i G - t_i P_i) = 0 with
// 128-bit z_i, tells whether all equations hold. The z_i are drawn from the system's generator when
// everything else is fixed. A batch with a bad signature passes with probability 2^-128 at most
// (the curve's order is prime, so there are no small components for an error to hide in). A batch
// that fails is halved until few are left, and these are checked plainly. A point or hint that does
// not fit its signature sends the item to the plain check: it costs time and never changes a
// verdict.
//
// The verdict is that of the plain check always: valid when r and s are in [1, n-1], t is not zero
// and the equation holds. Everything here is public, and takes more or less time with it.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/cpu.hpp"
#include "crypto/sm2.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace suan::crypto {

// R as x then y, 32 bytes each, big-endian.
using Sm2Point = std::array<std::uint8_t, 64>;

// How R is found from r: bit 0 is the parity of y(R). Bit 1 says that x(R) is (r - e mod n) + n,
// which happens to one signature in 2^32. See docs/formats/sm2-batch.md.
using Sm2Hint = std::uint8_t;

enum class Verdict : std::uint8_t { invalid, valid };

struct Sm2Signed {
    std::uint32_t signer = 0;  // as Sm2Verifier::add gave it
    std::string_view message;  // borrowed for the call
    Signature signature{};
};

// One object belongs to one thread at a time.
class Sm2Verifier {
public:
    struct Options {
        Isa isa = best_isa();
        // Memory for the tables of signers' keys, 256 KiB each (52 KiB where so many do not fit);
        // a signer whose table does not fit is verified some twenty times slower.
        std::size_t table_bytes_max = std::size_t(512) << 20;
    };

    Sm2Verifier();
    explicit Sm2Verifier(const Options& options);
    ~Sm2Verifier();
    Sm2Verifier(Sm2Verifier&&) noexcept;
    Sm2Verifier& operator=(Sm2Verifier&&) noexcept;

    // The number of a signer: 0, 1, ... The table is made when it is first needed.
    std::uint32_t add(const PublicKey& key);
    std::uint32_t add(const PublicKey& key, std::string_view user_id);
    std::size_t signers() const;

    // verdicts[i] is of items[i]; the spans have the same length and every signer was added (both
    // asserted).
    void verify(std::span<const Sm2Signed> items, std::span<Verdict> verdicts);
    void verify(std::span<const Sm2Signed> items, std::span<const Sm2Point> points,
                std::span<Verdict> verdicts);
    void verify_hinted(std::span<const Sm2Signed> items, std::span<const Sm2Hint> hints,
                       std::span<Verdict> verdicts);

    // What the last call did, for tests and benches.
    struct Work {
        std::size_t summed = 0;  // items in batch sums, counted again for each sum
        std::size_t plain = 0;   // items checked plainly
    };
    const Work& last_work() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace suan::crypto
