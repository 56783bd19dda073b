#include "bin/log_checks.hpp"

#include "bin/cli.hpp"
#include "bin/hub/data_folder.hpp"
#include "bin/units.hpp"
#include "log/export.hpp"
#include "log/sqlite/sqlite_log.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <optional>

namespace suan::bin {
namespace {

constexpr std::size_t bill_bytes_max = std::size_t{1} << 30;

template <typename T>
T checked(Result<T> result, std::string_view doing) {
    if (result) return std::move(*result);
    const bool file =
        result.error().code == ErrorCode::io || result.error().code == ErrorCode::not_found;
    throw Failed(file ? ExitCode::io : ExitCode::refused,
                 fmt::format("{}: {}", doing, result.error().context));
}

std::optional<crypto::PublicKey> given_key(const std::string& file) {
    if (file.empty()) return std::nullopt;
    return checked(crypto::PublicKey::load(file), file);
}

class Stopwatch {
public:
    std::int64_t ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now() - begin_)
            .count();
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::unique_ptr<log::SqliteLog> open_for_reading(const DataFolder& folder) {
    log::SqliteOptions options;
    options.mode = log::OpenMode::read;
    return checked(log::SqliteLog::open(folder.log(), options), folder.log().string());
}

std::string whose_key(bool given, const std::string& sm3) {
    if (given) return fmt::format("signed by the key that you gave (SM3 {}...)", sm3.substr(0, 16));
    return fmt::format(
        "signed by the key {}... that came along; give --key to say whose it must be",
        sm3.substr(0, 16));
}

void check_journal(const std::filesystem::path& journal, CheckedLog& out) {
    const auto audited = checked(runtime::check_anchors(journal, out.result.anchors),
                                 "the journal of settlement is not the one that was metered");
    out.has_journal = true;
    out.journal_blocks = audited.blocks;
    out.journal_transfers = audited.created;
}

}  // namespace

CheckedLog check_data_folder(const std::string& data, const std::string& key_file,
                             bool from_snapshot) {
    const Stopwatch watch;
    const DataFolder folder = checked(find_data_folder(data), "log verify");
    auto key = given_key(key_file);
    CheckedLog out;
    out.key_was_given = key.has_value();
    if (!key) key = checked(load_public_key(folder), folder.public_key().string());
    auto log = open_for_reading(folder);
    runtime::ReexecuteOptions options;
    if (from_snapshot) options.from = runtime::VerifyFrom::newest_snapshot;
    out.result = checked(runtime::reexecute(*log, *key, options), "the log does not verify");
    out.key_sm3 = to_hex(key->id());
    std::error_code none;
    if (!out.result.anchors.empty() || std::filesystem::exists(folder.ledgers(), none))
        check_journal(folder.ledgers(), out);
    out.took_ms = watch.ms();
    return out;
}

CheckedLog check_export_file(const std::string& file, const std::string& key_file,
                             const std::string& journal) {
    const Stopwatch watch;
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Failed(ExitCode::io, fmt::format("cannot read {}", file));
    runtime::Reexecutor executor{core::State{}};
    CheckedLog out;
    log::ExportReading reading;
    reading.trusted = given_key(key_file);
    out.key_was_given = reading.trusted.has_value();
    reading.each_entry = [&](log::Seq seq, std::string_view bytes) {
        out.result.last_seq = seq;
        return executor.entry(seq, bytes);
    };
    reading.each_block = [&](const log::SealedBlock& block) { return executor.block(block); };
    const log::Exported exported = checked(log::read_export(in, reading), file);
    out.key_sm3 = to_hex(exported.operator_key.id());
    out.result.entries = exported.verified.entries;
    out.result.blocks = exported.verified.blocks;
    out.result.last_block_seq = exported.verified.last_block_seq;
    out.result.state_digest = executor.state().digest();
    out.result.anchors = executor.take_anchors();
    if (!journal.empty()) check_journal(journal, out);
    out.took_ms = watch.ms();
    return out;
}

std::string checked_log_text(const CheckedLog& c) {
    const auto count = [](std::uint64_t n) { return count_text(static_cast<std::int64_t>(n)); };
    const std::int64_t rate =
        c.took_ms == 0 ? 0 : static_cast<std::int64_t>(c.result.entries) * 1'000 / c.took_ms;
    std::string text = fmt::format(
        "The log verifies: {} entries decided again, and every event came out the same.\n",
        count(c.result.entries));
    text += fmt::format("{} blocks, chained and {}.\n", count(c.result.blocks),
                        whose_key(c.key_was_given, c.key_sm3));
    if (c.result.last_block_seq < c.result.last_seq)
        text += fmt::format("{} entries at the end are in no block yet.\n",
                            count(c.result.last_seq - c.result.last_block_seq));
    if (c.has_journal) {
        text += fmt::format(
            "Tenants' ledgers: {} blocks with {} transfers decided again; {} anchors in "
            "the log name them.\n",
            count(c.journal_blocks), count(c.journal_transfers), count(c.result.anchors.size()));
    } else if (!c.result.anchors.empty()) {
        text += fmt::format("{} anchors of tenants' ledgers were not checked: give --journal.\n",
                            count(c.result.anchors.size()));
    }
    return text + fmt::format("State digest {}. {} ms, {} entries a second.\n",
                              to_hex(c.result.state_digest), count_text(c.took_ms),
                              count_text(rate));
}

std::string checked_log_json(const CheckedLog& c) {
    boost::json::object o;
    o["verified"] = true;
    o["entries"] = c.result.entries;
    o["from_seq"] = c.result.from_seq;
    o["last_seq"] = c.result.last_seq;
    o["blocks"] = c.result.blocks;
    o["last_block_seq"] = c.result.last_block_seq;
    o["state_digest"] = to_hex(c.result.state_digest);
    o["operator_key_sm3"] = c.key_sm3;
    o["key_was_given"] = c.key_was_given;
    o["anchors"] = c.result.anchors.size();
    if (c.has_journal) {
        o["journal_blocks"] = c.journal_blocks;
        o["journal_transfers"] = c.journal_transfers;
    }
    o["took_ms"] = c.took_ms;
    return boost::json::serialize(o) + "\n";
}

std::uint64_t export_data_folder(const std::string& data, const std::string& file) {
    const DataFolder folder = checked(find_data_folder(data), "log export");
    const auto key = checked(load_public_key(folder), folder.public_key().string());
    auto log = open_for_reading(folder);
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    if (!out) throw Failed(ExitCode::io, fmt::format("cannot write {}", file));
    return checked(log::export_log(*log, key, out), "log export").entries;
}

CheckedBillFile check_bill_file(const std::string& file, const std::string& key_file) {
    const std::string bytes = read_file(file, bill_bytes_max);
    const log::BillBundle bundle = checked(log::decode_bill_bundle(bytes), file);
    auto key = given_key(key_file);
    CheckedBillFile out;
    out.key_was_given = key.has_value();
    if (!key)
        key = checked(crypto::PublicKey::from_raw(
                          as_text({bundle.operator_key.data(), bundle.operator_key.size()})),
                      file);
    out.key_sm3 = to_hex(key->id());
    out.bill = checked(runtime::verify_bill(bundle, *key), "the bill does not verify");
    return out;
}

std::string checked_bill_text(const CheckedBillFile& c) {
    const runtime::CheckedBill& b = c.bill;
    const auto count = [](std::uint64_t n) { return count_text(static_cast<std::int64_t>(n)); };
    std::string text =
        fmt::format("The bill verifies: invoice {} of org {}, {} to {}.\n", b.invoice_id,
                    b.org.value, time_text(b.from.us), time_text(b.to.us));
    text += fmt::format(
        "{} charges of {} leases and {} jobs add up to {} CNY; with corrections of {} CNY: {} "
        "CNY.\n",
        count(b.charges), count(b.leases), count(b.jobs), yuan_text(b.charged.micro_yuan),
        yuan_text(b.corrections.micro_yuan), yuan_text(b.total.micro_yuan));
    return text + fmt::format("{} entries proven by {} blocks, {}.\n", count(b.entries),
                              count(b.blocks), whose_key(c.key_was_given, c.key_sm3));
}

std::string checked_bill_json(const CheckedBillFile& c) {
    boost::json::object o;
    o["verified"] = true;
    o["invoice_id"] = c.bill.invoice_id;
    o["org_id"] = c.bill.org.value;
    o["from_us"] = c.bill.from.us;
    o["to_us"] = c.bill.to.us;
    o["jobs"] = c.bill.jobs;
    o["leases"] = c.bill.leases;
    o["charges"] = c.bill.charges;
    o["entries"] = c.bill.entries;
    o["blocks"] = c.bill.blocks;
    o["charged_micro_yuan"] = c.bill.charged.micro_yuan;
    o["corrections_micro_yuan"] = c.bill.corrections.micro_yuan;
    o["total_micro_yuan"] = c.bill.total.micro_yuan;
    o["operator_key_sm3"] = c.key_sm3;
    o["key_was_given"] = c.key_was_given;
    return boost::json::serialize(o) + "\n";
}

}  // namespace suan::bin
