#include "settle/audit.hpp"

#include "settle/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace suan::settle {
namespace {

// What is written is dropped, and what is cut only looks cut.
class ReadOnlyFile final : public File {
public:
    static Result<ReadOnlyFile> open(const std::filesystem::path& path) {
        ReadOnlyFile out;
        out.in_.open(path, std::ios::binary | std::ios::ate);
        if (!out.in_) {
            return Error{ErrorCode::io, fmt::format("{}: it cannot be read", path.string())};
        }
        out.size_ = static_cast<std::uint64_t>(out.in_.tellg());
        return out;
    }

    Result<void> write(std::uint64_t, std::string_view) override { return {}; }
    Result<void> sync() override { return {}; }
    Result<void> truncate(std::uint64_t size) override {
        size_ = std::min(size_, size);
        return {};
    }
    Result<std::uint64_t> size() const override { return std::uint64_t{size_}; }
    Result<std::string> read(std::uint64_t offset, std::size_t count) const override {
        if (offset >= size_) return std::string();
        std::string out(std::min<std::uint64_t>(count, size_ - offset), '\0');
        in_.clear();
        in_.seekg(static_cast<std::streamoff>(offset));
        in_.read(out.data(), static_cast<std::streamsize>(out.size()));
        out.resize(static_cast<std::size_t>(in_.gcount()));
        return out;
    }

private:
    mutable std::ifstream in_;
    std::uint64_t size_ = 0;
};

void count(const Frame& frame, Audited& found) {
    found.last_time = frame.block.time;
    if (frame.block.kind != FrameKind::transfers) return;
    found.transfers += frame.answers.size();
    const auto created = std::count(frame.answers.begin(), frame.answers.end(), '\0');
    found.created += static_cast<std::uint64_t>(created);
    if (read_u32(frame.body, 8) != 0) found.signatures += frame.answers.size();
}

}  // namespace

struct AuditedJournal::State {
    explicit State(const Books::Options& options) : decider(options, keys) {}
    KeyDirectory keys;
    Decider decider;
};

AuditedJournal::AuditedJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditedJournal::AuditedJournal(AuditedJournal&&) noexcept = default;
AuditedJournal& AuditedJournal::operator=(AuditedJournal&&) noexcept = default;
AuditedJournal::~AuditedJournal() = default;

const Books& AuditedJournal::books() const {
    return state_->decider.books();
}

Result<AuditedJournal> AuditedJournal::open(const std::filesystem::path& path, AuditDepth depth,
                                            const Books::Options& options,
                                            const VerifierFactory& factory,
                                            const AfterBlock& after_block) {
    Result<ReadOnlyFile> file = ReadOnlyFile::open(path);
    if (!file) return std::move(file).error();
    // The id is what signatures are over, so it is read before the frames are.
    const Result<std::string> head = file->read(0, journal_head_bytes);
    if (!head) return head.error();
    if (head->size() < journal_head_bytes || !head->starts_with("SUANSTL1")) {
        return Error{ErrorCode::corrupt,
                     fmt::format("{}: offset 0: expected SUANSTL1: no journal", path.string())};
    }
    AuditedJournal out(std::make_unique<State>(options));
    std::copy_n(as_bytes(*head).begin() + 8, 32, out.found_.journal_id.begin());
    State& state = *out.state_;
    Checker checker(out.found_.journal_id, state.keys, factory);
    Journal::Opened opened;
    const auto visit = [&](const Frame& frame) -> Result<void> {
        auto done = depth == AuditDepth::signatures ? state.decider.audit(frame, checker)
                                                    : state.decider.replay(frame);
        if (done) count(frame, out.found_);
        if (done && after_block) done = after_block(frame.block, state.decider.books());
        return done;
    };
    const Result<Journal> journal =
        Journal::open(*file, out.found_.journal_id, visit, Check::roots, &opened);
    if (!journal) {
        Error error = journal.error();
        return std::move(error).wrap(path.string());
    }
    out.found_.blocks = journal->position().last_number;
    out.found_.last_hash = journal->position().last_hash;
    out.found_.tail_bytes = opened.bytes_cut;
    if (auto books = out.books().check(); !books) return std::move(books).error();
    return out;
}

}  // namespace suan::settle
