// The built console (web/dist), read into memory when the hub starts: requests never touch the
// disk, so no path can lead out of the folder.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace suan::api {

struct ConsoleFile {
    std::string body;
    std::string gzip;        // empty: not there
    std::string brotli;      // likewise
    std::string type;        // Content-Type
    std::string etag;        // quoted, from its SM3
    bool immutable = false;  // its name changes with its content
};

class ConsoleFiles {
public:
    // Regular files below `folder`, with the .gz and .br beside them. `not_found` without an
    // index.html, `exhausted` when it is larger than any console.
    static Result<ConsoleFiles> load(const std::filesystem::path& folder);

    // `path` as "assets/index-1a2b.js", null when there is none.
    const ConsoleFile* find(std::string_view path) const;
    std::size_t size() const { return files_.size(); }

private:
    std::map<std::string, ConsoleFile, std::less<>> files_;
};

// What is best of it for a client with this Accept-Encoding.
struct Encoded {
    const std::string& body;
    std::string_view encoding;  // of Content-Encoding; empty: as it is
};
Encoded encoded_for(const ConsoleFile& file, std::string_view accept_encoding);

}  // namespace suan::api
