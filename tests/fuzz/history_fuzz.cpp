// links: suan_settle
// history: a segment of an index of any bytes, with true checksums in its head, so that what lies
// behind them is reached: whatever it is asked, it answers or says that it is broken.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "log/crc32c.hpp"
#include "settle/history/segment.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace {

using namespace suan;
using namespace suan::settle;

constexpr std::size_t head_bytes = 128;

// docs/formats/settle-history.md: the numbers of the head stand from byte 40 on, the checksums of
// the list of blocks and of the list of finishes at 96 and 100, that of the head at its end.
void make_true(std::string& bytes) {
    bytes.replace(0, 8, "SUANSHX1");
    bytes.replace(8, 32, std::string(32, '\0'));
    const auto number = [&](std::size_t i) { return read_u64(bytes, 40 + 8 * i); };
    const auto put = [&](std::size_t at, std::string_view part) {
        std::string crc;
        append_u32(crc, log::crc32c(part));
        bytes.replace(at, 4, crc);
    };
    const std::string_view body = std::string_view(bytes).substr(head_bytes);
    const std::uint64_t blocks = number(1) * 32;
    const std::uint64_t finishes_at = blocks + number(2) * 80 + number(4) * 16;
    if (blocks <= body.size()) put(96, body.substr(0, blocks));
    if (finishes_at <= body.size() && number(5) * 144 <= body.size() - finishes_at)
        put(100, body.substr(finishes_at, number(5) * 144));
    put(head_bytes - 4, std::string_view(bytes).substr(0, head_bytes - 4));
}

template <typename T>
void expect_told(const Result<T>& result) {
    if (!result) SUAN_ASSERT(result.error().context.find("history segment: ") != std::string::npos);
}

void ask(const Segment& segment) {
    const auto blocks = segment.blocks();
    expect_told(blocks);
    SUAN_ASSERT(blocks && blocks->size() == segment.end_block() - segment.first_block());
    expect_told(segment.block(segment.end_block() - 1));
    expect_told(segment.finishes());
    for (std::uint32_t book = 0; book < 3; ++book) {
        for (std::uint32_t account = 0; account < 3; ++account) {
            expect_told(segment.run_head(book, account));
            const auto run = segment.run(book, account);
            expect_told(run);
            if (!run || !*run) continue;
            RunReader in((*run)->bytes, (*run)->start, segment.first_block());
            while (!in.at_end() && in.next()) {
            }
        }
    }
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{7}, UINT64_MAX}) {
        const auto found = segment.find(hash, 4);
        expect_told(found);
        if (found) SUAN_ASSERT(found->size() <= 4);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(as_text({data, size}));
    if (size >= head_bytes) make_true(bytes);
    const int file = memfd_create("segment", MFD_CLOEXEC);
    SUAN_ASSERT(file >= 0);
    SUAN_ASSERT(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    const auto segment = Segment::open("/proc/self/fd/" + std::to_string(file), Hash256{});
    ::close(file);
    expect_told(segment);
    if (segment) ask(**segment);
    return 0;
}
