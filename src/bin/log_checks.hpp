// Re-execution of a log and check of a bill, offline. Every function throws Failed: `io` when a
// file cannot be read, `refused` with the first entry, block or line that is wrong.
#pragma once

#include "runtime/bill.hpp"
#include "runtime/verify.hpp"

#include <cstdint>
#include <string>

namespace suan::bin {

struct CheckedLog {
    runtime::Reexecuted result;
    std::string key_sm3;
    bool key_was_given = false;  // else the log's own key: shows damage, not who signed
    std::int64_t took_ms = 0;
    // The journal of settlement, where there is one: its blocks and transfers, checked against the
    // anchors in the log.
    bool has_journal = false;
    std::uint64_t journal_blocks = 0;
    std::uint64_t journal_transfers = 0;
};

CheckedLog check_data_folder(const std::string& data, const std::string& key_file,
                             bool from_snapshot);
// `journal`: file of the journal of settlement, or empty: then its anchors are not checked.
CheckedLog check_export_file(const std::string& file, const std::string& key_file,
                             const std::string& journal);
std::string checked_log_text(const CheckedLog& checked);
std::string checked_log_json(const CheckedLog& checked);

// Returns how many entries were written.
std::uint64_t export_data_folder(const std::string& data, const std::string& file);

struct CheckedBillFile {
    runtime::CheckedBill bill;
    std::string key_sm3;
    bool key_was_given = false;
};
CheckedBillFile check_bill_file(const std::string& file, const std::string& key_file);
std::string checked_bill_text(const CheckedBillFile& checked);
std::string checked_bill_json(const CheckedBillFile& checked);

}  // namespace suan::bin
