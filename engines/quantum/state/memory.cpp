#include "quantum/state/state_vector.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace suan::quantum {

namespace {

constexpr std::size_t huge_page_bytes = 2U << 20;

bool is_large(std::size_t bytes) {
    return bytes >= huge_page_bytes;
}

}  // namespace

Memory Memory::zeros(std::size_t bytes) {
    Memory memory;
    bytes = (bytes + 63) / 64 * 64;
    if (!is_large(bytes)) {
        void* data = std::aligned_alloc(64, bytes);
        if (data != nullptr) std::memset(data, 0, bytes);
        memory.data_ = data;
    } else {
        bytes = (bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
        void* data =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (data == MAP_FAILED) return memory;
        // Without huge pages it still works.
        (void)madvise(data, bytes, MADV_HUGEPAGE);
        memory.data_ = data;
    }
    memory.bytes_ = memory.data_ == nullptr ? 0 : bytes;
    return memory;
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

Memory::~Memory() {
    if (data_ == nullptr) return;
    if (is_large(bytes_))
        munmap(data_, bytes_);
    else
        std::free(data_);
}

}  // namespace suan::quantum
