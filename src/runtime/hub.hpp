// Hub: the shell around the core. It stamps time and ids on requests, lets the core decide, appends
// the entries to the log, answers when they are durable, and carries the effects to the executors.
//
// Life:
//   auto hub = Hub::open(options, log, clock, key);       recovers the state; no thread runs yet
//   executors are made with hub->executor_sink()
//   hub->start({{EXECUTOR_KIND_SIM, &sim}});              adopts what runs, then serves
//   hub->stop();                                          drains, snapshots, joins
//   destroy the executors, then the hub, then the log.
//
// Threads: submit, query, subscribe, metrics and history may be called from any thread at any time
// between start and destruction. Callbacks run on the hub's commit thread (or, for requests refused
// at the door, on the caller's): they must be short and must not wait. After the callbacks of one
// group commit, Options::callbacks_delivered is called once, so that a server can collect its
// answers and wake each of its own threads once a group instead of once a request.
//
// What an answer promises: everything it tells, and everything that was visible when it was made,
// is on disk. A failed append answers those who wait with Unavailable and ends the process
// (Options::fatal): the state in memory is then ahead of the log.
#pragma once

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "core/rejection.hpp"
#include "core/state.hpp"
#include "core/transition.hpp"
#include "crypto/sm2.hpp"
#include "exec/executor.hpp"
#include "log/log.hpp"
#include "runtime/clock.hpp"
#include "runtime/history.hpp"
#include "runtime/metrics.hpp"
#include "suan/log.pb.h"
#include "suan/payload.pb.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace suan::runtime {

// Who asks. A token is known by its SM3 hash and becomes an Actor in the loop, against the state of
// that moment. System has the rights of an operator and is for the hub's own composition (making
// the first operator), never for what comes over a wire.
struct Token {
    Hash256 sm3{};
};
struct System {};
using Credential = std::variant<Token, System>;

// Fills in what the command needs from the state (ids for names, defaults) before it is decided.
// Runs in the loop thread; returns a rejection to refuse. What it writes is what gets logged.
using Prepare =
    std::function<std::optional<core::Rejection>(const core::State&, const Actor&, Command&)>;

struct Request {
    Credential credential;
    // A SubmitJob whose org_id or member_id is 0 gets the actor's.
    Command command;
    // Of a SubmitJob: a serialised JobPayload (runtime/payload.hpp), or empty. The hub computes its
    // hash, writes it into spec.payload_sm3 and stores the bytes in the same transaction.
    std::string payload;
    Prepare prepare;  // may be empty
};

// The command was decided and is durable. The entry is shared and never changes. A command that
// changed nothing (a doubled report) has no entry: seq is 0 and `entry` is null.
struct Accepted {
    std::uint64_t seq = 0;
    Hash256 entry_hash{};  // the leaf of the block's tree: receipts and proofs name it
    std::shared_ptr<const Entry> entry;
};
struct Unauthenticated {};
struct Unavailable {
    std::string message;
};
using Answer =
    std::variant<Accepted, core::Rejection, core::AlreadyDone, Unauthenticated, Unavailable>;

using Callback = std::function<void(Answer&&)>;
using ManyCallback = std::function<void(std::vector<Answer>&&)>;

// Reads the state in the loop thread. It must be quick and must not keep references.
using Read = std::function<void(const core::State&, const Actor&)>;
enum class QueryEnd { answered, unauthenticated, unavailable };
using QueryCallback = std::function<void(QueryEnd)>;

// A durable entry as subscribers see it.
struct Committed {
    std::shared_ptr<const Entry> entry;
    Hash256 entry_hash{};
    // Whom each event concerns, in the order of entry->events(): 0 is the centre (nodes, prices).
    // A tenant may see the events of its own org only, and the command only when
    // entry->actor().org_id() is its own.
    std::vector<OrgId> event_orgs;
};

