// Keys in files: the forms that OpenSSL reads and writes, in both directions with its program; what
// is refused; and that nothing secret is left in memory.
#include "crypto/key_file.hpp"
#include "crypto/sm2.hpp"
#include "crypto/sm2_signer.hpp"
#include "crypto/testing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace suan::crypto {
namespace {

using testing::Folder;
using testing::run_command;

std::string read_all(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}
void write_all(const std::filesystem::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary) << text;
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
}

TEST(Sm2Keys, reads_every_form_that_openssl_writes) {
    const Folder folder;
    const std::string key = folder / "key.pem";
    ASSERT_EQ(run_command("openssl genpkey -algorithm SM2 -out " + key), 0);
    ASSERT_EQ(chmod(key.c_str(), 0600), 0);
    const PrivateKey right = PrivateKey::load(key).value();
    const char* const writers[] = {
        "openssl pkey -in {} -outform DER -out {}",
        "openssl ec -in {} -out {}",
        "openssl ec -in {} -outform DER -out {}",
        "openssl ec -in {} -conv_form compressed -out {}",
        "openssl ec -in {} -no_public -out {}",
        "openssl pkcs8 -in {} -topk8 -nocrypt -outform DER -out {}",
    };
    for (const char* writer : writers) {
        const std::string other = folder / "other";
        ASSERT_EQ(run_command(fmt::format(fmt::runtime(writer), key, other)), 0) << writer;
        ASSERT_EQ(chmod(other.c_str(), 0600), 0);
        auto read = PrivateKey::load(other);
        ASSERT_TRUE(read) << writer << ": " << read.error().context;
        EXPECT_EQ(read->public_key(), right.public_key()) << writer;
        EXPECT_EQ(read->secret(), right.secret()) << writer;
        EXPECT_TRUE(right.public_key().verify("m", read->sign("m").value()));
    }
    for (const char* writer :
         {"openssl pkey -in {} -pubout -out {}", "openssl pkey -in {} -pubout -outform DER -out {}",
          "openssl ec -in {} -pubout -conv_form compressed -out {}"}) {
        const std::string other = folder / "other.pub";
        ASSERT_EQ(run_command(fmt::format(fmt::runtime(writer), key, other)), 0) << writer;
        auto read = PublicKey::load(other);
        ASSERT_TRUE(read) << writer << ": " << read.error().context;
        EXPECT_EQ(*read, right.public_key()) << writer;
    }
}

TEST(Sm2Keys, writes_what_openssl_reads_byte_for_byte) {
    const Folder folder;
    const PrivateKey key = PrivateKey::generate().value();
    const auto check = [&](std::string_view ours, const std::string& command) {
        const std::string file = folder / "ours";
        const std::string again = folder / "again";
        write_all(file, ours);
        ASSERT_EQ(run_command(command + " -in " + file + " -out " + again), 0) << command;
        EXPECT_EQ(read_all(again), ours) << command;
    };
    check(key.to_pem(), "openssl pkey");
    check(key.to_der(), "openssl pkcs8 -topk8 -nocrypt -inform DER -outform DER");
    check(key.public_key().to_pem(), "openssl pkey -pubin -pubout");
    check(key.public_key().to_der(), "openssl pkey -pubin -pubout -inform DER -outform DER");
    EXPECT_EQ(PrivateKey::from_text(key.to_der()).value().secret(), key.secret());
    EXPECT_EQ(PublicKey::from_text(key.public_key().to_der()).value(), key.public_key());
}

