// Checks a journal without trusting whoever wrote it: checksums, chain, roots, every signature, and
// all answers and digests by deciding again. The file is read only; a torn tail is left as it is.
#pragma once

#include "settle/books/books.hpp"
#include "settle/journal.hpp"
#include "settle/verifier.hpp"

#include <filesystem>
#include <memory>

namespace suan::settle {

struct Audited {
    Hash256 journal_id{};
    std::uint64_t blocks = 0;
    std::uint64_t transfers = 0;
    std::uint64_t created = 0;
    std::uint64_t signatures = 0;
    Hash256 last_hash{};
    Time last_time;
    std::uint64_t tail_bytes = 0;  // after the last whole frame: torn, or space not yet used
};

enum class AuditDepth { replay, signatures };

// Called after each block, with the books as it left them. An error ends the audit.
using AfterBlock = std::function<Result<void>(const Block& block, const Books& books)>;

// A journal that nobody writes, as the books it leads to.
class AuditedJournal {
public:
    // `corrupt` names the block that does not come out the same; `io` where it cannot be read. The
    // options must be those that the journal was written with.
    static Result<AuditedJournal> open(const std::filesystem::path& path, AuditDepth depth,
                                       const Books::Options& options,
                                       const VerifierFactory& factory,
                                       const AfterBlock& after_block = {});

    const Audited& found() const { return found_; }
    const Books& books() const;

    AuditedJournal(AuditedJournal&&) noexcept;
    AuditedJournal& operator=(AuditedJournal&&) noexcept;
    ~AuditedJournal();

private:
    struct State;
    explicit AuditedJournal(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
    Audited found_;
};

}  // namespace suan::settle
