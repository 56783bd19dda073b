// Small files that a command writes: secrets with mode 0600, and files that appear whole or not.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace suan::bin {

// A file written piece by piece beside its place and renamed over it at the end, so that a reader
// sees all of it or nothing. Without commit() nothing stays. Everything throws Failed(io).
class WholeFile {
public:
    WholeFile(const std::filesystem::path& file, mode_t mode);
    ~WholeFile();
    WholeFile(const WholeFile&) = delete;
    WholeFile& operator=(const WholeFile&) = delete;
    void write(std::string_view text);
    void commit();

private:
    std::filesystem::path file_, part_;
    int fd_ = -1;
};

// Throws Failed(io).
void write_secret_file(const std::filesystem::path& file, std::string_view text);
void write_whole_file(const std::filesystem::path& file, std::string_view text);

}  // namespace suan::bin
