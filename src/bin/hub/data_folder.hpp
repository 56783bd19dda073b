// The hub's data folder: where its log, key, tokens and jobs lie, and who may read them.
#pragma once

#include "base/result.hpp"
#include "crypto/sm2.hpp"

#include <filesystem>
#include <string>

namespace suan::bin {

// The layout of DIR, which is 0711: jobs must be able to reach jobs/, nobody can list it.
struct DataFolder {
    std::filesystem::path root;  // absolute

    std::filesystem::path log() const { return root / "log" / "suan.log"; }
    std::filesystem::path key() const { return root / "keys" / "operator.pem"; }
    std::filesystem::path public_key() const { return root / "keys" / "operator.pub.pem"; }
    std::filesystem::path tokens() const { return root / "tokens"; }
    std::filesystem::path operator_token() const { return tokens() / "operator"; }
    // A member's: tokens/ORG.MEMBER, or tokens/MEMBER of the centre.
    std::filesystem::path token(const std::string& org, const std::string& member) const;
    std::filesystem::path jobs() const { return root / "jobs"; }
    // The journal of settlement: all tenants' ledgers.
    std::filesystem::path ledgers() const { return root / "ledgers" / "books.journal"; }
};

// Makes what is missing. `io` or `forbidden` say which folder.
Result<DataFolder> make_data_folder(const std::filesystem::path& root);
// For reading tools: `not_found` without a log.
Result<DataFolder> find_data_folder(const std::filesystem::path& root);

// The key of the folder; made on the first start, mode 0600. A folder with a log but without its
// key is refused: blocks signed by a new key would not follow the old ones.
Result<crypto::PrivateKey> load_or_make_key(const DataFolder& folder);
Result<crypto::PublicKey> load_public_key(const DataFolder& folder);

// 32 random bytes in hexadecimal digits.
std::string new_token();

}  // namespace suan::bin
