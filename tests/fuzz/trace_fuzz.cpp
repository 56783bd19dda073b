// links: suan_sim
// sim/traces: any bytes give a Trace or an error, never a crash, and a Trace that was read from our
// own format is written and read again alike. The first byte chooses the reader.
#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/openb.hpp"
#include "sim/traces/suan_csv.hpp"

#include <cstdint>
#include <string_view>

namespace {

using suan::sim::Input;
using suan::sim::Trace;
using suan::sim::TraceFormat;

void check(const Trace& trace) {
    std::int64_t last_us = 0;
    for (const suan::sim::TraceJob& job : trace.jobs) {
        SUAN_ASSERT(job.submit_us >= last_us);
        SUAN_ASSERT(job.duration_us >= 0 && job.walltime_us >= 0);
        SUAN_ASSERT(job.devices() >= 1);
        last_us = job.submit_us;
    }
    for (const suan::sim::Dependency& dependency : trace.dependencies) {
        SUAN_ASSERT(dependency.on < dependency.job && dependency.job < trace.jobs.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text = suan::as_text({data + 1, size - 1});
    const unsigned choice = data[0] % 7U;
    if (choice == 6) {
        static_cast<void>(suan::sim::read_openb_nodes(Input::bytes("fuzz", text)).has_value());
        return 0;
    }
    const auto format = static_cast<TraceFormat>(choice);
    const auto trace = suan::sim::read_trace(format, Input::bytes("fuzz", text));
    if (!trace) {
        SUAN_ASSERT(trace.error().context.starts_with("fuzz:"));
        return 0;
    }
    check(*trace);
    if (format != TraceFormat::csv) return 0;
    const std::string written = suan::sim::to_suan_csv(*trace);
    const auto again = suan::sim::read_suan_csv(Input::bytes("fuzz", written));
    SUAN_ASSERT(again.has_value());
    SUAN_ASSERT(suan::sim::to_suan_csv(*again) == written);
    return 0;
}
