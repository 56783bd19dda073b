#include "log/sqlite/sqlite_log.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/sm3.hpp"
#include "log/record.hpp"

#include <fmt/format.h>

#include <sqlite3.h>

namespace suan::log {
namespace {

// Read from the database in one go, between two takings of the mutex.
constexpr std::size_t read_ahead_bytes = 256 << 10;

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

Error missing_entry(Seq expected, std::string found) {
    return corrupt(
        fmt::format("entry {}: expected a chunk that holds it, found {}", expected, found));
}

}  // namespace

Head SqliteLog::head() const {
    const std::lock_guard lock(head_mutex_);
    return head_;
}

Result<void> SqliteLog::writable() const {
    if (options_.mode == OpenMode::read) {
        return Error{ErrorCode::forbidden, "the log was opened for reading"};
    }
    if (!failed_) return {};
    return Error{ErrorCode::unavailable, "an earlier write failed: open the log again"};
}

Result<void> SqliteLog::commit(const std::function<Result<void>()>& work) {
    auto done = writer_.exec("BEGIN IMMEDIATE");
    if (done) done = work();
    if (done) done = writer_.exec("COMMIT");
    if (done) return {};
    writer_.rollback();
    failed_ = true;
    return done;
}

Result<void> SqliteLog::append(const Batch& batch) {
    const std::lock_guard lock(write_mutex_);
    auto allowed = writable();
    if (allowed) allowed = check_batch(head(), batch);
    if (!allowed) return allowed;
    auto done = commit([&] { return write_entries(batch); });
    if (!done) return std::move(done).error().wrap(fmt::format("append {}", batch.first_seq));
    const std::lock_guard head_lock(head_mutex_);
    head_.last_seq += batch.entries.size();
    return {};
}

Result<void> SqliteLog::write_entries(const Batch& batch) {
    std::string body;
    append_records(body, batch.first_seq, batch.entries);
    auto done =
        writes_.chunk.bind(1, batch.first_seq).bind(2, batch.entries.size()).bind(3, body).run();
    for (const Payload& payload : batch.payloads) {
        if (!done) return done;
        done = writes_.payload.bind(1, as_text(payload.hash)).bind(2, payload.body).run();
    }
    if (done && batch.also) done = batch.also();
    if (!done) return done;
    const Head now = head();
    return writes_.head.bind(1, now.last_seq + batch.entries.size()).bind(2, now.last_block).run();
}

Result<void> SqliteLog::put_block(const SealedBlock& block) {
    const std::lock_guard lock(write_mutex_);
    auto allowed = writable();
    if (allowed) allowed = check_next_block(head(), block);
    if (!allowed) return allowed;
    const std::string body = encode_block(block);
    auto done = commit([&] {
        auto inserted = writes_.block.bind(1, block.header.number).bind(2, body).run();
        if (!inserted) return inserted;
        return writes_.head.bind(1, head().last_seq).bind(2, block.header.number).run();
    });
    if (!done) {
        return std::move(done).error().wrap(fmt::format("store block {}", block.header.number));
    }
    const std::lock_guard head_lock(head_mutex_);
    head_.last_block = block.header.number;
    head_.last_block_seq = block.header.last_seq;
    head_.last_block_hash = block_hash(block.header);
    return {};
}

Result<void> SqliteLog::transact(const std::function<Result<void>()>& work) {
    const std::lock_guard lock(write_mutex_);
    auto allowed = writable();
    if (!allowed) return allowed;
    return commit(work);
}

// The chunks from the one that holds `from`, as many as fill the read-ahead. The first of them may
// start before `from`.
Result<std::vector<SqliteLog::Chunk>> SqliteLog::read_chunks(Seq from, Seq last) const {
    const std::lock_guard lock(read_mutex_);
    StatementUse find(reads_.first_chunk);
    find->bind(1, from);
    auto row = find->step();
    if (!row) return std::move(row).error();
    if (!*row) return missing_entry(from, "none");
    StatementUse select(reads_.chunks);
    select->bind(1, find->number(0));
    std::vector<Chunk> out;
    std::size_t bytes = 0;
    while (bytes < read_ahead_bytes) {
        row = select->step();
        if (!row) return std::move(row).error();
        if (!*row) break;
        const Seq first_seq = select->number(0);
        if (first_seq > last) break;
        out.push_back(Chunk{first_seq, select->number(1), std::string(select->blob(2))});
        bytes += out.back().body.size() + 1;
    }
    if (out.empty()) return missing_entry(from, "none");
    return out;
}

Result<void> SqliteLog::for_each(Seq first, Seq last, const EntryVisitor& visit) const {
    SUAN_ASSERT(first >= 1);
    last = std::min(last, head().last_seq);
    Seq next = first;
    while (next <= last) {
        auto chunks = read_chunks(next, last);
        if (!chunks) return std::move(chunks).error();
        for (const Chunk& chunk : *chunks) {
            const Seq end = chunk.first_seq + chunk.count;
            if (chunk.first_seq > next || end <= next) {
                return missing_entry(next,
                                     fmt::format("one of {} to {}", chunk.first_seq, end - 1));
            }
            if (chunk.first_seq != next && next != first) {
                return missing_entry(next, fmt::format("one from {}", chunk.first_seq));
            }
            auto visited =
                for_each_record(chunk.body, chunk.first_seq, chunk.count, next, last, visit);
            if (!visited) return std::move(visited).error();
            if (*visited == Next::stop) return {};
            next = end;
        }
    }
    return {};
}

Result<std::string> SqliteLog::payload(const Hash256& hash) const {
    const std::lock_guard lock(read_mutex_);
    StatementUse select(reads_.payload);
    select->bind(1, as_text(hash));
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) {
        return Error{ErrorCode::not_found, fmt::format("payload {}: none stored", to_hex(hash))};
    }
    std::string body(select->blob(0));
    const Hash256 found = crypto::sm3(body);
    if (found == hash) return body;
    return corrupt(fmt::format("payload {}: found bytes of SM3 {}", to_hex(hash), to_hex(found)));
}