// Live updates, pulled. Belongs to one thread; destroying it ends it.
class Subscription {
public:
    virtual ~Subscription() = default;
    // Up to `max` entries after the cursor, oldest first; the cursor moves past them. None: caught
    // up, and `wake` will be called (once, on the commit thread) when there are more. What is older
    // than Options::live_entries_kept is read from the log, in calls that take some milliseconds.
    // `not_found`: that needs the history tables, and this hub keeps none; read the lists again and
    // subscribe from there.
    virtual Result<std::vector<Committed>> next(std::size_t max) = 0;
    virtual std::uint64_t cursor() const = 0;  // seq of the last entry given out
};

struct Options {
    // Group commit.
    std::size_t requests_queued_max = 65'536;  // more are Unavailable at the door
    std::size_t batch_entries_max = 4'096;
    std::size_t batch_bytes_max = 4 << 20;
    std::size_t batches_in_flight_max = 4;
    // Snapshots; none when 0.
    std::uint64_t snapshot_entries = 200'000;
    // Live updates kept ready for subscribers.
    std::size_t live_entries_kept = 16'384;
    // At most one progress report a lease in this time reaches the log.
    Duration progress_interval = Duration::seconds(5);
    // Tables of finished jobs and money, kept in the log's file; a log without one has none.
    enum class HistoryTables { keep, none };
    HistoryTables history = HistoryTables::keep;
    // One line for the operator's log.
    std::function<void(const std::string&)> log_line;
    // Called once after the callbacks of each group commit, on the commit thread.
    std::function<void()> callbacks_delivered;
    // The process cannot go on. Default: prints the message to standard error and aborts. A test
    // may record it; the hub then answers Unavailable to everything.
    std::function<void(const std::string&)> fatal;
};

// What recovery did.
struct Recovered {
    std::uint64_t snapshot_seq = 0;  // 0: from the beginning
    std::uint64_t entries_applied = 0;
    std::uint64_t seq = 0;
    Duration took;
};

class Hub {
public:
    // Loads the newest usable snapshot, applies the entries after it and closes the blocks that a
    // crash left open. `corrupt` names the entry; entries of an unknown rules version are
    // `invalid`. `key` signs blocks.
    static Result<std::unique_ptr<Hub>> open(Options options, log::Log& log, Clock& clock,
                                             crypto::PrivateKey key);
    virtual ~Hub() = default;

    virtual const Recovered& recovered() const = 0;
    // Where executors deliver their reports. Valid as long as the hub.
    virtual exec::Sink executor_sink() = 0;
    // Adopts the leases of the state and serves. Pools of a kind that is not here launch nothing:
    // their jobs fail to launch with a message that says so.
    virtual Result<void> start(std::map<ExecutorKind, exec::Executor*> executors) = 0;
    // Refuses new requests, answers what was accepted, closes the block, writes a snapshot. Running
    // jobs go on. Idempotent.
    virtual void stop() = 0;
    // False before start, after stop, and after a fatal error.
    virtual bool ready() const = 0;

    virtual void submit(Request request, Callback done) = 0;
    // Decided in order, in one group; one answer each.
    virtual void submit_many(std::vector<Request> requests, ManyCallback done) = 0;
    // `read` runs in the loop; `done` is called when all that it saw is durable. When the
    // credential is unknown or disabled, `read` does not run.
    virtual void query(Credential credential, Read read, QueryCallback done) = 0;
    // Entries after seq `after`. `wake` may be called before this returns.
    virtual std::unique_ptr<Subscription> subscribe(std::uint64_t after,
                                                    std::function<void()> wake) = 0;

    // Null without history tables. Readers check whose rows they may show: see history.hpp.
    virtual const History* history() const = 0;
    virtual const Metrics& metrics() const = 0;
    // The executor of a kind, to read a task's output; null when there is none.
    virtual const exec::Executor* executor(ExecutorKind kind) const = 0;
    virtual const crypto::PublicKey& operator_key() const = 0;
    virtual log::Log& log() = 0;  // blocks, proofs, payloads
};

}  // namespace suan::runtime
