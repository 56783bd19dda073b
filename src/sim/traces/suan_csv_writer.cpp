#include "base/assert.hpp"
#include "sim/traces/fields.hpp"
#include "sim/traces/suan_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace suan::sim {
namespace {

constexpr std::size_t chunk_bytes = 64 << 10;

// Which optional columns some job needs.
struct Extras {
    bool milli = false;
    bool min_tasks = false;
    bool priority = false;
    bool exit_code = false;
    bool depends_on = false;
};

Extras extras_of(const Trace& trace) {
    Extras extras;
    for (const TraceJob& job : trace.jobs) {
        extras.milli |= job.milli != limits::milli_per_device;
        extras.min_tasks |= job.min_tasks != job.tasks;
        extras.priority |= job.priority != 0;
        extras.exit_code |= job.exit_code != 0;
    }
    extras.depends_on = !trace.dependencies.empty();
    return extras;
}

void append_header(std::string& out, const Extras& extras) {
    out +=
        "job_id,org,project,member,submit_s,duration_s,walltime_s,tasks,devices_per_task,tier,pool";
    if (extras.milli) out += ",milli";
    if (extras.min_tasks) out += ",min_tasks";
    if (extras.priority) out += ",priority";
    if (extras.exit_code) out += ",exit_code";
    if (extras.depends_on) out += ",depends_on";
    out += '\n';
}

void append_text(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

void append_seconds(std::string& out, std::int64_t us) {
    SUAN_ASSERT(us >= 0);
    fmt::format_to(std::back_inserter(out), "{}", us / second_us);
    if (us % second_us == 0) return;
    fmt::format_to(std::back_inserter(out), ".{:06}", us % second_us);
    while (out.ends_with('0')) {
        out.pop_back();
    }
}

class Writer {
public:
    explicit Writer(const Trace& trace) : trace_(trace), extras_(extras_of(trace)) {}

    const Extras& extras() const { return extras_; }

    // Jobs must come in order, each once: dependencies are walked along with them.
    void append_job(std::string& out, std::uint32_t index) {
        const TraceJob& job = trace_.jobs[index];
        append_text(out, trace_.job_ids[job.id]);
        const auto text = [&](const StringTable& table, std::uint32_t entry) {
            out += ',';
            append_text(out, table[entry]);
        };
        text(trace_.orgs, job.org);
        text(trace_.projects, job.project);
        text(trace_.members, job.member);
        for (const std::int64_t us : {job.submit_us, job.duration_us, job.walltime_us}) {
            out += ',';
            append_seconds(out, us);
        }
        fmt::format_to(std::back_inserter(out), ",{},{},{}", job.tasks, job.devices_per_task,
                       to_string(job.tier));
        text(trace_.pools, job.pool);
        append_extras(out, index, job);
        out += '\n';
    }

private:
    void append_extras(std::string& out, std::uint32_t index, const TraceJob& job) {
        const auto number = [&out](bool wanted, std::int64_t value) {
            if (wanted) fmt::format_to(std::back_inserter(out), ",{}", value);
        };
        number(extras_.milli, job.milli);
        number(extras_.min_tasks, job.min_tasks);
        number(extras_.priority, job.priority);
        number(extras_.exit_code, job.exit_code);
        if (extras_.depends_on) append_dependencies(out, index);
    }

    void append_dependencies(std::string& out, std::uint32_t index) {
        out += ',';
        std::string ids;
        const auto& all = trace_.dependencies;
        for (; next_ < all.size() && all[next_].job == index; ++next_) {
            if (!ids.empty()) ids += ';';
            ids += trace_.job_ids[trace_.jobs[all[next_].on].id];
        }
        append_text(out, ids);
    }

    const Trace& trace_;
    Extras extras_;
    std::size_t next_ = 0;  // of the dependencies
};

}  // namespace

Result<void> write_suan_csv(const Trace& trace,
                            const std::function<Result<void>(std::string_view)>& sink) {
    Writer writer(trace);
    std::string out;
    append_header(out, writer.extras());
    for (std::uint32_t i = 0; i < trace.jobs.size(); ++i) {
        writer.append_job(out, i);
        if (out.size() < chunk_bytes) continue;
        if (auto written = sink(out); !written) return written;
        out.clear();
    }
    return sink(out);
}

std::string to_suan_csv(const Trace& trace) {
    std::string text;
    const auto written = write_suan_csv(trace, [&text](std::string_view chunk) {
        text += chunk;
        return Result<void>();
    });
    SUAN_ASSERT(written.has_value());
    return text;
}

}  // namespace suan::sim
