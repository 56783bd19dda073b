// The whole log as one portable file: entries and blocks in order, with checksums (the last part of
// docs/formats/log.md). Writing checks the log on the way; reading checks it all again, so a file
// that reads without an error is a log that verifies.
#pragma once

#include "log/log.hpp"
#include "log/verify.hpp"

#include <iosfwd>
#include <optional>

namespace suan::log {

// `corrupt` if the log does not verify, `io` if the stream fails: the file is then of no use.
Result<Verified> export_log(const Log& log, const crypto::PublicKey& operator_key,
                            std::ostream& out);

struct ExportReading {
    // The key that must have signed. Without one the file's own is taken: that shows damage, but
    // not who wrote it.
    std::optional<crypto::PublicKey> trusted;
    // Called first, with what the file says of itself. Optional, as the others are.
    std::function<void(const Hash256& log_id, const crypto::PublicKey& operator_key)> start;
    std::function<Result<void>(Seq, std::string_view)> each_entry;
    std::function<Result<void>(const SealedBlock&)> each_block;
};

struct Exported {
    Hash256 log_id{};
    crypto::PublicKey operator_key;
    Verified verified;
};

// `corrupt` names the offset in the file, or the entry or block that is wrong. Holds one frame in
// memory.
Result<Exported> read_export(std::istream& in, const ExportReading& reading);

}  // namespace suan::log
