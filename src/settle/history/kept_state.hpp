// The books as they were after a block, in a file beside the journal, so that opening does not
// replay what came before. What has finished is not in it: it is read again from the frames
// themselves. docs/formats/settle-history.md has the bytes. Derived from the journal, like
// segments.
#pragma once

#include "settle/books/books.hpp"
#include "settle/history/index.hpp"
#include "settle/journal.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace suan::settle {

struct KeptBook {
    std::uint32_t number = 0;
    BookState state;
    std::vector<std::uint64_t> sequences;  // of histories, by account
};

struct KeptState {
    Sealer::Position position;
    std::uint64_t offset = 0;  // in the journal, of the frame after it
    Time time;
    std::vector<KeptBook> books;
};

std::string encode_kept(const Hash256& journal_id, const KeptState& state);
// `corrupt` names the field, or says that it is of another journal.
Result<KeptState> decode_kept(std::string_view bytes, const Hash256& journal_id);

// The file of a folder; `not_found` where there is none.
std::filesystem::path kept_path(const std::filesystem::path& folder);
Result<KeptState> read_kept(const std::filesystem::path& folder, const Hash256& journal_id);

// Puts the finished transfers into the books, from the frames of the journal and from the segments,
// which reach up to the state's block.
Result<void> fill_finished(KeptState& state, const HistoryIndex& index, const Journal& journal);

}  // namespace suan::settle