Result<std::string> SqliteLog::block_bytes(std::uint64_t number) const {
    const std::lock_guard lock(read_mutex_);
    StatementUse select(reads_.block);
    select->bind(1, number);
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (*row) return std::string(select->blob(0));
    return Error{ErrorCode::not_found, fmt::format("block {}: none stored", number)};
}

Result<SealedBlock> SqliteLog::sealed_block(std::uint64_t number) const {
    auto bytes = block_bytes(number);
    if (!bytes) return std::move(bytes).error();
    auto decoded = decode_block(*bytes);
    if (!decoded) return std::move(decoded).error().wrap(fmt::format("block {}", number));
    if (decoded->header.number == number) return decoded;
    return corrupt(fmt::format("block {}: number: expected {}, found {}", number, number,
                               decoded->header.number));
}

Result<SealedBlock> SqliteLog::block(std::uint64_t number) const {
    auto found = sealed_block(number);
    return found ? with_cosignatures(std::move(*found)) : found;
}

// Blocks are numbered without gaps and their entries rise with the numbers, so halving finds one
// without an index that could disagree with them.
Result<SealedBlock> SqliteLog::block_of(Seq seq) const {
    const Head now = head();
    if (seq == 0 || seq > now.last_block_seq) {
        return Error{ErrorCode::not_found, fmt::format("entry {}: in no closed block yet", seq)};
    }
    std::uint64_t low = 1;
    std::uint64_t high = now.last_block;
    while (low <= high) {
        const std::uint64_t middle = low + (high - low) / 2;
        auto found = sealed_block(middle);
        if (!found) return found;
        if (seq < found->header.first_seq) {
            high = middle - 1;
        } else if (seq > found->header.last_seq) {
            low = middle + 1;
        } else {
            return with_cosignatures(std::move(*found));
        }
    }
    return corrupt(fmt::format("entry {}: expected a block that covers it, found none", seq));
}

Result<void> SqliteLog::checkpoint() {
    const std::lock_guard lock(checkpoint_mutex_);
    if (checkpointer_.handle() == nullptr) return {};
    return checkpointer_.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

Result<void> SqliteLog::check_file() const {
    const std::lock_guard lock(read_mutex_);
    auto check = reader_.prepare("PRAGMA integrity_check(1)");
    if (!check) return std::move(check).error();
    auto row = check->step();
    if (!row) return std::move(row).error();
    const std::string found(*row ? check->blob(0) : std::string_view());
    if (found == "ok") return {};
    return corrupt(
        fmt::format("{}: integrity check: expected ok, found {}", file_.string(), found));
}

}  // namespace suan::log
