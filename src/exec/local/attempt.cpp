#include "exec/local/attempt.hpp"

#include "exec/local/records.hpp"

#include <fmt/format.h>

#include <charconv>

namespace suan::exec {

std::string attempt_folder(const std::string& root, const LeaseRef& ref) {
    if (ref.array_index)
        return fmt::format("{}/jobs/{}_{}/{}", root, ref.job.value, *ref.array_index, ref.attempt);
    return fmt::format("{}/jobs/{}/{}", root, ref.job.value, ref.attempt);
}

std::string work_folder(const std::string& attempt, const Payload& payload) {
    return payload.working_dir.empty() ? attempt + "/work" : payload.working_dir;
}

std::uint32_t process_count(const StartOrder& order) {
    if (order.launcher == Launcher::script_on_first_node) return 1;
    return static_cast<std::uint32_t>(order.tasks.size());
}

namespace {

std::uint64_t bits(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}
std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
std::uint32_t u32(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

void add_ref(RecordWriter& out, const LeaseRef& ref) {
    out.add("job", ref.job.value);
    out.add("lease", ref.lease.value);
    out.add("attempt", ref.attempt);
    if (ref.array_index) out.add("ref_index", *ref.array_index);
}

LeaseRef get_ref(const Records& in) {
    LeaseRef ref{
        JobId(in.get_u64("job")), LeaseId(in.get_u64("lease")), u32(in.get_u64("attempt")), {}};
    if (in.has("ref_index")) ref.array_index = u32(in.get_u64("ref_index"));
    return ref;
}

// "A,B,..." of numbers.
std::vector<std::uint64_t> split_numbers(std::string_view text) {
    std::vector<std::uint64_t> numbers;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        numbers.push_back(to_u64(text.substr(0, comma)));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    return numbers;
}

// "node milli device,device": node names have no space of their own (records escape none, so it is
// written last).
std::string encode_task(const TaskPlacement& task) {
    return fmt::format("{} {} {}", task.milli_per_device, fmt::join(task.devices, ","),
                       task.node_name);
}

TaskPlacement decode_task(std::uint32_t number, std::string_view text) {
    TaskPlacement task{.task = number, .node_name = {}, .devices = {}};
    const std::size_t first = text.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : text.find(' ', first + 1);
    if (second == std::string_view::npos) return task;
    task.milli_per_device = u32(to_u64(text.substr(0, first)));
    for (const std::uint64_t device : split_numbers(text.substr(first + 1, second - first - 1)))
        task.devices.push_back(u32(device));
    task.node_name = text.substr(second + 1);
    return task;
}

void add_payload(RecordWriter& out, const Payload& payload) {
    out.add("script", payload.script);
    for (const std::string& arg : payload.argv)
        out.add("arg", arg);
    for (const auto& [name, value] : payload.environment)
        out.add("env", name + "=" + value);
    out.add("working_dir", payload.working_dir);
    out.add("stdout", payload.stdout_pattern);
    out.add("stderr", payload.stderr_pattern);
}

void add_array(RecordWriter& out, const ArrayElement& array) {
    out.add("array", fmt::format("{},{},{},{},{},{}", array.array_job.value, array.index,
                                 array.count, array.min, array.max, array.step));
}

std::optional<ArrayElement> get_array(const Records& in) {
    const auto n = split_numbers(in.get("array"));
    if (n.size() != 6) return std::nullopt;
    return ArrayElement{JobId(n[0]), u32(n[1]), u32(n[2]), u32(n[3]), u32(n[4]), u32(n[5])};
}

// The keys that repeat.
void get_lists(const Records& in, SupervisorOrder& order) {
    StartOrder& start = order.start;
    for (const auto& [key, value] : in.items()) {
        if (key == "task")
            start.tasks.push_back(decode_task(u32(start.tasks.size()), value));
        else if (key == "arg")
            start.payload.argv.push_back(value);
        else if (key == "env")
            start.payload.environment[value.substr(0, value.find('='))] =
                value.substr(value.find('=') + 1);
        else if (key == "hidden")
            order.sandbox.hidden_paths.push_back(value);
        else if (key == "readable")
            order.sandbox.readable_paths.push_back(value);
    }
}

Error bad_format(std::string_view expected) {
    return Error{ErrorCode::corrupt, fmt::format("expected the first line 'format {}'", expected)};
}

constexpr std::string_view order_format = "suan-order-1";
constexpr std::string_view status_format = "suan-status-1";

}  // namespace

std::string encode_order(const SupervisorOrder& order) {
    const StartOrder& start = order.start;
    RecordWriter out;
    out.add("format", order_format);
    add_ref(out, start.ref);
    out.add("root", order.root);
    out.add("bwrap", order.sandbox.bwrap_path);
    for (const std::string& path : order.sandbox.hidden_paths)
        out.add("hidden", path);
    for (const std::string& path : order.sandbox.readable_paths)
        out.add("readable", path);
    out.add("job_name", start.job_name);
    out.add("org", start.org);
    out.add("project", start.project);
    out.add("member", start.member);
    out.add("pool", start.pool);
    out.add("executor", start.executor);
    for (const TaskPlacement& task : start.tasks)
        out.add("task", encode_task(task));
    out.add("launcher", static_cast<std::uint64_t>(start.launcher));
    out.add("visible_devices", static_cast<std::uint64_t>(start.visible_devices));
    out.add("cpus_per_task", start.cpus_per_task);
    add_payload(out, start.payload);
    if (start.array) add_array(out, *start.array);
    out.add("walltime_us", bits(start.walltime.us));
    out.add("grace_us", bits(start.grace.us));
    out.add("memory_bytes", start.limits.memory_bytes);
    out.add("open_files", start.limits.open_files);
    out.add("file_bytes", start.limits.file_bytes);
    out.add("master_addr", start.master_addr);
    out.add("master_port", start.master_port);
    return std::move(out).finish();
}

Result<SupervisorOrder> decode_order(std::string_view text) {
    auto in = Records::parse(text);
    if (!in) return std::move(in.error());
    if (in->get("format") != order_format) return bad_format(order_format);
    SupervisorOrder order;
    StartOrder& start = order.start;
    start.ref = get_ref(*in);
    order.root = in->get("root");
    order.sandbox.bwrap_path = in->get("bwrap");
    start.job_name = in->get("job_name");
    start.org = in->get("org");
    start.project = in->get("project");
    start.member = in->get("member");
    start.pool = in->get("pool");
    start.executor = in->get("executor");
    start.launcher = static_cast<Launcher>(in->get_u64("launcher"));
    start.visible_devices = static_cast<VisibleDevices>(in->get_u64("visible_devices"));
    start.cpus_per_task = u32(in->get_u64("cpus_per_task"));
    start.payload.script = in->get("script");
    start.payload.working_dir = in->get("working_dir");
    start.payload.stdout_pattern = in->get("stdout");
    start.payload.stderr_pattern = in->get("stderr");
    start.array = get_array(*in);
    start.walltime.us = signed_of(in->get_u64("walltime_us"));
    start.grace.us = signed_of(in->get_u64("grace_us"));
    start.limits.memory_bytes = in->get_u64("memory_bytes");
    start.limits.open_files = in->get_u64("open_files");
    start.limits.file_bytes = in->get_u64("file_bytes");
    start.master_addr = in->get("master_addr");
    start.master_port = static_cast<std::uint16_t>(in->get_u64("master_port"));
    get_lists(*in, order);
    return order;
}

std::string encode_stop(const StopOrder& order) {
    RecordWriter out;
    add_ref(out, order.ref);
    out.add("reason", order.reason);
    out.add("grace_us", bits(order.grace.us));
    return std::move(out).finish();
}

Result<StopOrder> decode_stop(std::string_view text) {
    auto in = Records::parse(text);
    if (!in) return std::move(in.error());
    return StopOrder{get_ref(*in), in->get("reason"), Duration{signed_of(in->get_u64("grace_us"))}};
}

std::string encode_identity(const ProcessIdentity& identity) {
    RecordWriter out;
    out.add("pid", static_cast<std::uint64_t>(identity.pid));
    out.add("start_ticks", identity.start_ticks);
    out.add("boot_id", identity.boot_id);
    return std::move(out).finish();
}

Result<ProcessIdentity> decode_identity(std::string_view text) {
    auto in = Records::parse(text);
    if (!in) return std::move(in.error());
    return ProcessIdentity{static_cast<pid_t>(in->get_u64("pid")), in->get_u64("start_ticks"),
                           in->get("boot_id")};
}

std::string encode_progress(const ProgressMark& mark) {
    RecordWriter out;
    out.add("permille", mark.permille);
    out.add("message", mark.message);
    out.add("checkpoints", mark.checkpoints);
    return std::move(out).finish();
}

Result<ProgressMark> decode_progress(std::string_view text) {
    auto in = Records::parse(text);
    if (!in) return std::move(in.error());
    return ProgressMark{u32(in->get_u64("permille")), in->get("message"),
                        u32(in->get_u64("checkpoints"))};
}

std::string encode_status(const Status& status) {
    RecordWriter out;
    out.add("format", status_format);
    add_ref(out, status.end.ref);
    out.add("phase", static_cast<std::uint64_t>(status.phase));
    out.add("tasks", status.tasks.size());
    for (std::size_t task = 0; task < status.tasks.size(); ++task) {
        if (!status.tasks[task]) continue;
        const TaskEnd& end = *status.tasks[task];
        out.add("task_end", fmt::format("{},{},{}", task, end.exit_code, end.signal));
    }
    if (status.phase != Phase::ended) return std::move(out).finish();
    out.add("outcome", static_cast<std::uint64_t>(status.end.outcome));
    out.add("exit_code", static_cast<std::uint64_t>(status.end.end.exit_code));
    out.add("signal", static_cast<std::uint64_t>(status.end.end.signal));
    out.add("message", status.end.message);
    if (status.end.progress) {
        out.add("permille", status.end.progress->permille);
        out.add("progress_message", status.end.progress->message);
        out.add("checkpoints", status.end.progress->checkpoints);
    }
    return std::move(out).finish();
}

Result<Status> decode_status(std::string_view text) {
    auto in = Records::parse(text);
    if (!in) return std::move(in.error());
    if (in->get("format") != status_format) return bad_format(status_format);
    Status status;
    status.end.ref = get_ref(*in);
    status.phase = static_cast<Phase>(in->get_u64("phase"));
    status.tasks.resize(std::min<std::uint64_t>(in->get_u64("tasks"), 1U << 16));
    for (const auto& [key, value] : in->items()) {
        if (key != "task_end") continue;
        const auto n = split_numbers(value);
        if (n.size() != 3 || n[0] >= status.tasks.size())
            return Error{ErrorCode::corrupt, "task_end names a task that is not there"};
        status.tasks[n[0]] =
            TaskEnd{static_cast<std::int32_t>(n[1]), static_cast<std::int32_t>(n[2])};
    }
    status.end.outcome = static_cast<Outcome>(in->get_u64("outcome"));
    status.end.end.exit_code = static_cast<std::int32_t>(in->get_u64("exit_code"));
    status.end.end.signal = static_cast<std::int32_t>(in->get_u64("signal"));
    status.end.message = in->get("message");
    if (in->has("permille"))
        status.end.progress =
            ProgressMark{u32(in->get_u64("permille")), in->get("progress_message"),
                         u32(in->get_u64("checkpoints"))};
    return status;
}

}  // namespace suan::exec
