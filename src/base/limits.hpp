// Every limit of the product in one place, with its unit. A test stands at each of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace suan::limits {

// Names and texts, bytes of UTF-8.
inline constexpr std::size_t name_bytes_max = 64;  // org, project, member, pool, node names
inline constexpr std::size_t job_name_bytes_max = 128;
inline constexpr std::size_t idempotency_key_bytes_max = 64;
inline constexpr std::size_t reason_bytes_max = 512;  // free text of corrections, drains, cancels
inline constexpr std::size_t payload_bytes_max =
    1 << 20;  // script, arguments and environment of a job

// The centre.
inline constexpr std::uint32_t orgs_max = 20'000;
inline constexpr std::uint32_t projects_per_org_max = 1'000;
inline constexpr std::uint32_t members_per_org_max = 10'000;
inline constexpr std::uint32_t pools_max = 256;
inline constexpr std::uint32_t nodes_max = 100'000;        // over all pools
inline constexpr std::uint32_t devices_per_node_max = 64;  // one machine word of a node's free mask
inline constexpr std::uint32_t milli_per_device = 1'000;
inline constexpr std::uint32_t vouchers_per_org_max = 1'000;
inline constexpr std::uint32_t vouchers_per_job_max = 64;  // that one job draws on
inline constexpr std::uint32_t price_lines_max = 1'024;
inline constexpr std::uint32_t rules_versions_max = 10'000;    // of the rules file, over all time
inline constexpr std::uint32_t quotes_open_per_org_max = 100;  // binding, not started or expired
inline constexpr std::uint32_t spot_history_kept = 2'016;  // clearings of a pool: a week of 5 min
inline constexpr std::int64_t spot_period_us_min = 10LL * 1'000'000;

// Jobs.
inline constexpr std::uint32_t tasks_max = 65'536;  // of one gang
inline constexpr std::uint32_t array_size_max = 100'000;
inline constexpr std::uint32_t dependencies_max = 64;
inline constexpr std::uint32_t retries_max = 100;
inline constexpr std::uint32_t jobs_waiting_max = 2'000'000;
inline constexpr std::uint32_t jobs_batch_max = 10'000;  // of one batch submission
inline constexpr std::uint32_t finished_jobs_kept =
    100'000;  // in State; older ones are in the history
inline constexpr std::int64_t walltime_us_max = 366LL * 24 * 3600 * 1'000'000;

// Money, micro-yuan: one amount stays below 1e15 (a billion yuan), so sums of thousands fit 64
// bits.
inline constexpr std::int64_t money_max = 1'000'000'000'000'000;

// Tenants' ledgers.
inline constexpr std::uint32_t ledgers_max = 100'000;  // ever opened: books of the journal
inline constexpr std::uint32_t ledgers_per_org_max = 100;
inline constexpr std::uint64_t ledger_allowance_first = 10'000;  // transfers, when it is opened
inline constexpr std::uint64_t ledger_allowance_max = 1'000'000'000;
inline constexpr std::int64_t ledger_time_held_us = 3'600LL * 1'000'000;  // paid for ahead
inline constexpr std::uint32_t ledger_accounts_request_max = 1'000;
// Accounts, keys and contracts of an org, unless the operator sets another number.
inline constexpr std::uint64_t ledger_kept_per_org = 1'000'000;
inline constexpr std::uint64_t ledger_kept_per_contract = 100;                // it has up to 16 KiB
inline constexpr std::size_t ledger_stream_bytes_max = std::size_t{1} << 30;  // of one request
inline constexpr std::size_t ledger_bytes_in_flight_max = std::size_t{4} << 20;  // of one ledger

// Scheduler steps of one pass (never seconds: a slow machine must decide the same).
inline constexpr std::uint32_t reservations_per_pool_max = 8;
inline constexpr std::uint32_t backfill_tests_max = 64;
inline constexpr std::uint32_t starts_per_pass_max = 4'096;
inline constexpr std::uint32_t victims_max = 512;  // leases preempted for one job

// Log.
inline constexpr std::uint32_t block_entries_max = 4'096;
inline constexpr std::int64_t block_age_us_max = 1'000'000;
// Of one entry, with its events. When it is serialised the state has already changed, so nothing
// may ever reach it; docs/formats/entry.md has the arithmetic.
inline constexpr std::size_t entry_bytes_max = 128 << 20;
inline constexpr std::size_t append_bytes_max = 512 << 20;  // entries of one group commit, together
inline constexpr std::size_t holds_per_entry_max = 1'000'000;  // payers of all jobs of a submission
inline constexpr std::size_t snapshots_kept = 3;
inline constexpr std::uint32_t witnesses_max = 64;  // registered at one time, and of one block
inline constexpr std::uint32_t witness_records_max = 1'024;   // removed ones included
inline constexpr std::uint32_t cosignatures_batch_max = 512;  // of one request
inline constexpr std::size_t log_segment_bytes = 4 << 20;  // of one answer; one entry may pass it
inline constexpr std::size_t snapshot_row_bytes_max = 64 << 20;  // a snapshot is stored in rows

// Executors.
inline constexpr std::uint32_t local_tasks_max = 1'024;  // processes of one lease on one machine
inline constexpr std::uint32_t environment_variables_max = 1'000;  // given by the user
inline constexpr std::uint64_t log_bytes_max = 1ULL
                                               << 30;  // of one output file; the rest is dropped
inline constexpr std::uint64_t log_read_bytes_max = 1 << 20;  // of one answer

// The hub's edge.
inline constexpr std::size_t body_bytes_max = 8 << 20;
inline constexpr std::size_t header_bytes_max = 16 << 10;
inline constexpr std::uint32_t connections_max = 4'096;
inline constexpr std::uint32_t pipelined_requests_max = 64;  // of one connection, unanswered
inline constexpr std::uint32_t json_depth_max = 32;
inline constexpr std::uint32_t json_messages_max = 200'000;      // objects of one document
inline constexpr std::size_t event_queue_bytes_max = 256 << 10;  // of one server-sent event stream
inline constexpr std::uint32_t rate_buckets_max = 16'384;        // peers and tokens remembered
inline constexpr std::uint32_t page_items_max = 1'000;
inline constexpr std::uint32_t page_items_default = 100;
inline constexpr std::uint32_t idempotency_keys_kept = 100'000;  // per centre, oldest dropped first

// Centre files.
inline constexpr std::size_t centre_file_bytes_max = 8 << 20;

// Trace files (workloads that the simulator replays), after gzip.
inline constexpr std::size_t trace_bytes_max = std::size_t{4} << 30;
inline constexpr std::size_t trace_line_bytes_max = 64
                                                    << 10;  // also of a record over several lines
inline constexpr std::size_t trace_field_bytes_max = 4 << 10;
inline constexpr std::size_t trace_columns_max = 256;
inline constexpr std::uint32_t trace_rows_max = 5'000'000;
inline constexpr std::uint32_t trace_header_lines_max = 1'024;  // comments kept of a SWF file
inline constexpr std::int64_t trace_time_us_max =
    253'402'300'799LL * 1'000'000;  // end of year 9999

}  // namespace suan::limits
