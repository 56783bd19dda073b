#include "crypto/merkle.hpp"
#include "crypto/random.hpp"
#include "crypto/sm2.hpp"
#include "crypto/sm3.hpp"
#include "crypto/testing.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <set>

namespace suan::crypto {
namespace {

namespace fs = std::filesystem;
using testing::Folder;

std::string unhex(std::string_view text) {
    return from_hex(text).value();
}

std::string abcd(int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += "abcd";
    return out;
}

TEST(Sm3, gives_the_published_hashes) {
    EXPECT_EQ(to_hex(sm3("abc")),
              "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    EXPECT_EQ(to_hex(sm3(abcd(16))),
              "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    EXPECT_EQ(to_hex(sm3("")), "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b");
}

TEST(Sm3, parts_hash_like_the_whole_and_the_object_starts_again) {
    Sm3 hasher;
    EXPECT_EQ(hasher.update("a").update("bc").finish(), sm3("abc"));
    EXPECT_EQ(hasher.update(abcd(16)).finish(), sm3(abcd(16)));
}

TEST(Sm3, many_hashes_like_one_at_a_time) {
    const std::string_view messages[] = {"", "abc", "a longer message than the others"};
    Hash256 out[3];
    sm3_many(messages, out);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(out[i], sm3(messages[i]));
}

TEST(ConstantTime, compares_length_and_bytes) {
    EXPECT_TRUE(equal_constant_time("token", "token"));
    EXPECT_FALSE(equal_constant_time("token", "tokem"));
    EXPECT_FALSE(equal_constant_time("token", "toke"));
    EXPECT_TRUE(equal_constant_time("", ""));
}

TEST(Random, gives_the_length_asked_for_and_no_repeats) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string bytes = random_bytes(16);
        EXPECT_EQ(bytes.size(), 16U);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
    EXPECT_EQ(random_bytes(0), "");
}

// GB/T 32918.5-2017, annex A.2: the recommended curve, this very user id.
const char* const vector_key =
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const char* const vector_signature =
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

Signature signature_of(std::string_view hex) {
    Signature out{};
    const std::string bytes = unhex(hex);
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

TEST(Sm2, verifies_the_published_signature_and_refuses_any_change) {
    const PublicKey key = PublicKey::from_raw(unhex(vector_key)).value();
    const Signature good = signature_of(vector_signature);
    EXPECT_TRUE(key.verify("message digest", good));
    EXPECT_FALSE(key.verify("message digesu", good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        Signature bad = good;
        bad[i] ^= 1;
        EXPECT_FALSE(key.verify("message digest", bad)) << i;
    }
    EXPECT_FALSE(key.verify("message digest", Signature{}));
}

TEST(Sm2, signs_what_it_verifies) {
    const PrivateKey key = PrivateKey::generate().value();
    const PrivateKey other = PrivateKey::generate().value();
    for (const std::string& message :
         {std::string(), std::string("block"), std::string(5000, 'x')}) {
        const Signature signature = key.sign(message).value();
        EXPECT_TRUE(key.public_key().verify(message, signature));
        EXPECT_FALSE(other.public_key().verify(message, signature));
    }
}

TEST(Sm2, keys_survive_pem_and_raw) {
    const PrivateKey key = PrivateKey::generate().value();
    const PrivateKey again = PrivateKey::from_text(key.to_pem()).value();
    EXPECT_EQ(again.public_key(), key.public_key());
    EXPECT_EQ(PublicKey::from_text(key.public_key().to_pem()).value(), key.public_key());
    EXPECT_EQ(PublicKey::from_raw(as_text(key.public_key().raw())).value(), key.public_key());
    const Signature signature = again.sign("m").value();
    EXPECT_TRUE(
        PublicKey::from_raw(as_text(key.public_key().raw())).value().verify("m", signature));
}

TEST(Sm2, refuses_raw_keys_that_are_not_points) {
    std::string raw = unhex(vector_key);
    EXPECT_FALSE(PublicKey::from_raw(raw.substr(1)));
    raw.back() = char(raw.back() ^ 1);
    EXPECT_FALSE(PublicKey::from_raw(raw));
    raw[0] = 2;
    EXPECT_FALSE(PublicKey::from_raw(raw));
    EXPECT_FALSE(PublicKey::from_text("nonsense"));
    EXPECT_FALSE(PrivateKey::from_text("nonsense"));
}

TEST(Sm2, key_file_is_private_and_never_overwritten) {
    const Folder folder;
    const fs::path file = folder / "operator.pem";
    const PrivateKey key = PrivateKey::generate().value();
    ASSERT_TRUE(key.save(file));
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_EQ(PrivateKey::load(file).value().public_key(), key.public_key());
    EXPECT_EQ(key.save(file).error().code, ErrorCode::exists);
    EXPECT_EQ(PrivateKey::load(folder / "none.pem").error().code, ErrorCode::not_found);
    ASSERT_EQ(chmod(file.c_str(), 0644), 0);
    const auto open_to_all = PrivateKey::load(file);
    EXPECT_EQ(open_to_all.error().code, ErrorCode::forbidden);
    EXPECT_NE(open_to_all.error().context.find("0644"), std::string::npos);
}

std::vector<Hash256> leaves(std::uint64_t count) {
    std::vector<Hash256> out;
    for (std::uint64_t i = 0; i < count; ++i)
        out.push_back(merkle_leaf(std::to_string(i)));
    return out;
}

// The definition of RFC 6962, word for word.
Hash256 recursive_root(std::span<const Hash256> part) {
    if (part.size() == 1) return part[0];
    std::size_t left = 1;
    while (left * 2 < part.size())
        left *= 2;
    return merkle_node(recursive_root(part.first(left)), recursive_root(part.subspan(left)));
}

TEST(Merkle, has_the_shape_of_rfc_6962) {
    EXPECT_EQ(merkle_root({}), sm3(""));
    for (std::uint64_t size = 1; size <= 70; ++size)
        EXPECT_EQ(merkle_root(leaves(size)), recursive_root(leaves(size))) << size;
    EXPECT_EQ(merkle_leaf("x"), sm3(std::string("\0x", 2)));
    const std::vector<Hash256> data = {sm3("a"), sm3("b")};
    EXPECT_EQ(merkle_leaves(data)[1], merkle_leaf(as_text(data[1])));
}

TEST(Merkle, every_leaf_of_every_small_tree_is_proven_and_nothing_else) {
    for (std::uint64_t size = 1; size <= 33; ++size) {
        const std::vector<Hash256> all = leaves(size);
        const Hash256 root = merkle_root(all);
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto path = inclusion_path(all, index);
            EXPECT_TRUE(verify_inclusion(all[index], index, size, path, root));
            for (std::uint64_t wrong = 0; wrong <= size; ++wrong) {
                if (wrong == index) continue;
                EXPECT_FALSE(verify_inclusion(all[index], wrong, size, path, root));
                if (wrong < size) {
                    EXPECT_FALSE(verify_inclusion(all[wrong], index, size, path, root));
                }
            }
        }
    }
}

TEST(Merkle, refuses_a_path_with_a_hash_too_many_too_few_or_changed) {
    const std::vector<Hash256> all = leaves(21);
    const Hash256 root = merkle_root(all);
    const auto path = inclusion_path(all, 13);
    auto longer = path;
    longer.push_back(root);
    EXPECT_FALSE(verify_inclusion(all[13], 13, 21, longer, root));
    auto shorter = path;
    shorter.pop_back();
    EXPECT_FALSE(verify_inclusion(all[13], 13, 21, shorter, root));
    for (std::size_t i = 0; i < path.size(); ++i) {
        auto changed = path;
        changed[i][7] ^= 0x80;
        EXPECT_FALSE(verify_inclusion(all[13], 13, 21, changed, root));
    }
    EXPECT_FALSE(verify_inclusion(all[13], 13, 0, path, root));
}

}  // namespace
}  // namespace suan::crypto
