// Bytes that are secret: the text of a key file, a PIN.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace suan::crypto {

// Its memory cannot be swapped out or dumped where the system allows that, and is wiped when given
// back. Moved, never copied by accident. An empty one holds nothing.
class SecretText {
public:
    SecretText() = default;
    // `size` bytes of zero; aborts where there is no memory left.
    explicit SecretText(std::size_t size);
    explicit SecretText(std::string_view copied);

    char* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {bytes_.get(), size_}; }
    operator std::string_view() const { return view(); }

    // Keeps the first `size` bytes; the rest is wiped with them later.
    void shorten(std::size_t size);

private:
    struct Wipe {
        std::size_t size;  // of the memory
        void operator()(char* bytes) const;
    };
    std::unique_ptr<char, Wipe> bytes_;
    std::size_t size_ = 0;
};

// Gives OpenSSL locked memory for the numbers of private keys, once for the process. Called by
// everything here that makes such a key.
void lock_secret_memory();

}  // namespace suan::crypto
