#include "sim/traces/input.hpp"

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace suan::sim {
namespace {

constexpr std::size_t chunk_bytes = 128 << 10;
constexpr int gzip_window_bits = 15 + 16;  // zlib: the largest window, gzip wrapping only

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

struct Inflate {
    z_stream stream{};
    Inflate() { SUAN_ASSERT(inflateInit2(&stream, gzip_window_bits) == Z_OK); }
    ~Inflate() { inflateEnd(&stream); }
    Inflate(const Inflate&) = delete;
    Inflate& operator=(const Inflate&) = delete;
};

}  // namespace

struct Input::Source {
    std::string name;
    std::unique_ptr<std::FILE, CloseFile> file;  // or
    std::string_view memory;
    std::string chunk;         // of the file
    std::string_view pending;  // raw bytes not used yet, in chunk or memory
    std::unique_ptr<Inflate> inflate;
    std::uint64_t raw_offset = 0;  // of the end of pending
    std::uint64_t bytes_out = 0;
    bool started = false;
    bool inside_member = false;

    Result<bool> fill();
    Result<void> start();
    Result<std::size_t> read_plain(char* out, std::size_t size);
    Result<std::size_t> read_gzip(char* out, std::size_t size);
    Result<bool> next_member();
    Error damaged(std::string_view what) const;
};

Error Input::Source::damaged(std::string_view what) const {
    return {ErrorCode::corrupt,
            fmt::format("{}: gzip data {} at byte {} (after {} bytes of text); expected a whole "
                        "gzip file",
                        name, what, raw_offset - pending.size(), bytes_out)};
}

// Makes pending non-empty; false at the end of the raw bytes.
Result<bool> Input::Source::fill() {
    if (!pending.empty()) return true;
    if (!file) {
        pending = std::exchange(memory, {});
    } else {
        chunk.resize(chunk_bytes);
        const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get());
        if (got == 0 && std::ferror(file.get()) != 0) {
            return Error{ErrorCode::io, fmt::format("{}: read: {}", name, std::strerror(errno))};
        }
        pending = std::string_view(chunk).substr(0, got);
    }
    raw_offset += pending.size();
    return !pending.empty();
}

Result<void> Input::Source::start() {
    started = true;
    if (auto filled = fill(); !filled) return std::move(filled).error();
    if (pending.starts_with("\x1f\x8b")) {
        inflate = std::make_unique<Inflate>();
        inside_member = true;
    }
    return {};
}

Result<std::size_t> Input::Source::read_plain(char* out, std::size_t size) {
    if (auto filled = fill(); !filled) return std::move(filled).error();
    const std::size_t count = std::min(size, pending.size());
    std::copy_n(pending.data(), count, out);
    pending.remove_prefix(count);
    return count;
}

// After the end of a member: true when another follows. Zero bytes of padding are the end, as for
// gzip(1).
Result<bool> Input::Source::next_member() {
    while (true) {
        auto filled = fill();
        if (!filled) return std::move(filled).error();
        if (!*filled) return false;
        if (pending.front() == '\x1f') break;
        if (pending.front() != '\0') return damaged("is followed by something else");
        pending.remove_prefix(1);
    }
    inflateReset(&inflate->stream);
    inside_member = true;
    return true;
}

Result<std::size_t> Input::Source::read_gzip(char* out, std::size_t size) {
    z_stream& stream = inflate->stream;
    while (true) {
        if (!inside_member) {
            auto more = next_member();
            if (!more) return std::move(more).error();
            if (!*more) return std::size_t{0};
        }
        auto filled = fill();
        if (!filled) return std::move(filled).error();
        if (!*filled) return damaged("ends early");
        const std::size_t step = std::min(pending.size(), std::size_t{1} << 30);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(pending.data()));
        stream.avail_in = static_cast<uInt>(step);
        stream.next_out = reinterpret_cast<Bytef*>(out);
        stream.avail_out = static_cast<uInt>(size);
        const int status = ::inflate(&stream, Z_NO_FLUSH);
        pending.remove_prefix(step - stream.avail_in);
        if (status == Z_STREAM_END) {
            inside_member = false;
        } else if (status != Z_OK) {
            return damaged(stream.msg != nullptr ? fmt::format("is damaged ({})", stream.msg)
                                                 : std::string("is damaged"));
        }
        const std::size_t got = size - stream.avail_out;
        if (got > 0) return got;
    }
}

