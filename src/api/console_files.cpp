#include "api/console_files.hpp"

#include "base/bytes.hpp"
#include "crypto/sm3.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace suan::api {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 4'000;
constexpr std::size_t bytes_max = 64 << 20;
constexpr std::size_t etag_digits = 32;

constexpr std::pair<std::string_view, const char*> types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
};

// Null: not a kind of file that a console consists of; it is not served.
const char* type_of(const std::string& extension) {
    for (const auto& [known, type] : types)
        if (known == extension) return type;
    return nullptr;
}

Result<std::string> read_whole(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Error{ErrorCode::io, fmt::format("cannot read {}", path.string())};
    return std::move(text).str();
}

void read_if_there(const fs::path& path, std::string& out) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error))) return;
    if (auto text = read_whole(path)) out = std::move(*text);
}

Result<ConsoleFile> read_file(const fs::path& path, const char* type) {
    auto body = read_whole(path);
    if (!body) return std::move(body).error();
    ConsoleFile file;
    file.body = std::move(*body);
    file.type = type;
    file.etag = fmt::format("\"{}\"", to_hex(crypto::sm3(file.body)).substr(0, etag_digits));
    read_if_there(path.string() + ".gz", file.gzip);
    read_if_there(path.string() + ".br", file.brotli);
    return file;
}

// Whether a comma list names the coding and does not refuse it by q=0.
bool accepts(std::string_view list, std::string_view coding) {
    while (!list.empty()) {
        const std::size_t end = list.find(',');
        std::string_view item = list.substr(0, end);
        list = end == list.npos ? std::string_view{} : list.substr(end + 1);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        if (!item.starts_with(coding)) continue;
        const std::string_view rest = item.substr(coding.size());
        if (rest.empty()) return true;
        if (rest[0] != ';' && rest[0] != ' ') continue;
        const std::size_t q = rest.find("q=0");
        return q == rest.npos || rest.find_first_of("123456789", q + 2) != rest.npos;
    }
    return false;
}

}  // namespace

Result<ConsoleFiles> ConsoleFiles::load(const fs::path& folder) {
    ConsoleFiles out;
    std::size_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const fs::path& path = at->path();
        const char* type = type_of(path.extension().string());
        if (type == nullptr || !fs::is_regular_file(at->symlink_status())) continue;
        auto file = read_file(path, type);
        if (!file) return std::move(file).error();
        const std::string name = path.lexically_relative(folder).generic_string();
        file->immutable = name.starts_with("assets/");
        bytes += file->body.size() + file->gzip.size() + file->brotli.size();
        out.files_.emplace(name, std::move(*file));
        if (bytes > bytes_max || out.files_.size() > files_max)
            return Error{ErrorCode::exhausted,
                         fmt::format("{} is too large to be a console", folder.string())};
    }
    if (error) return Error{ErrorCode::io, fmt::format("{}: {}", folder.string(), error.message())};
    if (out.find("index.html") == nullptr)
        return Error{ErrorCode::not_found,
                     fmt::format("{} holds no index.html: it is not a built console "
                                 "(`npm run build` in web/ makes one in web/dist)",
                                 folder.string())};
    return out;
}

const ConsoleFile* ConsoleFiles::find(std::string_view path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
}

Encoded encoded_for(const ConsoleFile& file, std::string_view accept_encoding) {
    if (!file.brotli.empty() && accepts(accept_encoding, "br")) return {file.brotli, "br"};
    if (!file.gzip.empty() && accepts(accept_encoding, "gzip")) return {file.gzip, "gzip"};
    return {file.body, ""};
}

}  // namespace suan::api
