#include "witness/store.hpp"

#include "base/assert.hpp"
#include "log/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace suan::witness {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "SUANWIT1";
constexpr std::size_t snapshot_row_bytes = 8 << 20;

const char* const schema =
    "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS meta(id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS block(number INTEGER PRIMARY KEY, cosigned INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS sent(id INTEGER PRIMARY KEY, through INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS alarm(id INTEGER PRIMARY KEY, finding INTEGER NOT NULL,"
    " message BLOB NOT NULL, evidence BLOB NOT NULL);"
    "INSERT OR IGNORE INTO sent VALUES(1, 0); COMMIT";

Error corrupt(std::string context) {
    return Error{ErrorCode::corrupt, std::move(context)};
}

std::string encode(const Identity& identity) {
    std::string out(magic);
    log::append_fixed(out, identity.log_id);
    log::append_fixed(out, identity.operator_key);
    log::append_fixed(out, identity.witness_key);
    return out;
}

Result<Identity> decode_identity(std::string_view bytes) {
    log::ByteReader in(bytes, "witness folder");
    Identity out;
    in.expect(magic, "magic");
    out.log_id = in.hash("log id");
    out.operator_key = in.fixed<65>("operator key");
    out.witness_key = in.fixed<65>("witness key");
    in.expect_end();
    if (!in.ok()) return in.error();
    return out;
}

Result<void> make_folder(const fs::path& folder) {
    std::error_code failed;
    const bool made = fs::create_directories(folder, failed);
    if (!failed && made) fs::permissions(folder, fs::perms::owner_all, failed);
    if (failed)
        return Error{ErrorCode::io, fmt::format("{}: {}", folder.string(), failed.message())};
    return {};
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder) {
    auto made = make_folder(folder);
    if (!made) return std::move(made).error();
    auto store = std::make_unique<Store>();
    store->folder_ = folder;
    auto lock = log::LockFile::take(folder / "witness.lock");
    if (!lock) return std::move(lock).error().wrap("another witness uses this folder");
    store->lock_ = std::move(*lock);
    const fs::path file = folder / "witness.db";
    auto database = log::Database::open(file, log::Database::Mode::create);
    if (!database) return std::move(database).error();
    store->database_ = std::move(*database);
    auto ready = store->prepare();
    if (ready) ready = store->load();
    if (!ready) return std::move(ready).error().wrap(file.string());
    auto snapshots = log::SqliteSnapshots::open(file.string() + ".snapshots",
                                                log::Database::Mode::create, snapshot_row_bytes);
    if (!snapshots) return std::move(snapshots).error();
    store->snapshots_ = std::move(*snapshots);
    return store;
}

Result<void> Store::prepare() {
    auto made = database_.exec(schema);
    if (!made) {
        database_.rollback();
        return made;
    }
    const std::array<std::pair<log::Statement*, const char*>, 7> items = {{
        {&select_block_, "SELECT body FROM block WHERE number = ?"},
        {&select_signed_,
         "SELECT number, body FROM block WHERE number > ? AND cosigned = 1 ORDER BY number"},
        {&select_alarm_, "SELECT finding, message, evidence FROM alarm WHERE id = 1"},
        {&insert_block_, "INSERT INTO block VALUES(?, ?, ?)"},
        {&insert_meta_, "INSERT INTO meta VALUES(1, ?)"},
        {&update_sent_, "UPDATE sent SET through = ? WHERE id = 1"},
        {&insert_alarm_, "INSERT OR IGNORE INTO alarm VALUES(1, ?, ?, ?)"},
    }};
    for (const auto& [statement, sql] : items) {
        auto prepared = database_.prepare(sql);
        if (!prepared) return std::move(prepared).error();
        *statement = std::move(*prepared);
    }
    return {};
}