Input::Input(std::unique_ptr<Source> source) : source_(std::move(source)) {}
Input::Input(Input&&) noexcept = default;
Input& Input::operator=(Input&&) noexcept = default;
Input::~Input() = default;

Result<Input> Input::file(const std::string& path) {
    auto source = std::make_unique<Source>();
    source->name = path;
    source->file.reset(std::fopen(path.c_str(), "rb"));
    if (!source->file) {
        const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::io;
        return Error{code, fmt::format("{}: open: {}", path, std::strerror(errno))};
    }
    return Input(std::move(source));
}

Input Input::bytes(std::string name, std::string_view bytes) {
    auto source = std::make_unique<Source>();
    source->name = std::move(name);
    source->memory = bytes;
    return Input(std::move(source));
}

const std::string& Input::name() const {
    return source_->name;
}

Result<std::size_t> Input::read(char* out, std::size_t size) {
    SUAN_ASSERT(size > 0);
    Source& source = *source_;
    if (!source.started) {
        if (auto started = source.start(); !started) return std::move(started).error();
    }
    const std::size_t step = std::min(size, std::size_t{1} << 30);
    auto got = source.inflate ? source.read_gzip(out, step) : source.read_plain(out, step);
    if (!got) return got;
    source.bytes_out += *got;
    if (source.bytes_out > limits::trace_bytes_max) {
        return Error{ErrorCode::exhausted, fmt::format("{}: more than {} bytes of text, the limit",
                                                       source.name, limits::trace_bytes_max)};
    }
    return got;
}

// The buffer holds one line of the largest size and a chunk, so a refill always has room.
LineReader::LineReader(Input input)
    : input_(std::move(input)), buffer_(limits::trace_line_bytes_max + 2 + chunk_bytes, '\0') {}

Result<bool> LineReader::refill() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    auto got = input_.read(buffer_.data() + end_, buffer_.size() - end_);
    if (!got) return std::move(got).error();
    end_ += *got;
    return *got > 0;
}

std::string_view LineReader::take(std::size_t length, std::size_t ending) {
    std::string_view line(buffer_.data() + begin_, length);
    begin_ += length + ending;
    ++line_number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line_number_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    return line;
}

Result<bool> LineReader::next(std::string_view& line) {
    std::size_t searched = 0;
    while (true) {
        const char* start = buffer_.data() + begin_;
        const std::size_t have = end_ - begin_;
        const void* found = std::memchr(start + searched, '\n', have - searched);
        const std::size_t length =
            found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - start)
                             : have;
        if (length > limits::trace_line_bytes_max) {
            return Error{ErrorCode::exhausted,
                         fmt::format("{}:{}: a line of more than {} bytes, the limit", file(),
                                     line_number_ + 1, limits::trace_line_bytes_max)};
        }
        if (found != nullptr) {
            line = take(length, 1);
            return true;
        }
        if (ended_) break;
        searched = have;
        auto more = refill();
        if (!more) return std::move(more).error();
        ended_ = !*more;
    }
    if (begin_ == end_) return false;
    line = take(end_ - begin_, 0);
    return true;
}

Result<void> LineReader::check_text(std::string_view line) const {
    unsigned char high = 0;
    bool nul = false;
    for (const char c : line) {
        high |= static_cast<unsigned char>(c);
        nul |= c == '\0';
    }
    if (nul) {
        return Error{ErrorCode::invalid,
                     fmt::format("{}:{}: a NUL byte at byte {} of the line; expected text", file(),
                                 line_number_, line.find('\0'))};
    }
    if (high >= 0x80 && !is_utf8(line)) {
        return Error{ErrorCode::invalid, fmt::format("{}:{}: bytes that are not UTF-8; expected "
                                                     "UTF-8 text",
                                                     file(), line_number_)};
    }
    return {};
}

}  // namespace suan::sim
