// The Standard Workload Format of the Parallel Workloads Archive (version 2.2): one job a line, 18
// fields separated by blanks, -1 for unknown; lines beginning with ';' are comments, of which
// "; Key: value" is kept in Trace::header (UTF-8 ones only; the archive's own have Latin-1 names).
// https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
//
// id = job number; submission = field 2 (seconds); duration = run time, field 4; devices =
// allocated processors (field 5), else requested (field 8), cut by split_gang(); walltime =
// requested time (field 9), 0 where unknown. A run time longer than the request is kept as it is.
// Status (field 11): 1 completed, exit code 0; 0 failed, exit code 1; 5 cancelled, kept with exit
// code 0 if it ran, else skipped as never_started; 2, 3, 4 are stretches of a job that also has a
// summary line, skipped as partial_run; -1 unknown counts as completed. A job without run time is
// skipped as no_duration, without processors as no_devices.
// The origin is on Unix time where the header has UnixStartTime.
#pragma once

#include "base/result.hpp"
#include "sim/traces/input.hpp"
#include "sim/traces/trace.hpp"

namespace suan::sim {

// The field that names something: "user-12", "queue-0"; "unknown" where it is -1.
enum class SwfField : std::uint8_t { none, user, group, executable, queue, partition };

struct SwfOptions {
    ReadOptions common;
    SwfField org = SwfField::group;     // none: one organisation, "swf"
    SwfField project = SwfField::none;  // none: "default"
    SwfField member = SwfField::user;   // none: "default"
    SwfField pool = SwfField::queue;    // none, or -1 in the row: any pool
};

Result<Trace> read_swf(Input input, const SwfOptions& options = {});

}  // namespace suan::sim