Result<void> Store::load() {
    auto select = database_.prepare(
        "SELECT (SELECT max(number) FROM block), (SELECT count(*) FROM block),"
        " (SELECT through FROM sent WHERE id = 1), (SELECT body FROM meta WHERE id = 1)");
    if (!select) return std::move(select).error();
    auto row = select->step();
    if (!row) return std::move(row).error();
    last_block_ = select->number(0);
    sent_ = select->number(2);
    if (last_block_ != select->number(1))
        return corrupt(fmt::format("blocks: expected 1 to {}, found {} of them", last_block_,
                                   select->number(1)));
    if (sent_ > last_block_)
        return corrupt(fmt::format("sent: expected at most {}, found {}", last_block_, sent_));
    const std::string meta(select->blob(3));
    if (meta.empty()) return {};
    auto identity = decode_identity(meta);
    if (!identity) return std::move(identity).error();
    identity_ = *identity;
    return {};
}

Result<void> Store::commit(const std::function<Result<void>()>& work) {
    auto done = database_.exec("BEGIN IMMEDIATE");
    if (done) done = work();
    if (done) done = database_.exec("COMMIT");
    if (!done) database_.rollback();
    return done;
}

Result<void> Store::set_identity(const Identity& identity) {
    SUAN_ASSERT(!identity_);
    auto done = insert_meta_.bind(1, encode(identity)).run();
    if (done) identity_ = identity;
    return done;
}

Result<log::SealedBlock> Store::block(std::uint64_t number) const {
    log::StatementUse select(select_block_);
    select->bind(1, number);
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return Error{ErrorCode::not_found, fmt::format("block {}: none kept", number)};
    auto block = log::decode_block(select->blob(0));
    if (!block) return std::move(block).error().wrap(fmt::format("kept block {}", number));
    if (block->header.number != number)
        return corrupt(
            fmt::format("kept block {}: number: found {}", number, block->header.number));
    return block;
}

Result<void> Store::add(std::span<const log::SealedBlock> blocks) {
    if (blocks.empty()) return {};
    auto done = commit([&]() -> Result<void> {
        std::uint64_t next = last_block_ + 1;
        for (const log::SealedBlock& block : blocks) {
            SUAN_ASSERT(block.header.number == next++);
            SUAN_ASSERT(block.witnesses.size() <= 1);
            const std::string body = log::encode_block(block);
            auto inserted = insert_block_.bind(1, block.header.number)
                                .bind(2, std::uint64_t{block.witnesses.size()})
                                .bind(3, body)
                                .run();
            if (!inserted) return inserted;
        }
        return {};
    });
    if (done) last_block_ = blocks.back().header.number;
    return done;
}

Result<Store::Unsent> Store::unsent(std::size_t max) const {
    Unsent out;
    log::StatementUse select(select_signed_);
    select->bind(1, sent_);
    while (out.list.size() < max) {
        auto row = select->step();
        if (!row) return std::move(row).error();
        if (!*row) {
            out.through = last_block_;
            return out;
        }
        const std::uint64_t number = select->number(0);
        auto block = log::decode_block(select->blob(1));
        if (!block) return std::move(block).error().wrap(fmt::format("kept block {}", number));
        if (block->witnesses.size() != 1 || block->header.number != number)
            return corrupt(fmt::format("kept block {}: expected a co-signature", number));
        out.list.push_back({number, block->witnesses[0]});
        out.through = number;
    }
    return out;
}

Result<void> Store::set_sent(std::uint64_t through) {
    if (through == sent_) return {};
    SUAN_ASSERT(through > sent_);
    SUAN_ASSERT(through <= last_block_);
    auto done = update_sent_.bind(1, through).run();
    if (done) sent_ = through;
    return done;
}

Result<std::optional<Alarm>> Store::alarm() const {
    log::StatementUse select(select_alarm_);
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<Alarm>();
    Alarm out;
    out.finding = Finding::contradiction;
    out.message = std::string(select->blob(1));
    auto evidence = log::decode_evidence(select->blob(2));
    if (!evidence) return std::move(evidence).error();
    out.evidence = std::move(*evidence);
    return std::optional(std::move(out));
}

Result<void> Store::raise(const Alarm& alarm) {
    SUAN_ASSERT(alarm.finding == Finding::contradiction);
    SUAN_ASSERT(alarm.evidence.has_value());
    const std::string evidence = log::encode_evidence(*alarm.evidence);
    return insert_alarm_.bind(1, std::uint64_t{static_cast<std::uint8_t>(alarm.finding)})
        .bind(2, std::string_view(alarm.message))
        .bind(3, evidence)
        .run();
}

}  // namespace suan::witness
