// Tells a write-ahead file that a power cut tore from one that was damaged later.
//
// SQLite ends recovery quietly at the first frame whose checksum fails. That is right for a torn
// last commit, which was never acknowledged. But every commit is synced before the next begins, so
// a bad frame with a whole later transaction behind it means that acknowledged commits would be
// dropped. The layout is SQLite's "WAL-mode File Format" (https://sqlite.org/walformat.html).
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace suan::log {

// `corrupt`, naming the offset, when commits lie behind a bad frame. A missing or empty file is
// fine. Nobody may be writing the file meanwhile. Damage within the last two commits may look like
// a torn write, and then passes.
Result<void> check_wal(const std::filesystem::path& wal_file);

}  // namespace suan::log
