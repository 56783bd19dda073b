#include "bin/log_evidence.hpp"

#include "base/bytes.hpp"
#include "bin/files.hpp"
#include "bin/units.hpp"
#include "crypto/sm3.hpp"
#include "log/evidence.hpp"
#include "log/export.hpp"
#include "log/receipt.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <fstream>
#include <map>
#include <optional>

namespace suan::bin {
namespace {

constexpr std::size_t small_file_bytes_max = 1 << 20;

struct EvidenceOptions {
    std::string first, second, key, out;
};

template <typename T>
T checked(Result<T> result, const std::string& file) {
    if (result) return std::move(*result);
    const ErrorCode code = result.error().code;
    throw Failed(
        code == ErrorCode::io || code == ErrorCode::not_found ? ExitCode::io : ExitCode::refused,
        fmt::format("{}: {}", file, result.error().context));
}

// What a file says about the log: an export all of its blocks, a receipt one.
struct Side {
    std::string file;
    std::optional<Hash256> log_id;  // of an export
    std::optional<crypto::PublicKey> operator_key;
    std::map<std::uint64_t, log::SealedBlock> blocks;
    std::optional<log::Receipt> receipt;

    std::uint64_t last() const { return blocks.empty() ? 0 : blocks.rbegin()->first; }
};

Side read_exported(const std::string& file) {
    Side out;
    out.file = file;
    std::ifstream in(file, std::ios::binary);
    log::ExportReading reading;
    reading.each_block = [&](const log::SealedBlock& block) -> Result<void> {
        out.blocks.emplace(block.header.number, block);
        return {};
    };
    const log::Exported exported = checked(log::read_export(in, reading), file);
    out.log_id = exported.log_id;
    out.operator_key = exported.operator_key;
    return out;
}

Side read_side(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string magic(8, '\0');
    if (!in.read(magic.data(), 8))
        throw Failed(ExitCode::io, fmt::format("cannot read {}", file),
                     "name a file of `suan log export`, or a receipt");
    if (magic == "SUANEXP1") return read_exported(file);
    if (magic != "SUANRCP1")
        throw Failed(ExitCode::usage,
                     fmt::format("{} is neither an exported log nor a receipt", file));
    Side out;
    out.file = file;
    out.receipt = checked(log::decode_receipt(read_file(file, small_file_bytes_max)), file);
    out.blocks.emplace(out.receipt->block.header.number, out.receipt->block);
    return out;
}

crypto::PublicKey key_of(const EvidenceOptions& o, const Side& a, const Side& b) {
    if (!o.key.empty()) return checked(crypto::PublicKey::load(o.key), o.key);
    if (a.operator_key && b.operator_key && !(*a.operator_key == *b.operator_key))
        throw Failed(ExitCode::refused, "the two are signed by different operators' keys",
                     "they are of different centres, or one is not what it claims to be");
    if (a.operator_key) return *a.operator_key;
    if (b.operator_key) return *b.operator_key;
    throw Failed(ExitCode::usage, "two receipts do not say whose they are",
                 "name the operator's public key with --key");
}

// The first pair of blocks that cannot both be of one log.
std::optional<std::pair<log::SealedBlock, log::SealedBlock>> first_clash(const Side& a,
                                                                         const Side& b) {
    for (const auto& [number, block] : a.blocks) {
        const auto same = b.blocks.find(number);
        if (same != b.blocks.end() && !(same->second.header == block.header))
            return std::pair(block, same->second);
    }
    for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        for (const auto& [number, block] : one->blocks) {
            const auto next = other->blocks.find(number + 1);
            if (next != other->blocks.end() &&
                next->second.header.previous != log::block_hash(block.header))
                return std::pair(block, next->second);
        }
    }
    return std::nullopt;
}

std::string agreement(const Side& a, const Side& b) {
    std::uint64_t common = 0;
    for (const auto& [number, block] : a.blocks)
        common += b.blocks.count(number);
    if (common == 0)
        return fmt::format(
            "Nothing contradicts, and nothing is shown: {} and {} have no block in "
            "common.\n",
            a.file, b.file);
    std::string text = fmt::format("They agree on all {} blocks that both have.\n",
                                   count_text(static_cast<std::int64_t>(common)));
    if (!a.receipt && !b.receipt && a.last() != b.last()) {
        const Side& longer = a.last() > b.last() ? a : b;
        const Side& shorter = a.last() > b.last() ? b : a;
        text += fmt::format("{} ends at block {}; {} goes on to block {}.\n", shorter.file,
                            shorter.last(), longer.file, longer.last());
    }
    return text;
}

std::string meaning(log::Contradiction kind) {
    switch (kind) {
        case log::Contradiction::fork:
            return "Both follow the same block, so they are of one log: whoever holds the "
                   "operator's key wrote two histories of it.";
        case log::Contradiction::two_blocks:
            return "They have one number and follow different blocks: whoever holds the "
                   "operator's key signed two histories. That both are of one log follows only if "
                   "this key signs one log, as a centre's key does.";
        case log::Contradiction::denied_block:
            return "The second comes right after the first by its number, and says that another "
                   "block or other entries came before it: one of the two is not of the log, if "
                   "this key signs one log, as a centre's key does.";
    }
    return "";
}

std::string block_text(const char* which, const log::SealedBlock& block) {
    const log::BlockHeader& h = block.header;
    return fmt::format(
        "{}: block {}, entries {} to {}, closed {}\n    SM3      {}\n    follows  "
        "{}\n    root     {}\n    state    {}\n",
        which, h.number, h.first_seq, h.last_seq, time_text(h.time.us), to_hex(log::block_hash(h)),
        to_hex(h.previous), to_hex(h.merkle_root), to_hex(h.state_digest));
}

std::string evidence_text(const log::Evidence& evidence, const log::Judged& judged, bool given) {
    const auto key = crypto::PublicKey::from_raw(as_text(evidence.operator_key)).value();
    std::string text = block_text("First", evidence.first) + block_text("Second", evidence.second);
    text += fmt::format("Both carry a good SM2 signature by the key {}{}.\n", to_hex(key.id()),
                        given ? ", the one that you gave"
                              : " that the evidence names; give --key to say whose it must be");
    for (const log::Cosigner& cosigner : judged.cosigners)
        text += fmt::format("Co-signed {} by the witness key {}.\n",
                            cosigner.first && cosigner.second ? "both"
                            : cosigner.first                  ? "the first"
                                                              : "the second",
                            to_hex(crypto::sm3(as_text(cosigner.key))));
    text += "What it proves: " + meaning(judged.kind) + "\n";
    return text +
           "What it does not prove: which of the two is the true one, who saw which, or why; a "
           "stolen key, a hub run twice from a copied folder and a fraud look the same here.\n";
}

std::string evidence_json(const log::Evidence& evidence, const log::Judged& judged) {
    const auto block = [](const log::SealedBlock& b) {
        return boost::json::object{{"number", b.header.number},
                                   {"sm3", to_hex(log::block_hash(b.header))},
                                   {"previous_sm3", to_hex(b.header.previous)},
                                   {"time_us", b.header.time.us}};
    };
    boost::json::array cosigners;
    for (const log::Cosigner& cosigner : judged.cosigners)
        cosigners.push_back(
            boost::json::object{{"public_key_sm3", to_hex(crypto::sm3(as_text(cosigner.key)))},
                                {"first", cosigner.first},
                                {"second", cosigner.second}});
    const boost::json::object o{
        {"proven", log::to_string(judged.kind)},
        {"log_id", to_hex(evidence.log_id)},
        {"operator_key_sm3", to_hex(crypto::sm3(as_text(evidence.operator_key)))},
        {"first", block(evidence.first)},
        {"second", block(evidence.second)},
        {"cosigners", std::move(cosigners)}};
    return boost::json::serialize(o) + "\n";
}

// Each receipt must be good by itself before it is held against anything.
void check_receipt(const Side& side, const crypto::PublicKey& key) {
    if (!side.receipt) return;
    const auto good = log::verify_receipt(*side.receipt, key);
    if (!good)
        throw Failed(ExitCode::refused, fmt::format("{}: {}", side.file, good.error().context));
}

ExitCode compare(Cli& cli, EvidenceOptions& o) {
    const Side a = read_side(o.first);
    const Side b = read_side(o.second);
    if (a.log_id && b.log_id && *a.log_id != *b.log_id)
        throw Failed(ExitCode::refused, "the two are different logs: their ids differ");
    const crypto::PublicKey key = key_of(o, a, b);
    check_receipt(a, key);
    check_receipt(b, key);
    const auto clash = first_clash(a, b);
    if (!clash) {
        put(cli.json ? "{\"contradiction\":false}\n" : agreement(a, b));
        return ExitCode::ok;
    }
    log::Evidence evidence;
    evidence.log_id = a.log_id ? *a.log_id : b.log_id.value_or(Hash256{});
    evidence.operator_key = key.raw();
    evidence.first = clash->first;
    evidence.second = clash->second;
    const log::Judged judged = checked(log::judge(evidence), "the two differ, but");
    const std::string file =
        o.out.empty() ? fmt::format("contradiction-{}.evidence", evidence.first.header.number)
                      : o.out;
    write_whole_file(file, log::encode_evidence(evidence));
    put(cli.json ? evidence_json(evidence, judged)
                 : evidence_text(evidence, judged, !o.key.empty()));
    put_error(fmt::format("suan: the two contradict each other; the evidence is in {}\n", file));
    return ExitCode::contradiction;
}

ExitCode show_evidence(Cli& cli, EvidenceOptions& o) {
    const log::Evidence evidence =
        checked(log::decode_evidence(read_file(o.first, small_file_bytes_max)), o.first);
    if (!o.key.empty()) {
        const auto key = checked(crypto::PublicKey::load(o.key), o.key);
        if (key.raw() != evidence.operator_key)
            throw Failed(ExitCode::refused,
                         "the evidence is about another operator's key than the "
                         "one that you gave");
    }
    const auto judged = log::judge(evidence);
    if (!judged)
        throw Failed(ExitCode::refused,
                     fmt::format("this file proves nothing: {}", judged.error().context));
    put(cli.json ? evidence_json(evidence, *judged)
                 : evidence_text(evidence, *judged, !o.key.empty()));
    return ExitCode::ok;
}

}  // namespace

void add_log_evidence_commands(Cli& cli, CLI::App& log) {
    auto o = std::make_shared<EvidenceOptions>();
    const char* const key = "operator's public key (PEM)";
    CLI::App& two = add_offline(cli, log, "compare", "Do two copies of a log agree", o, compare);
    two.add_option("first", o->first, "a file of `suan log export`, or a receipt")->required();
    two.add_option("second", o->second, "another one")->required();
    two.add_option("-o,--out", o->out, "file for the evidence, if they do not");
    two.add_option("--key", o->key, key);
    CLI::App& show = add_offline(cli, log, "evidence",
                                 "What a file of evidence proves, and what not", o, show_evidence);
    show.add_option("file", o->first, "written by `suan witness` or `suan log compare`")
        ->required();
    show.add_option("--key", o->key, key);
}

}  // namespace suan::bin
