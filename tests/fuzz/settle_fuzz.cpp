// links: suan_settle
// settle: any bytes are a batch, a change, a frame, a contract, a run of moves, a kept state or an
// error, never a crash. What was
// read is written and read again alike; a journal of any bytes opens or is reported; a contract
// that compiles is evaluated without a fault. The first byte chooses the reader.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "ledger/contract/contract.hpp"
#include "log/crc32c.hpp"
#include "settle/admin_codec.hpp"
#include "settle/batch.hpp"
#include "settle/history/kept_state.hpp"
#include "settle/history/run.hpp"
#include "settle/journal.hpp"
#include "settle/steps.hpp"

#include <cstdint>
#include <string>

namespace {

using namespace suan;
using namespace suan::settle;
using ledger::ClauseKind;
using ledger::Contract;
using ledger::Facts;

void batch(std::string_view bytes) {
    const auto decoded = decode_batch(bytes);
    if (!decoded) {
        SUAN_ASSERT(decoded.error().context.starts_with("batch: offset "));
        return;
    }
    SUAN_ASSERT(encode_batch(*decoded) == bytes);
}

void change(std::string_view bytes) {
    const auto decoded = decode_admin(bytes);
    if (decoded) SUAN_ASSERT(encode_admin(*decoded) == bytes);
}

void contract(std::string_view text) {
    const auto compiled = Contract::compile(text);
    if (!compiled) {
        SUAN_ASSERT(compiled.error().context.starts_with("contract: "));
        return;
    }
    const Facts small{.amount = 1};
    Facts large{.amount = INT64_MAX, .code = UINT16_MAX, .unit = UINT32_MAX};
    large.user_data_32 = UINT32_MAX;
    large.user_data_64 = UINT64_MAX;
    large.now_us = INT64_MAX;
    large.balance = UINT64_MAX;
    large.signer = UINT32_MAX;
    large.held = 1;
    for (const ledger::Clause& clause : compiled->clauses()) {
        if (clause.operation_count == 0) continue;
        for (const Facts& facts : {small, large}) {
            const int128 value = compiled->evaluate(clause, facts);
            if (clause.kind == ClauseKind::require) SUAN_ASSERT(value == 0 || value == 1);
        }
    }
}

void run(std::string_view bytes) {
    RunReader in(bytes, {}, 1);
    std::uint64_t sequence = 0;
    while (!in.at_end()) {
        const auto item = in.next();
        if (!item) return;
        SUAN_ASSERT(item->sequence == ++sequence);
    }
}

// With a true checksum, so that what lies behind it is reached. A state that is read and makes
// books leads to books that can be read again.
void kept(std::string_view bytes) {
    std::string whole("SUANSST1");
    whole.append(32, '\0');
    whole.append(bytes);
    append_u32(whole, log::crc32c(whole));
    const auto state = decode_kept(whole, Hash256{});
    if (!state) return;
    SUAN_ASSERT(encode_kept(Hash256{}, *state) == whole);
    for (const KeptBook& book : state->books) {
        const auto made = Book::import_state(book.state, ledger::Options{.finished_kept = 100});
        if (made) SUAN_ASSERT(made->ledger().check_books().has_value());
    }
}

class MemoryFile final : public File {
public:
    explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        if (bytes_.size() < offset + bytes.size()) bytes_.resize(offset + bytes.size());
        bytes.copy(bytes_.data() + offset, bytes.size());
        return {};
    }
    Result<void> sync() override { return {}; }
    Result<void> truncate(std::uint64_t size) override {
        bytes_.resize(size);
        return {};
    }
    Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }
    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        return offset >= bytes_.size() ? std::string() : bytes_.substr(offset, count);
    }

private:
    std::string bytes_;
};

// Frames with true checksums around the bytes reach what lies behind the checksum.
void journal(std::string_view bytes, FrameKind kind) {
    MemoryFile file({});
    KeyDirectory keys;
    Decider decider({}, keys);
    const auto replay = [&](const Frame& frame) { return decider.replay(frame); };
    SUAN_ASSERT(Journal::open(file, Hash256{}, replay, Check::roots).has_value());
    if (bytes.size() > batch_head_bytes + 1) {
        std::string frame;
        Sealer sealer({});
        const std::string_view answers = bytes.substr(bytes.size() - 1);
        sealer.seal({kind, Time{1}, bytes.substr(0, bytes.size() - 1), answers, {}}, 0, frame);
        SUAN_ASSERT(file.write(journal_head_bytes, frame).has_value());
    }
    static_cast<void>(Journal::open(file, Hash256{}, replay, Check::roots).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes = as_text({data + 1, size - 1});
    switch (data[0] % 9U) {
        case 0:
            batch(bytes);
            break;
        case 1:
            change(bytes);
            break;
        case 2:
            contract(bytes);
            break;
        case 3:
            static_cast<void>(decode_frame(bytes).has_value());
            break;
        case 4:
            journal(bytes, FrameKind::change);
            break;
        case 5:
            journal(bytes, FrameKind::transfers);
            break;
        case 6:
            run(bytes);
            break;
        case 7:
            kept(bytes);
            break;
        default: {
            MemoryFile file(bytes);
            const auto ignore = [](const Frame&) { return Result<void>(); };
            static_cast<void>(Journal::open(file, Hash256{}, ignore, Check::roots).has_value());
        }
    }
    return 0;
}
