// A key in a token of SoftHSM, put there with pkcs11-tool as an operator would.
#include "crypto/token.hpp"

#include "crypto/sm2.hpp"
#include "crypto/testing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace suan::crypto {
namespace {

using testing::Folder;
using testing::run_command;

constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";
constexpr const char* pin = "4711-secret-pin";

class Token : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(module)) GTEST_SKIP() << "no softhsm2 here";
        write("softhsm.conf", fmt::format("directories.tokendir = {}\n", folder / "tokens"));
        std::filesystem::create_directory(folder / "tokens");
        ASSERT_EQ(setenv("SOFTHSM2_CONF", (folder / "softhsm.conf").c_str(), 1), 0);
        ASSERT_EQ(run_command(fmt::format("softhsm2-util --init-token --free --label suan "
                                          "--so-pin 12345678 --pin {}",
                                          pin)),
                  0);
        write("pin", std::string(pin) + "\n");
        ASSERT_TRUE(key.save(folder / "key.pem"));
        ASSERT_EQ(run_command(fmt::format("openssl pkey -in {} -outform DER -out {}",
                                          folder / "key.pem", folder / "key.der")),
                  0);
        put("operator", folder / "key.der");
    }
    void write(const char* name, const std::string& text) {
        std::ofstream(folder / name) << text;
        ASSERT_EQ(chmod((folder / name).c_str(), 0600), 0);
    }
    void put(const std::string& label, const std::string& file) {
        ASSERT_EQ(run_command(fmt::format("pkcs11-tool --module {} --token-label suan --login "
                                          "--pin {} --write-object {} --type data --label {} "
                                          "--private",
                                          module, pin, file, label)),
                  0);
    }
    std::string uri(const std::string& path, const std::string& query = "") {
        return fmt::format("pkcs11:{}?module-path={}&pin-source={}{}", path, module, folder / "pin",
                           query);
    }
    static void expect_refused(const std::string& name, ErrorCode code, std::string_view part) {
        const auto read = PrivateKey::load(name);
        ASSERT_FALSE(read) << name;
        auto error = PrivateKey::load(name).error();
        EXPECT_EQ(error.code, code) << error.context;
        EXPECT_NE(error.context.find(part), std::string::npos) << error.context;
        EXPECT_EQ(error.context.find(pin), std::string::npos) << "the PIN is in " << error.context;
    }

    Folder folder;
    PrivateKey key = PrivateKey::generate().value();
};

TEST_F(Token, gives_its_key_to_who_has_the_pin) {
    for (const char* path : {"token=suan;object=operator", "token=suan;object=operator;type=data",
                             "object=operator"}) {
        auto read = PrivateKey::load(uri(path));
        ASSERT_TRUE(read) << path << ": " << read.error().context;
        EXPECT_EQ(read->secret(), key.secret());
        EXPECT_TRUE(key.public_key().verify("m", read->sign("m").value()));
    }
}

TEST_F(Token, holds_keys_in_pem_too) {
    put("pem", folder / "key.pem");
    EXPECT_EQ(PrivateKey::load(uri("token=suan;object=pem")).value().secret(), key.secret());
}

TEST_F(Token, says_what_is_wrong_and_never_the_pin) {
    expect_refused(uri("token=none;object=operator"), ErrorCode::not_found, "no token fits");
    expect_refused(uri("token=suan;object=none"), ErrorCode::not_found, "no such data object");
    expect_refused(uri("token=suan"), ErrorCode::invalid, "no object=LABEL");
    expect_refused(uri("token=suan;object=operator;type=private"), ErrorCode::invalid, "type=");
    expect_refused("pkcs11:%zz", ErrorCode::invalid, "not a URI");
    expect_refused("pkcs11:object=operator", ErrorCode::invalid, "no pin-source");
    expect_refused(uri("object=operator", std::string("&pin-value=") + pin), ErrorCode::invalid,
                   "pin-value is refused");
    expect_refused("pkcs11:object=a?module-path=/none.so&pin-source=" + (folder / "pin"),
                   ErrorCode::io, "module /none.so");
    put("operator", folder / "key.der");
    expect_refused(uri("token=suan;object=operator"), ErrorCode::not_found, "several objects");
    put("text", folder / "softhsm.conf");
    expect_refused(uri("token=suan;object=text"), ErrorCode::invalid, "object in the token");
}

TEST_F(Token, wants_the_right_pin_from_a_private_file) {
    ASSERT_EQ(chmod((folder / "pin").c_str(), 0644), 0);
    expect_refused(uri("object=operator"), ErrorCode::forbidden, "0644");
    write("pin", "wrong\n");
    expect_refused(uri("object=operator"), ErrorCode::forbidden, "refuses the PIN");
    write("pin", pin);  // without the end of a line
    EXPECT_TRUE(PrivateKey::load(uri("object=operator")));
}

}  // namespace
}  // namespace suan::crypto
