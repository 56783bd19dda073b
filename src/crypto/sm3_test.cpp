#include "crypto/sm3.hpp"

#include "crypto/testing.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

namespace suan::crypto {
namespace {

using testing::levels;

Hash256 by_openssl(std::string_view message) {
    Hash256 out{};
    unsigned size = 0;
    EXPECT_EQ(EVP_Digest(message.data(), message.size(), out.data(), &size, EVP_sm3(), nullptr), 1);
    return out;
}

std::string filler(std::size_t size, unsigned seed) {
    std::string out(size, '\0');
    for (char& byte : out)
        byte = char((seed = seed * 1664525 + 1013904223) >> 24);
    return out;
}

TEST(Sm3Lanes, every_length_hashes_as_openssl_does_on_every_level) {
    std::vector<std::string> texts;
    for (std::size_t size = 0; size < 300; ++size)
        texts.push_back(filler(size, unsigned(size)));
    texts.push_back(filler(100'000, 7));
    const std::vector<std::string_view> messages(texts.begin(), texts.end());
    std::vector<Hash256> out(messages.size());
    for (const Isa isa : levels()) {
        sm3_many(messages, out, isa);
        for (std::size_t i = 0; i < out.size(); ++i)
            ASSERT_EQ(out[i], by_openssl(messages[i])) << to_string(isa) << " " << i;
    }
    for (const std::string_view message : messages)
        ASSERT_EQ(sm3(message), by_openssl(message));
}

TEST(Sm3Lanes, a_head_of_any_length_is_as_if_it_stood_before_the_body) {
    const std::string text = filler(400, 3);
    const std::string_view whole = text;
    for (const Isa isa : levels()) {
        for (std::size_t head = 0; head <= 64; ++head) {
            std::vector<Sm3Message> messages;
            for (std::size_t size = head; size < 200; size += 7)
                messages.push_back({whole.substr(0, head), whole.substr(head, size - head)});
            std::vector<Hash256> out(messages.size());
            sm3_many(messages, out, isa);
            for (std::size_t i = 0; i < out.size(); ++i)
                ASSERT_EQ(out[i], by_openssl(std::string_view(text).substr(
                                      0, head + messages[i].body.size())));
        }
    }
}

TEST(Sm3Lanes, any_number_of_messages_works) {
    const std::string text = filler(128, 9);
    for (const Isa isa : levels()) {
        for (std::size_t count = 0; count < 50; ++count) {
            const std::vector<std::string_view> messages(count, text);
            std::vector<Hash256> out(count);
            sm3_many(messages, out, isa);
            for (const Hash256& hash : out)
                ASSERT_EQ(hash, by_openssl(text));
        }
    }
}

TEST(Sm3, parts_of_any_length_hash_like_the_whole) {
    const std::string text = filler(500, 5);
    for (std::size_t first = 0; first < 200; first += 3) {
        for (std::size_t second = 0; second < 200; second += 11) {
            Sm3 hasher;
            hasher.update(std::string_view(text).substr(0, first));
            hasher.update(std::string_view(text).substr(first, second));
            ASSERT_EQ(hasher.finish(), sm3(std::string_view(text).substr(0, first + second)));
        }
    }
}

}  // namespace
}  // namespace suan::crypto
