// What the tests of this folder share: a folder that goes away, a fixed key, and a log with blocks.
#pragma once

#include "log/log.hpp"
#include "log/memory/memory_log.hpp"
#include "log/sqlite/sqlite_log.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace suan::log::testing {

namespace fs = std::filesystem;

class Folder {
public:
    explicit Folder(const fs::path& parent = fs::temp_directory_path()) {
        std::string name = (parent / "suan-log-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    fs::path operator/(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

// Where thousands of small files cost no disk: memory where the system has it.
inline fs::path quick_folder() {
    const fs::path memory = "/dev/shm";
    return access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

inline std::string read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const fs::path& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

// A key for tests and worked examples; it signs nothing real.
inline crypto::PrivateKey example_key() {
    return crypto::PrivateKey::from_text(
               "-----BEGIN PRIVATE KEY-----\n"
               "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgMn7yewFTy9gO8u7j\n"
               "RzLlbw08iaoHbUukfMkdG+4plaWhRANCAARDLxAtobP74JnclrmMjkZXkG45niWE\n"
               "9l6iBe1lIgROz59Exlsen1P1lrqYqiUB/el86vZg1G1L9Phb8GnPem5L\n"
               "-----END PRIVATE KEY-----\n")
        .value();
}

inline Hash256 filled(std::uint8_t byte) {
    Hash256 out;
    out.fill(byte);
    return out;
}

inline std::string entry_text(Seq seq) {
    return "entry " + std::to_string(seq);
}

// Appends `texts` as the next entries.
inline Result<void> append_texts(Log& log, const std::vector<std::string>& texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    Batch batch;
    batch.first_seq = log.head().last_seq + 1;
    batch.entries = views;
    return log.append(batch);
}

// Appends entry_text of the next `count` numbers in one batch.
inline Result<void> append_next(Log& log, std::uint64_t count) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 1; i <= count; ++i)
        texts.push_back(entry_text(log.head().last_seq + i));
    return append_texts(log, texts);
}

// Closes a block over the first `count` entries that no block covers, and gives it unstored.
inline SealedBlock next_block(const Log& log, std::uint64_t count, const crypto::PrivateKey& key) {
    const Head head = log.head();
    BlockBuilder builder(head, key.public_key());
    for (Seq seq = head.last_block_seq + 1; seq <= head.last_block_seq + count; ++seq) {
        const std::string text = entry_at(log, seq).value();
        const std::string_view view = text;
        builder.add({&view, 1}, Time{1'000'000});
    }
    return seal(builder.close(Time{2'000'000}, filled(std::uint8_t(head.last_block + 1))), key)
        .value();
}

// Blocks of 5, 1, 3 and 7 entries, then 2 open ones: 18 entries in batches of 4, 4, 4, 4, 2.
inline void fill(Log& log, const crypto::PrivateKey& key) {
    for (const std::uint64_t count : {4, 4, 4, 4, 2})
        ASSERT_TRUE(append_next(log, count));
    for (const std::uint64_t count : {5, 1, 3, 7})
        ASSERT_TRUE(log.put_block(next_block(log, count, key)));
}

inline std::vector<std::string> texts_of(const Log& log) {
    std::vector<std::string> out;
    auto read = log.for_each(1, UINT64_MAX, [&](Seq, std::string_view entry) -> Result<Next> {
        out.emplace_back(entry);
        return Next::more;
    });
    EXPECT_TRUE(read) << read.error().context;
    return out;
}

}  // namespace suan::log::testing
