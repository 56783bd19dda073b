#include "bin/hub/data_folder.hpp"

#include "base/bytes.hpp"
#include "bin/exit_code.hpp"
#include "bin/files.hpp"
#include "crypto/random.hpp"

#include <fmt/format.h>

#include <system_error>

namespace suan::bin {
namespace {

namespace fs = std::filesystem;

constexpr fs::perms private_folder = fs::perms::owner_all;
constexpr fs::perms passage = fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec;

Result<void> make_folder(const fs::path& path, fs::perms perms) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, perms, error);
    if (error)
        return Error{ErrorCode::io,
                     fmt::format("cannot make the folder {}: {}", path.string(), error.message())};
    return {};
}

}  // namespace

fs::path DataFolder::token(const std::string& org, const std::string& member) const {
    std::string name = org.empty() ? member : org + "." + member;
    for (char& c : name)
        if (c == '/' || c == '\0') c = '_';
    if (name == "." || name == "..") name += "_";
    return tokens() / name;
}

Result<DataFolder> make_data_folder(const fs::path& root) {
    std::error_code error;
    const fs::path absolute = fs::absolute(root, error).lexically_normal();
    if (error || root.empty()) return Error{ErrorCode::invalid, "--data names no folder"};
    DataFolder folder{absolute};
    const bool is_new = !fs::exists(folder.root, error);
    for (const fs::path& path : {folder.root, folder.jobs()})
        if (auto made = make_folder(path, passage); !made) return std::move(made).error();
    for (const fs::path& path : {folder.log().parent_path(), folder.key().parent_path(),
                                 folder.tokens(), folder.ledgers().parent_path()})
        if (auto made = make_folder(path, private_folder); !made) return std::move(made).error();
    (void)is_new;
    return folder;
}

Result<DataFolder> find_data_folder(const fs::path& root) {
    std::error_code error;
    DataFolder folder{fs::absolute(root, error).lexically_normal()};
    if (error || !fs::exists(folder.log(), error))
        return Error{ErrorCode::not_found, fmt::format("{} is no hub's data folder: there is no {}",
                                                       root.string(), folder.log().string())};
    return folder;
}

Result<crypto::PrivateKey> load_or_make_key(const DataFolder& folder) {
    std::error_code error;
    if (fs::exists(folder.key(), error)) return crypto::PrivateKey::load(folder.key());
    if (fs::exists(folder.log(), error))
        return Error{ErrorCode::not_found,
                     fmt::format("there is a log but its key {} is gone; put it back",
                                 folder.key().string())};
    auto key = crypto::PrivateKey::generate();
    if (!key) return key;
    if (auto saved = key->save(folder.key()); !saved) return std::move(saved).error();
    try {
        write_whole_file(folder.public_key(), key->public_key().to_pem());
    } catch (const Failed& failed) {
        return Error{ErrorCode::io, failed.what()};
    }
    return key;
}

Result<crypto::PublicKey> load_public_key(const DataFolder& folder) {
    return crypto::PublicKey::load(folder.public_key());
}

std::string new_token() {
    return to_hex(as_bytes(crypto::random_bytes(32)));
}

}  // namespace suan::bin
