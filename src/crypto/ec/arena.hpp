// Memory for the kernels: one growing block, taken from in order and given back all at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suan::crypto::ec {

// Owns its memory and wipes it before freeing it. One object belongs to one thread at a time.
class Arena {
public:
    Arena() = default;
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // 64-byte aligned, not initialised; valid until the mark under it is restored.
    void* take(std::size_t bytes);

    // Everything taken after mark() is given back by restore(). Blocks are kept for the next user.
    struct Mark {
        std::size_t block = 0;
        std::size_t used = 0;
    };
    Mark mark() const;
    void restore(Mark mark);

    // Overwrites what was ever taken.
    void wipe();

private:
    static constexpr std::size_t blocks_max = 64;
    struct Block {
        void* data;
        std::size_t size;
    };
    Block blocks_[blocks_max] = {};
    std::size_t count_ = 0;
    std::size_t block_ = 0;
    std::size_t used_ = 0;
};

namespace {
template <typename T>
T* take(Arena& arena, std::size_t count) {
    return static_cast<T*>(arena.take(count * sizeof(T)));
}
}  // namespace

}  // namespace suan::crypto::ec
