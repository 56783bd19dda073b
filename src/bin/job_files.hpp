// The files that a job left: listed, and fetched piece by piece.
#pragma once

#include "bin/session.hpp"
#include "suan/api_files.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace suan::bin {

struct FileOptions {
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;  // 0: the newest
};

JobFileList list_files(Session& session, const FileOptions& options);
std::string files_text(const JobFileList& list);

// Writes the job's file `path` to `output`, "-" for standard output. Throws Failed(try_again) when
// it changes on the way; then there is no `output`.
void fetch_file(Session& session, const FileOptions& options, std::string_view path,
                const std::string& output);

}  // namespace suan::bin
