// links: suan_settle
// kill -9 of a real settlement process at random moments under load: what it answered is there
// once, and only once, however often it is killed, also while it writes histories and states.
//
//   bench_settle_kill9 [--json] [--tiny] [--kills N] [--seed N] [--folder F]
//
// A child process opens the journal and sends transfers of 1 as fast as it can, in batches of 1 to
// 50, with ids 1, 2, 3, ...; it writes each answered batch to a pipe. It gets SIGKILL after a
// random time, one in five while it is still opening. Then this process opens the same files and
// judges: the balance must hold every answered transfer, and be as large as the highest id that was
// made; the history must have exactly that many lines; random answered ids must have proofs; and
// sending the last thousand again must make nothing that was there. At the end the journal is
// audited: all frames taken again must come to the same balance.
#include "rows.hpp"
#include "settle/audit.hpp"
#include "settle_work.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

using namespace suan;
using namespace suan::bench;
namespace fs = std::filesystem;

constexpr std::uint32_t book = 1;

struct Arguments {
    bool json = false;
    std::uint64_t kills = 200;
    std::uint64_t seed = 1;
    fs::path folder = "build/bench-settle-kill9";
};

[[noreturn]] void usage() {
    fmt::print(stderr,
               "usage: bench_settle_kill9 [--json] [--tiny] [--kills N] [--seed N] [--folder F]\n");
    std::exit(2);
}

Arguments parse(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool has_value = i + 1 < argc;
        if (word == "--json") {
            out.json = true;
        } else if (word == "--tiny") {
            out.kills = 8;
        } else if (word == "--kills" && has_value) {
            out.kills = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--seed" && has_value) {
            out.seed = std::strtoull(argv[++i], nullptr, 10);
        } else if (word == "--folder" && has_value) {
            out.folder = argv[++i];
        } else {
            usage();
        }
    }
    if (out.kills == 0) usage();
    return out;
}

// Segments and states are written every few hundred transfers, so that many kills strike there.
std::unique_ptr<settle::Engine> open(const fs::path& folder) {
    auto file = settle::open_file(folder / "journal");
    SUAN_ASSERT(file.has_value());
    settle::EngineOptions options;
    options.books.ledger.finished_kept = 100'000;
    options.index_folder = folder / "index";
    options.moves_per_segment = 3'000;
    auto engine =
        settle::Engine::open(options, std::move(*file), wall_now, settle::make_single_verifier);
    if (!engine) fmt::print(stderr, "opening: {}\n", engine.error().context);
    SUAN_ASSERT(engine.has_value());
    return std::move(*engine);
}

ledger::Transfer one(std::uint64_t id) {
    ledger::Transfer t{.id = {9, id}, .amount = 1};
    t.debit_account_id = account_id(0);
    t.credit_account_id = account_id(1);
    t.ledger = 1;
    t.code = 1;
    return t;
}

std::string batch_of(std::uint64_t first, std::uint64_t count) {
    settle::DecodedBatch batch;
    batch.book = book;
    for (std::uint64_t id = first; id < first + count; ++id)
        batch.transfers.push_back(one(id));
    return settle::encode_batch(batch);
}

// Until it is killed. Each answered batch is two numbers on the pipe: its last id, and how many of
// it were made now.
[[noreturn]] void send_until_killed(const fs::path& folder, int pipe, std::uint64_t first,
                                    std::uint64_t seed) {
    const auto engine = open(folder);
    Random random;
    for (std::uint64_t i = 0; i < seed % 97; ++i)
        random.next();
    for (std::uint64_t id = first;;) {
        const std::uint64_t count = 1 + random.below(50);
        const std::uint64_t last = id + count - 1;
        engine->submit(batch_of(id, count), [=](const Result<settle::Settled>& settled) {
            if (!settled) return;
            for (const settle::Code code : settled->codes) {
                if (code != settle::Code::created) std::abort();
            }
            static_cast<void>(::write(pipe, &last, sizeof last));
        });
        id += count;
    }
}

struct Judged {
    std::uint64_t answered = 0;  // highest id that was answered
    std::uint64_t made = 0;
    std::uint64_t lost = 0;
    std::uint64_t twice = 0;
};

void expect(bool is_right, Judged& judged, std::uint64_t Judged::*fault, const char* what) {
    if (is_right) return;
    ++(judged.*fault);
    fmt::print(stderr, "after {} answered, {} made: {}\n", judged.answered, judged.made, what);
}

