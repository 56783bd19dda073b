// links: suan_runtime suan_core suan_log suan_crypto suan_proto
// Everything that is read back from a log: any bytes give what was written or an error, never a
// crash, and what was read is written again alike. The first byte chooses the reader.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "core/state.hpp"
#include "log/block.hpp"
#include "log/cosignature.hpp"
#include "log/entry.hpp"
#include "log/evidence.hpp"
#include "log/export.hpp"
#include "log/receipt.hpp"
#include "log/record.hpp"
#include "log/segment.hpp"
#include "pieces.hpp"
#include "runtime/verify.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using suan::ErrorCode;
using suan::Result;

template <typename T>
void check_error(const Result<T>& result) {
    if (!result) SUAN_ASSERT(!result.error().context.empty());
}

// A chunk: how many entries it holds, the number of its first, its body.
void read_chunk(std::string_view input) {
    if (input.size() < 2) return;
    const auto count = static_cast<std::uint8_t>(input[0]);
    const std::uint64_t first = 1 + static_cast<std::uint8_t>(input[1]);
    std::vector<std::string> found;
    const auto read = suan::log::for_each_record(
        input.substr(2), first, count, first, UINT64_MAX,
        [&](suan::log::Seq seq, std::string_view entry) -> Result<suan::log::Next> {
            SUAN_ASSERT(seq == first + found.size());
            found.emplace_back(entry);
            return suan::log::Next::more;
        });
    check_error(read);
    if (!read) return;
    const std::vector<std::string_view> views(found.begin(), found.end());
    std::string body;
    suan::log::append_records(body, first, views);
    SUAN_ASSERT(body == input.substr(2));
}

void read_entry(std::string_view input) {
    const suan::Hash256 hash = suan::log::entry_hash(input);
    const auto parts = suan::log::split_entry(input);
    check_error(parts);
    if (parts && !suan::log::hashed_whole(parts->command_kind)) {
        std::vector<std::uint32_t> events;
        for (std::uint32_t i = 1; i <= parts->events.size(); i += 2)
            events.push_back(i);
        const auto shown = suan::log::show_parts(input, suan::log::ShowCommand::yes, events);
        SUAN_ASSERT(shown.has_value() != parts->header.empty());
        if (shown) SUAN_ASSERT(suan::log::entry_hash(suan::log::encode_shown(*shown)) == hash);
    }
    const auto shown = suan::log::decode_shown(input);
    check_error(shown);
    if (shown) SUAN_ASSERT(suan::log::encode_shown(*shown) == input);
}

void read_block(std::string_view input) {
    const auto header = suan::log::decode_header(input);
    check_error(header);
    if (header) SUAN_ASSERT(suan::log::encode_header(*header) == input);
    const auto block = suan::log::decode_block(input);
    check_error(block);
    if (block) {
        SUAN_ASSERT(suan::log::encode_block(*block) == input);
        // Keys of witnesses are any bytes, too: false, or true of a true one.
        for (const suan::log::WitnessSignature& witness : block->witnesses)
            static_cast<void>(suan::log::verify_cosignature({}, block->header, witness));
    }
    const auto receipt = suan::log::decode_receipt(input);
    check_error(receipt);
    if (receipt) SUAN_ASSERT(suan::log::encode_receipt(*receipt) == input);
}

void read_export(std::string_view input) {
    std::istringstream in{std::string(input)};
    suan::log::ExportReading reading;
    suan::runtime::Reexecutor again{suan::core::State{}};
    reading.each_entry = [&](suan::log::Seq seq, std::string_view bytes) {
        return again.entry(seq, bytes);
    };
    reading.each_block = [&](const suan::log::SealedBlock& block) { return again.block(block); };
    check_error(suan::log::read_export(in, reading));
}

void read_snapshot(std::string_view input) {
    suan::StateSnapshot snapshot;
    if (!snapshot.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
    std::string error;
    auto state = suan::core::from_snapshot(snapshot, error);
    SUAN_ASSERT(state.has_value() == error.empty());
    if (!state) return;
    std::string again_error;
    auto again = suan::core::from_snapshot(suan::core::to_snapshot(*state), again_error);
    SUAN_ASSERT(again.has_value());
    SUAN_ASSERT(again->digest() == state->digest());
}

// Entries one after another: the first that was not decided so is named.
void read_entries(std::string_view input) {
    suan::runtime::Reexecutor again{suan::core::State{}};
    std::uint64_t seq = 0;
    for (const std::string_view entry : suan::fuzz::pieces_of(input)) {
        const auto done = again.entry(++seq, entry);
        check_error(done);
        if (!done) return;
    }
}

// What a hub sends to those who follow it: nothing in it may break the follower.
void read_segment(std::string_view input) {
    suan::log::SegmentReading reading;
    suan::runtime::Reexecutor again{suan::core::State{}};
    reading.start = [](const suan::log::SegmentHead&) { return Result<void>(); };
    reading.entry = [&](suan::log::Seq seq, std::string_view bytes) {
        return again.entry(seq, bytes);
    };
    reading.block = [&](const suan::log::SealedBlock& block) { return again.block(block); };
    check_error(suan::log::read_segment(input, reading));
}

void read_evidence(std::string_view input) {
    const auto evidence = suan::log::decode_evidence(input);
    check_error(evidence);
    if (!evidence) return;
    SUAN_ASSERT(suan::log::encode_evidence(*evidence) == input);
    check_error(suan::log::judge(*evidence));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    google::protobuf::SetLogHandler(nullptr);
    if (size == 0) return 0;
    constexpr void (*readers[])(std::string_view) = {read_chunk,   read_entry,    read_block,
                                                     read_export,  read_snapshot, read_entries,
                                                     read_segment, read_evidence};
    readers[data[0] % std::size(readers)](suan::as_text({data + 1, size - 1}));
    return 0;
}