TEST(Sm2Keys, signatures_are_good_to_the_openssl_program_and_its_own_to_us) {
    const Folder folder;
    const PrivateKey key = PrivateKey::generate().value();
    write_all(folder / "key.der", key.to_der());
    write_all(folder / "message", "message");
    ASSERT_EQ(run_command(fmt::format(
                  "openssl dgst -sm3 -sigopt distid:1234567812345678 -keyform DER -sign {} -out {} "
                  "{}",
                  folder / "key.der", folder / "signature", folder / "message")),
              0);
    const std::string der = read_all(folder / "signature");
    // SEQUENCE of two INTEGERs.
    Signature signature{};
    std::size_t at = 2;
    for (std::size_t half = 0; half < 2; ++half) {
        const auto size = std::size_t(der[at + 1]);
        const std::string number = der.substr(at + 2, size);
        for (std::size_t i = 0; i < std::min<std::size_t>(size, 32); ++i)
            signature[32 * half + 31 - i] = std::uint8_t(number[size - 1 - i]);
        at += 2 + size;
    }
    EXPECT_TRUE(key.public_key().verify("message", signature));
}

TEST(Sm2Keys, refuses_what_is_no_whole_key_and_says_why) {
    const Folder folder;
    const std::string key = folder / "key";
    const auto because = [&](const std::string& command) {
        EXPECT_EQ(run_command(fmt::format(fmt::runtime(command), key)), 0) << command;
        chmod(key.c_str(), 0600);
        auto read = PrivateKey::load(key);
        return read ? std::string("taken") : read.error().context;
    };
    using ::testing::Test;
    const auto expect = [&](const std::string& command, std::string_view part) {
        EXPECT_NE(because(command).find(part), std::string::npos) << command << because(command);
    };
    expect("openssl genpkey -algorithm SM2 -aes256 -pass pass:secret -out {}",
           "encrypted with a passphrase");
    expect(
        "openssl genpkey -algorithm SM2 | openssl pkcs8 -topk8 -passout pass:secret -outform "
        "DER -out {}",
        "encrypted with a passphrase");
    expect("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {}",
           "not a key on the SM2 curve");
    expect("openssl genpkey -algorithm ED25519 -outform DER -out {}", "not a key on the SM2 curve");
    expect("openssl genpkey -algorithm SM2 | openssl pkey -pubout -out {}", "private key");
    expect("openssl genpkey -algorithm SM2 -outform DER -out {0}; echo more >>{0}", "private key");
    expect("openssl genpkey -algorithm SM2 -outform DER | head -c 100 >{}", "private key");
    expect("head -c 16385 /dev/zero >{}", "over 16384 bytes");
    expect("true >{}", "private key");
}

// A PKCS #8 key whose number or public key is exchanged.
std::string changed(const PrivateKey& key, std::string_view number, std::string_view point) {
    std::string der(key.to_der().view());
    const SecretBytes old = key.secret();
    const std::string_view old_point = as_text(key.public_key().raw());
    if (!number.empty()) der.replace(der.find(as_text(old)), 32, number);
    if (!point.empty()) der.replace(der.find(old_point), 65, point);
    return der;
}