// What is there after a kill; and a retry of the last ids.
void judge(const fs::path& folder, Random& random, Judged& judged) {
    const auto engine = open(folder);
    const auto now = engine->balance_at(book, account_id(1), wall_now());
    SUAN_ASSERT(now.has_value());
    judged.made = now->credits_posted;
    expect(judged.made >= judged.answered, judged, &Judged::lost, "an answered transfer is gone");
    const auto newest = engine->history_before(book, account_id(1), UINT64_MAX, 1);
    SUAN_ASSERT(newest.has_value());
    const std::uint64_t lines = newest->empty() ? 0 : newest->front().item.sequence;
    expect(lines >= judged.made, judged, &Judged::lost, "the history has fewer lines");
    expect(lines <= judged.made, judged, &Judged::twice, "the history has more lines");
    for (int i = 0; i < 5 && judged.answered != 0; ++i) {
        const auto proof = engine->proof(book, one(1 + random.below(judged.answered)).id);
        expect(proof.has_value() && settle::verify_proof(*proof), judged, &Judged::lost,
               "an answered transfer has no proof");
    }
    if (judged.made == 0) return;
    const std::uint64_t first = judged.made > 1'000 ? judged.made - 999 : 1;
    const auto again = engine->submit(batch_of(first, judged.made - first + 1));
    SUAN_ASSERT(again.has_value());
    for (const settle::Code code : again->codes) {
        expect(code == settle::code_of(ledger::Refusal::exists), judged, &Judged::twice,
               "a retry was made again");
    }
}

void set_up(const fs::path& folder) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    const auto engine = open(folder);
    SUAN_ASSERT(engine->change(settle::OpenBook{book}).has_value());
    for (std::uint64_t n = 0; n < 2; ++n)
        SUAN_ASSERT(engine->change(settle::OpenAccount{book, new_account(n)}).has_value());
}

void run_life(const fs::path& folder, Random& random, Judged& judged) {
    int ends[2] = {};
    SUAN_ASSERT(::pipe(ends) == 0);
    const pid_t child = ::fork();
    SUAN_ASSERT(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        send_until_killed(folder, ends[1], judged.made + 1, random.next());
    }
    ::close(ends[1]);
    // One in five is killed while it opens; the others some time after their first answer, however
    // slow the machine is.
    if (random.below(5) != 0) {
        SUAN_ASSERT(::read(ends[0], &judged.answered, sizeof judged.answered) > 0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(120'000)));
    SUAN_ASSERT(::kill(child, SIGKILL) == 0);
    std::uint64_t last = 0;
    while (::read(ends[0], &last, sizeof last) == ssize_t{sizeof last})
        judged.answered = last;
    ::close(ends[0]);
    int status = 0;
    SUAN_ASSERT(::waitpid(child, &status, 0) == child);
    SUAN_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = parse(argc, argv);
    const fs::path folder = fs::absolute(arguments.folder);
    Random random;
    for (std::uint64_t i = 0; i < arguments.seed; ++i)
        random.next();
    set_up(folder);
    Judged judged;
    for (std::uint64_t kill = 0; kill < arguments.kills; ++kill) {
        run_life(folder, random, judged);
        judge(folder, random, judged);
    }
    settle::Books::Options options;
    options.ledger.finished_kept = 100'000;
    const auto audited = settle::AuditedJournal::open(
        folder / "journal", settle::AuditDepth::replay, options, settle::make_single_verifier);
    SUAN_ASSERT(audited.has_value());
    const ledger::Ledger& books = audited->books().find(book)->ledger();
    const auto audited_made = books.account(books.find_account(account_id(1))).credits_posted;
    expect(audited_made == judged.made, judged, &Judged::twice, "the audit comes to another sum");
    const std::vector<Row> rows{
        {"kills", static_cast<double>(arguments.kills), "kill -9", 1},
        {"answered", static_cast<double>(judged.answered), "transfers", 1},
        {"answered and lost", static_cast<double>(judged.lost), "findings", 0, Better::lower},
        {"made twice", static_cast<double>(judged.twice), "findings", 0, Better::lower},
    };
    arguments.json ? print_json(rows) : print_text(rows);
    if (judged.lost + judged.twice != 0) return 1;
    fs::remove_all(folder);
    return 0;
}
