#include "base/bytes.hpp"
#include "crypto/testing.hpp"

#include <gtest/gtest.h>

#include <botan/auto_rng.h>
#include <botan/ec_group.h>
#include <botan/hash.h>
#include <botan/pubkey.h>
#include <botan/sm2.h>

#include <algorithm>
#include <functional>

namespace suan::crypto {
namespace {

using testing::levels;
using testing::make_signatures;
using testing::SeededRandom;
using testing::Signatures;

constexpr std::string_view order =
    "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

// Gives the same bytes for ever.
class Fixed : public RandomSource {
public:
    explicit Fixed(std::string bytes) : bytes_(std::move(bytes)) {}
    void fill(std::span<std::uint8_t> out) override {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = std::uint8_t(bytes_[i % bytes_.size()]);
    }

private:
    std::string bytes_;
};

std::string hex_of(const Signature& signature) {
    return to_hex(signature);
}

TEST(Sm2Signer, gives_the_published_signature_for_the_published_nonce) {
    // GB/T 32918.5-2017, annex A.2.
    const PrivateKey key =
        testing::private_key("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
    Fixed nonce(
        *from_hex("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"
                  "0000000000000000"));
    const std::string_view message = "message digest";
    for (const Isa isa : levels()) {
        Signature out{};
        Sm2Signer(key, {isa}, nonce).sign({&message, 1}, {&out, 1});
        EXPECT_EQ(hex_of(out),
                  "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                  "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
            << to_string(isa);
    }
}

TEST(Sm2Signer, all_levels_make_the_same_signatures_points_and_hints) {
    const PrivateKey key = PrivateKey::generate().value();
    const std::vector<std::string_view> messages(2'100, "m");  // more than one block
    std::vector<Signature> first(messages.size());
    std::vector<Sm2Point> first_points(messages.size());
    for (const Isa isa : levels()) {
        SeededRandom random(1);
        std::vector<Signature> out(messages.size());
        std::vector<Sm2Point> points(messages.size());
        Sm2Signer(key, {isa}, random).sign(messages, out, points);
        SeededRandom again(1);
        std::vector<Signature> hinted(messages.size());
        std::vector<Sm2Hint> hints(messages.size());
        Sm2Signer(key, {isa}, again).sign_hinted(messages, hinted, hints);
        EXPECT_EQ(out, hinted);
        for (std::size_t i = 0; i < out.size(); ++i)
            ASSERT_EQ(hints[i], points[i][63] & 1);
        if (isa == Isa::portable) first = out;
        if (isa == Isa::portable) first_points = points;
        EXPECT_EQ(out, first) << to_string(isa);
        EXPECT_EQ(points, first_points) << to_string(isa);
        EXPECT_TRUE(key.public_key().verify("m", out[0]));
        EXPECT_TRUE(key.public_key().verify("m", out.back()));
    }
}

TEST(Sm2Signer, works_with_keys_and_nonces_at_the_edges) {
    for (const char* number :
         {"01", "02", "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54121"}) {
        const PrivateKey key = testing::private_key(number);
        for (const char* nonce :
             {"0000000000000000000000000000000000000000000000000000000000000001",
              "0000000000000000000000000000000000000000000000000000000000000002",
              "0000000000000000000000000000000000000000000000000000000000000080",
              "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122",
              "8000000000000000000000000000000000000000000000000000000000000000"}) {
            Fixed source(*from_hex(std::string(nonce) + "0000000000000000"));
            for (const Isa isa : levels()) {
                const std::string_view message = "edge";
                Signature out{};
                Sm2Signer(key, {isa}, source).sign({&message, 1}, {&out, 1});
                EXPECT_TRUE(key.public_key().verify(message, out)) << number << " " << nonce;
            }
        }
    }
}

// Each of the three ways to verify, as one function.
using Way = std::function<std::vector<Verdict>(Sm2Verifier&, const Signatures&)>;

const std::vector<std::pair<const char*, Way>>& ways() {
    static const std::vector<std::pair<const char*, Way>> all = {
        {"plain",
         [](Sm2Verifier& v, const Signatures& s) {
             std::vector<Verdict> out(s.items.size());
             v.verify(s.items, out);
             return out;
         }},
        {"points",
         [](Sm2Verifier& v, const Signatures& s) {
             std::vector<Verdict> out(s.items.size());
             v.verify(s.items, s.points, out);
             return out;
         }},
        {"hints", [](Sm2Verifier& v, const Signatures& s) {
             std::vector<Verdict> out(s.items.size());
             v.verify_hinted(s.items, s.hints, out);
             return out;
         }}};
    return all;
}

std::vector<Verdict> by_openssl(const Signatures& s) {
    std::vector<Verdict> out;
    for (const Sm2Signed& item : s.items) {
        const bool good = s.keys[item.signer].public_key().verify(item.message, item.signature);
        out.push_back(good ? Verdict::valid : Verdict::invalid);
    }
    return out;
}

void expect_everywhere(const Signatures& s, const std::vector<Verdict>& right, const char* what) {
    for (const Isa isa : levels()) {
        Sm2Verifier verifier({isa, std::size_t(64) << 20});
        s.add_signers(verifier);
        for (const auto& [name, way] : ways())
            EXPECT_EQ(way(verifier, s), right) << what << ": " << to_string(isa) << " " << name;
    }
}

TEST(Sm2Verifier, takes_what_is_good_in_batches_of_any_size) {
    for (const std::size_t count : {0, 1, 2, 7, 8, 9, 23, 24, 25, 26, 63, 100}) {
        const Signatures s = make_signatures(count, 3, count, best_isa());
        expect_everywhere(s, std::vector<Verdict>(count, Verdict::valid), "good");
    }
}

TEST(Sm2Verifier, judges_changed_signatures_as_openssl_does) {
    Signatures s = make_signatures(150, 5, 7, best_isa());
    SeededRandom random(3);
    for (std::size_t i = 0; i < s.items.size(); i += 2) {
        Sm2Signed& item = s.items[i];
        switch (i / 2 % 6) {
            case 0:
                item.signature[random.next() % 64] ^= std::uint8_t(1U << random.next() % 8);
                break;
            case 1:
                item.message = "another";
                break;
            case 2:
                item.signer = (item.signer + 1) % 5;
                break;
            case 3:
                std::swap(item.signature, s.items[i + 1].signature);
                break;
            case 4:
                s.points[i] = s.points[i + 1];
                s.hints[i] ^= 1;
                break;
            default:
                break;
        }
    }
    expect_everywhere(s, by_openssl(s), "changed");
}

TEST(Sm2Verifier, numbers_out_of_range_are_refused) {
    Signatures s = make_signatures(64, 2, 9, best_isa());
    const std::string n(order);
    const std::string numbers[] = {std::string(64, '0'),  std::string(63, '0') + "1",
                                   n.substr(0, 63) + "2", n,
                                   n.substr(0, 63) + "4", std::string(64, 'f')};
    std::size_t at = 0;
    for (const std::string& r : numbers) {
        for (const std::string& value : numbers) {
            const std::string bytes = *from_hex(r + value);
            std::copy(bytes.begin(), bytes.end(), s.items[at++].signature.begin());
        }
    }
    const std::vector<Verdict> right = by_openssl(s);
    EXPECT_EQ(std::count(right.begin(), right.end(), Verdict::valid), 64 - 36);
    expect_everywhere(s, right, "range");
}

TEST(Sm2Verifier, a_wrong_point_or_hint_never_changes_a_verdict) {
    Signatures s = make_signatures(120, 3, 11, best_isa());
    for (std::size_t i = 0; i < 40; ++i) {
        switch (i % 8) {
            case 0:
                s.points[i].fill(0);
                break;
            case 1:
                s.points[i].fill(0xff);
                break;
            case 2:
                s.points[i][63] ^= 1;
                break;  // off the curve
            case 3:
                s.points[i] = s.points[i + 41];
                break;  // another's
            case 4:
                std::fill_n(s.points[i].begin(), 32, std::uint8_t(0));
                break;
            case 5: {  // -R: x fits, y does not
                const std::string p =
                    *from_hex("fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff");
                int borrow = 0;
                for (std::size_t k = 32; k-- > 0;) {
                    const int digit = std::uint8_t(p[k]) - s.points[i][32 + k] - borrow;
                    borrow = digit < 0;
                    s.points[i][32 + k] = std::uint8_t(digit);
                }
                break;
            }
            default:
                s.points[i][i] ^= 0x10;
                break;
        }
        s.hints[i] = Sm2Hint(i % 8 == 7 ? 200 : s.hints[i] ^ (1 + i % 3));
    }
    expect_everywhere(s, std::vector<Verdict>(s.items.size(), Verdict::valid), "wrong hints");
}

TEST(Sm2Verifier, the_same_signature_many_times_is_valid_many_times) {
    Signatures s = make_signatures(90, 2, 13, best_isa());
    for (std::size_t i = 2; i < 60; ++i) {
        s.items[i] = s.items[i % 2];
        s.points[i] = s.points[i % 2];
        s.hints[i] = s.hints[i % 2];
    }
    expect_everywhere(s, std::vector<Verdict>(90, Verdict::valid), "repeated");
    s.items[30].signature[40] ^= 1;
    expect_everywhere(s, by_openssl(s), "repeated but one");
}

TEST(Sm2Verifier, finds_one_bad_many_bad_and_all_bad) {
    const Signatures good = make_signatures(600, 4, 15, best_isa());
    for (const std::size_t step : {601, 150, 9, 1}) {
        Signatures s = good;
        std::vector<Verdict> right(s.items.size(), Verdict::valid);
        for (std::size_t i = step == 601 ? 333 : 0; i < s.items.size(); i += step) {
            // s changes and R does not: r still fits R, so that only the sum can tell.
            s.items[i].signature[63] ^= 1;
            right[i] = Verdict::invalid;
        }
        expect_everywhere(s, right, "bad");
    }
}

TEST(Sm2Verifier, the_work_for_bad_batches_stays_bounded) {
    Signatures s = make_signatures(600, 4, 17, best_isa());
    Sm2Verifier verifier;
    s.add_signers(verifier);
    std::vector<Verdict> out(s.items.size());
    verifier.verify(s.items, s.points, out);
    EXPECT_EQ(verifier.last_work().summed, 600U);
    EXPECT_EQ(verifier.last_work().plain, 0U);
    for (Sm2Signed& item : s.items)
        item.signature[63] ^= 1;
    verifier.verify(s.items, s.points, out);
    EXPECT_LE(verifier.last_work().summed, 5 * 600U);
    EXPECT_EQ(verifier.last_work().plain, 600U);
}

TEST(Sm2Verifier, errors_that_cancel_without_weights_are_found) {
    // s moves by +1 in one item and by -1 in another of the same signer: the unweighted sum still
    // holds for s G, and t P cancels too.
    Signatures s = make_signatures(64, 1, 19, best_isa());
    s.items[10].signature[63] = std::uint8_t(s.items[10].signature[63] + 1);
    s.items[20].signature[63] = std::uint8_t(s.items[20].signature[63] - 1);
    const std::vector<Verdict> right = by_openssl(s);
    EXPECT_EQ(right[10], Verdict::invalid);
    expect_everywhere(s, right, "cancelling");
}

TEST(Sm2Verifier, works_without_tables_and_with_narrow_ones) {
    Signatures s = make_signatures(60, 6, 21, best_isa());
    s.items[5].signature[63] ^= 1;
    for (const std::size_t bytes : {0, 60'000, 400'000}) {
        for (const Isa isa : levels()) {
            Sm2Verifier verifier({isa, bytes});
            s.add_signers(verifier);
            for (const auto& [name, way] : ways())
                EXPECT_EQ(way(verifier, s), by_openssl(s)) << bytes << to_string(isa) << name;
        }
    }
}

TEST(Sm2Verifier, keys_that_meet_the_generator_are_no_exception) {
    // With d = 1 and d = n-2 the key is G or 2G but for the sign: sums meet table entries.
    Signatures s = make_signatures(40, 3, 23, best_isa());
    SeededRandom random(5);
    const char* numbers[] = {"01", "02",
                             "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54121"};
    for (std::size_t k = 0; k < 3; ++k) {
        s.keys[k] = testing::private_key(numbers[k]);
        for (std::size_t i = k; i < s.items.size(); i += 3)
            Sm2Signer(s.keys[k], {best_isa()}, random)
                .sign({&s.items[i].message, 1}, {&s.items[i].signature, 1}, {&s.points[i], 1});
    }
    for (std::size_t i = 0; i < s.items.size(); ++i)
        s.hints[i] = s.points[i][63] & 1;
    expect_everywhere(s, std::vector<Verdict>(40, Verdict::valid), "special keys");
}

TEST(Sm2Verifier, user_ids_enter_the_hash) {
    const PrivateKey key = PrivateKey::generate().value();
    Sm2Verifier verifier;
    const auto usual = verifier.add(key.public_key());
    const auto other = verifier.add(key.public_key(), "someone@example.com");
    const Signature signature = key.sign("m").value();
    const Sm2Signed items[] = {{usual, "m", signature}, {other, "m", signature}};
    std::vector<Verdict> out(2);
    verifier.verify(items, out);
    EXPECT_EQ(out[0], Verdict::valid);
    EXPECT_EQ(out[1], Verdict::invalid);
}

TEST(Botan, verifies_what_is_signed_here_and_the_other_way_round) {
    Botan::AutoSeeded_RNG rng;
    const Botan::EC_Group group("sm2p256v1");
    const Botan::SM2_PrivateKey botan_key(rng, group);
    const auto d = Botan::unlock(Botan::BigInt::encode_1363(botan_key.private_value(), 32));
    const PrivateKey key = testing::private_key(to_hex(d));
    Botan::PK_Signer botan_signer(botan_key, rng, "1234567812345678,SM3");
    Botan::PK_Verifier botan_verifier(botan_key, "1234567812345678,SM3");
    Sm2Verifier verifier;
    const auto signer = verifier.add(key.public_key());
    std::vector<std::string> texts;
    for (int i = 0; i < 60; ++i)
        texts.push_back(std::string(std::size_t(i), 'b'));
    const std::vector<std::string_view> messages(texts.begin(), texts.end());
    std::vector<Signature> ours(messages.size());
    Sm2Signer(key).sign(messages, ours);
    std::vector<Sm2Signed> theirs;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const auto text = as_bytes(messages[i]);
        EXPECT_TRUE(botan_verifier.verify_message(text.data(), text.size(), ours[i].data(), 64));
        const auto signature = botan_signer.sign_message(text.data(), text.size(), rng);
        ASSERT_EQ(signature.size(), 64U);
        Sm2Signed item{signer, messages[i], {}};
        std::copy(signature.begin(), signature.end(), item.signature.begin());
        theirs.push_back(item);
    }
    std::vector<Verdict> out(theirs.size());
    verifier.verify(theirs, out);
    EXPECT_EQ(out, std::vector<Verdict>(theirs.size(), Verdict::valid));
}

}  // namespace
}  // namespace suan::crypto