TEST(Sm2Keys, refuses_numbers_out_of_range_and_points_that_are_not_theirs) {
    const PrivateKey key = PrivateKey::generate().value();
    const PrivateKey other = PrivateKey::generate().value();
    const auto number = [](const char* hex) { return from_hex(hex).value(); };
    EXPECT_TRUE(PrivateKey::from_text(changed(key, "", "")));
    const char* const n_less[] = {
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122",  // n - 1
        "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    for (const char* hex : n_less)
        EXPECT_FALSE(PrivateKey::from_text(changed(key, number(hex), ""))) << hex;
    EXPECT_FALSE(PrivateKey::from_text(changed(key, "", as_text(other.public_key().raw()))));
    std::string off(as_text(key.public_key().raw()));
    off.back() = char(off.back() ^ 1);
    EXPECT_FALSE(PrivateKey::from_text(changed(key, "", off)));
    EXPECT_FALSE(PublicKey::from_raw(off));
    std::string der = key.public_key().to_der();
    der.back() = char(der.back() ^ 1);
    EXPECT_FALSE(PublicKey::from_text(der));
    EXPECT_FALSE(PublicKey::from_text(key.public_key().to_der() + "x"));
    EXPECT_FALSE(PublicKey::from_text(""));
    EXPECT_FALSE(PrivateKey::from_text(""));
}

TEST(SecretFiles, are_plain_files_of_their_user_alone) {
    const Folder folder;
    const std::string file = folder / "key.pem";
    ASSERT_TRUE(PrivateKey::generate().value().save(file));
    EXPECT_TRUE(PrivateKey::load(file));
    for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
        ASSERT_EQ(chmod(file.c_str(), mode), 0);
        EXPECT_EQ(PrivateKey::load(file).error().code, ErrorCode::forbidden) << mode;
    }
    ASSERT_EQ(chmod(file.c_str(), 0400), 0);
    EXPECT_TRUE(PrivateKey::load(file));
    EXPECT_EQ(PrivateKey::load(folder / ".").error().code, ErrorCode::invalid);
    const std::string pipe = folder / "pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(PrivateKey::load(pipe).error().code, ErrorCode::invalid);
    if (geteuid() == 0) {  // only root can give a file away
        ASSERT_EQ(chown(file.c_str(), 65534, 65534), 0);
        const auto of_another = PrivateKey::load(file);
        EXPECT_EQ(of_another.error().code, ErrorCode::forbidden);
        EXPECT_NE(of_another.error().context.find("owned by user 65534"), std::string::npos);
    }
}

// How often what `inverted` inverts lies in this process's writable memory. It is searched where
// it lies: a copy would itself be left in freed memory for the next search to find.
std::size_t times_in_memory(const std::string& inverted) {
    std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges;
    ranges.reserve(4096);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char mode[5] = "";
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) != 3) continue;
        if (mode[0] == 'r' && mode[1] == 'w') ranges.emplace_back(begin, end);
    }
    EXPECT_FALSE(ranges.empty());
    std::size_t found = 0;
    for (const auto& [begin, end] : ranges)
        for (std::uintptr_t at = begin; at + inverted.size() <= end; ++at) {
            const auto* bytes = reinterpret_cast<const volatile char*>(at);
            std::size_t k = 0;
            while (k < inverted.size() && bytes[k] == char(~inverted[k]))
                ++k;
            found += k == inverted.size();
        }
    return found;
}

TEST(SecretFiles, leave_nothing_in_memory_once_the_key_is_gone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer maps terabytes and keeps what was freed";
#endif
    const Folder folder;
    const std::string file = folder / "key.pem";
    // The number, in both orders of its bytes, and a line of the file's base64: all inverted, so
    // that this test's own memory does not hold what it looks for.
    std::string big;
    std::string little;
    std::string line;
    ASSERT_EQ(run_command("openssl genpkey -algorithm SM2 -out " + file), 0);
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    {
        const PrivateKey key = PrivateKey::load(file).value();
        SecretBytes number = key.secret();
        for (std::size_t i = 0; i < number.size(); ++i) {
            big += char(~number[i]);
            little += char(~number[31 - i]);
        }
        number.fill(0);
        const SecretText text = key.to_pem();
        for (const char c : text.view().substr(text.size() / 2, 24))
            line += char(~c);
        EXPECT_GT(times_in_memory(big) + times_in_memory(little), 0U);  // the search can find
        EXPECT_GT(times_in_memory(line), 0U);
        ASSERT_TRUE(key.sign("message"));
        Sm2Signer signer(key);
        const std::string_view message = "message";
        Signature signature{};
        signer.sign({&message, 1}, {&signature, 1});
        ASSERT_TRUE(key.save(folder / "again.pem"));
        (void)PrivateKey::from_text(key.to_der());
    }
    // What calls left on the stack is as dead as it was there.
    EXPECT_EQ(times_in_memory(big), 0U);
    EXPECT_EQ(times_in_memory(little), 0U);
    EXPECT_EQ(times_in_memory(line), 0U);
}

}  // namespace
}  // namespace suan::crypto
