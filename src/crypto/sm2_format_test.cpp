// The worked bytes of docs/formats/sm2-batch.md.
#include "base/bytes.hpp"
#include "crypto/sm2_verifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace suan::crypto {
namespace {

// The bytes of the block under `<!-- name -->`.
std::string worked(const std::string& name) {
    const char* root = std::getenv("SUAN_SOURCE_DIR");
    if (root == nullptr) return {};
    std::ifstream file(std::filesystem::path(root) / "docs/formats/sm2-batch.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string fence = "```\n";
    const auto mark = text.find("<!-- " + name + " -->");
    const auto begin = text.find(fence, mark) + fence.size();
    std::string digits = text.substr(begin, text.find(fence, begin) - begin);
    std::erase(digits, '\n');
    return from_hex(digits).value_or("");
}

template <typename Array>
Array array_of(std::string_view bytes) {
    Array out{};
    EXPECT_EQ(bytes.size(), out.size());
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    return out;
}

// Enough copies that they go into a sum, and are not checked plainly.
constexpr std::size_t copies = 40;

TEST(Sm2BatchFormat, the_worked_signature_verifies_with_its_point) {
    if (std::getenv("SUAN_SOURCE_DIR") == nullptr) GTEST_SKIP() << "SUAN_SOURCE_DIR is not set";
    const std::string bytes = worked("point");
    Sm2Verifier verifier;
    const auto signer = verifier.add(PublicKey::from_raw(worked("key")).value());
    const Sm2Signed item{signer, "message digest", array_of<Signature>(bytes.substr(0, 64))};
    const std::vector<Sm2Signed> items(copies, item);
    const std::vector<Sm2Point> points(copies, array_of<Sm2Point>(bytes.substr(64)));
    std::vector<Verdict> out(copies);
    verifier.verify(items, points, out);
    EXPECT_EQ(out, std::vector<Verdict>(copies, Verdict::valid));
    EXPECT_EQ(verifier.last_work().plain, 0U);
}

TEST(Sm2BatchFormat, the_worked_signature_verifies_with_its_hint) {
    if (std::getenv("SUAN_SOURCE_DIR") == nullptr) GTEST_SKIP() << "SUAN_SOURCE_DIR is not set";
    const std::string bytes = worked("hint");
    ASSERT_EQ(bytes.size(), 65U);
    Sm2Verifier verifier;
    const auto signer = verifier.add(PublicKey::from_raw(worked("key")).value());
    const Sm2Signed item{signer, "message digest", array_of<Signature>(bytes.substr(0, 64))};
    const std::vector<Sm2Signed> items(copies, item);
    const std::vector<Sm2Hint> hints(copies, std::uint8_t(bytes[64]));
    std::vector<Verdict> out(copies);
    verifier.verify_hinted(items, hints, out);
    EXPECT_EQ(out, std::vector<Verdict>(copies, Verdict::valid));
    EXPECT_EQ(verifier.last_work().plain, 0U);
}

}  // namespace
}  // namespace suan::crypto
