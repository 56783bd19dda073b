#include "bin/slurm/submit_options.hpp"

#include "bin/units.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::bin::slurm {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

Result<std::uint32_t> count(std::string_view text, std::string_view what) {
    const auto n = parse_number(text);
    if (!n || *n == 0 || *n > 1'000'000)
        return bad(fmt::format("\"{}\" is not {}; write a whole number from 1 up",
                               text.substr(0, 40), what));
    return static_cast<std::uint32_t>(*n);
}

// "2", "2-4" (the smaller: a gang has one size here).
Result<std::uint32_t> node_count(std::string_view text) {
    return count(text.substr(0, text.find('-')), "a number of nodes");
}

Result<DependencyKind> dependency_kind(std::string_view text) {
    if (text == "afterok") return DEPENDENCY_KIND_AFTEROK;
    if (text == "afternotok") return DEPENDENCY_KIND_AFTERNOTOK;
    if (text == "afterany") return DEPENDENCY_KIND_AFTERANY;
    return bad(
        fmt::format("dependency \"{}\": use afterok, afternotok or afterany", text.substr(0, 40)));
}

Result<std::string> tier_of(std::string_view qos) {
    if (qos == "normal") return std::string("standard");
    if (qos == "reserved" || qos == "standard" || qos == "spot") return std::string(qos);
    return bad(fmt::format("\"{}\" is not a tier: use reserved, standard (or normal), or spot",
                           qos.substr(0, 40)));
}

Result<std::int64_t> time_limit_ms(std::string_view text) {
    auto limit = parse_slurm_time(text);
    if (!limit) return std::move(limit).error();
    return *limit ? (*limit)->us / 1'000 : 0;
}

// "1@10:00": one rack, for so long; without a time for as long as Slurm's default says.
Result<void> read_switches(Submission& s, std::string_view text) {
    constexpr std::int64_t default_wait_ms = 300'000;  // max_switch_wait
    const std::size_t at = text.find('@');
    const auto switches = parse_number(text.substr(0, at));
    if (!switches || *switches == 0)
        return bad(fmt::format("\"{}\" is not a number of switches", text.substr(0, 40)));
    s.topology_wait_ms = default_wait_ms;
    if (at != std::string_view::npos) {
        auto wait = time_limit_ms(text.substr(at + 1));
        if (!wait) return std::move(wait).error();
        s.topology_wait_ms = *wait;  // 0: for ever
    }
    s.one_rack = *switches == 1;
    return {};
}

Result<std::int64_t> begin_time(const std::string& text, Time now) {
    std::string plain = text;
    // now+1hour, now+30minutes, now+60 (seconds): Slurm's words for our letters.
    constexpr std::pair<std::string_view, std::string_view> words[] = {
        {"seconds", "s"}, {"second", "s"}, {"minutes", "m"}, {"minute", "m"}, {"hours", "h"},
        {"hour", "h"},    {"days", "d"},   {"day", "d"},     {"weeks", ""},   {"week", ""}};
    for (const auto& [word, letter] : words)
        if (plain.starts_with("now+") && plain.ends_with(word) && !letter.empty()) {
            plain.replace(plain.size() - word.size(), word.size(), letter);
            break;
        }
    auto time = parse_time(plain, now);
    if (!time) return std::move(time).error();
    return time->us == now.us ? 0 : time->us;
}

Result<std::int32_t> niceness(std::string_view text) {
    if (text.empty()) return -100;
    const bool negative = text.starts_with('-');
    const auto n = parse_number(text.substr(negative ? 1 : 0));
    if (!n || *n > 2'000'000'000)
        return bad(fmt::format("\"{}\" is not a whole number", text.substr(0, 40)));
    return negative ? static_cast<std::int32_t>(*n) : -static_cast<std::int32_t>(*n);
}

template <typename T>
Result<void> keep(T& place, Result<T> value) {
    if (!value) return std::move(value).error();
    place = std::move(*value);
    return {};
}

Result<void> read_size(Sizes& sizes, const Option& o, bool& known) {
    constexpr std::uint64_t megabyte = 1 << 20;
    known = true;
    if (o.name == "nodes") return keep(sizes.nodes, node_count(o.value));
    if (o.name == "ntasks") return keep(sizes.tasks, count(o.value, "a number of tasks"));
    if (o.name == "ntasks-per-node") return keep(sizes.tasks_per_node, count(o.value, "a number"));
    if (o.name == "cpus-per-task") return keep(sizes.cpus_per_task, count(o.value, "a number"));
    if (o.name == "gpus") return keep(sizes.gpus, parse_gpus("gpu:" + o.value));
    if (o.name == "gpus-per-node") return keep(sizes.gpus_per_node, parse_gpus("gpu:" + o.value));
    if (o.name == "gpus-per-task") return keep(sizes.gpus_per_task, parse_gpus("gpu:" + o.value));
    if (o.name == "gres") {
        if (o.value == "none") return {};
        return keep(sizes.gpus_per_node, parse_gpus(o.value));
    }
    if (o.name == "mem") return keep(sizes.memory_bytes, parse_bytes(o.value, megabyte));
    if (o.name == "mem-per-cpu")
        return keep(sizes.memory_per_cpu_bytes, parse_bytes(o.value, megabyte));
    known = false;
    return {};
}

Result<void> read_text(Submission& s, const Option& o, bool& known) {
    const std::pair<std::string_view, std::string*> texts[] = {
        {"job-name", &s.name},     {"partition", &s.pool}, {"account", &s.account},
        {"output", &s.output},     {"error", &s.error},    {"wrap", &s.wrap},
        {"chdir", &s.working_dir}, {"array", &s.array}};
    const auto* found = std::find_if(std::begin(texts), std::end(texts),
                                     [&](const auto& text) { return text.first == o.name; });
    known = found != std::end(texts);
    if (known) *found->second = o.value;
    if (o.name == "partition" && o.value.find(',') != std::string::npos)
        return bad("name one pool: a job waits in one queue");
    return {};
}

bool read_flag(Submission& s, const Option& o) {
    const std::pair<std::string_view, bool*> flags[] = {
        {"hold", &s.held},   {"wait", &s.wait},   {"parsable", &s.parsable},
        {"label", &s.label}, {"quiet", &s.quiet}, {"test-only", &s.test_only}};
    const auto* found = std::find_if(std::begin(flags), std::end(flags),
                                     [&](const auto& flag) { return flag.first == o.name; });
    if (found == std::end(flags)) return false;
    *found->second = true;
    return true;
}

Result<void> read_option(Submission& s, const Option& o, Time now) {
    bool known = false;
    if (auto done = read_size(s.sizes, o, known); known) return done;
    if (auto done = read_text(s, o, known); known) return done;
    if (read_flag(s, o)) return {};
    if (o.name == "time") return keep(s.walltime_ms, time_limit_ms(o.value));
    if (o.name == "qos") return keep(s.tier, tier_of(o.value));
    if (o.name == "begin") return keep(s.begin_us, begin_time(o.value, now));
    if (o.name == "nice") return keep(s.priority, niceness(o.value));
    if (o.name == "switches") return read_switches(s, o.value);
    if (o.name == "dependency") return keep(s.after, parse_dependencies(o.value));
    if (o.name == "export") s.exported = parse_export(o.value);
    return {};
}

constexpr std::string_view no_note_needed = "the hub does this by itself";

std::vector<OptionRule> understood_rules() {
    return {
        {"job-name", 'J'},
        {"nodes", 'N'},
        {"ntasks", 'n'},
        {"ntasks-per-node"},
        {"cpus-per-task", 'c'},
        {"gres"},
        {"gpus", 'G'},
        {"gpus-per-node"},
        {"gpus-per-task"},
        {"time", 't'},
        {"partition", 'p'},
        {"account", 'A'},
        {"dependency", 'd'},
        {"array", 'a'},
        {"output", 'o'},
        {"error", 'e'},
        {"export"},
        {"mem"},
        {"mem-per-cpu"},
        {"chdir", 'D'},
        {"wrap"},
        {"qos", 'q'},
        {"begin", 'b'},
        {"nice", 0, Takes::optional_value},
        {"switches"},
        {"parsable", 0, Takes::nothing},
        {"wait", 'W', Takes::nothing},
        {"hold", 'H', Takes::nothing},
        {"quiet", 'Q', Takes::nothing},
        {"label", 'l', Takes::nothing},
        {"test-only", 0, Takes::nothing},
    };
}

// Accepted with a note, or refused with advice.
std::vector<OptionRule> other_rules() {
    return {
        {"requeue", 0, Takes::nothing, Use::ignored, no_note_needed},
        {"no-requeue", 0, Takes::nothing, Use::ignored,
         "a preempted job is always requeued with its place"},
        {"time-min", 0, Takes::value, Use::ignored, "wall times are not shortened"},
        {"comment", 0, Takes::value, Use::ignored, "jobs have no comments"},
        {"mail-type", 0, Takes::value, Use::ignored, "the hub sends no mail"},
        {"mail-user", 0, Takes::value, Use::ignored, "the hub sends no mail"},
        {"open-mode", 0, Takes::value, Use::ignored, "every attempt has files of its own"},
        {"signal", 0, Takes::value, Use::ignored, "SIGTERM comes before the end, see --grace"},
        {"exclusive", 0, Takes::optional_value, Use::ignored,
         "devices are never shared unless a job asks for a part of one"},
        {"oversubscribe", 's', Takes::nothing, Use::ignored, "the pool decides this"},
        {"constraint", 'C', Takes::value, Use::ignored, "nodes of a pool are alike"},
        {"distribution", 'm', Takes::value, Use::ignored, "the scheduler packs tasks"},
        {"hint", 0, Takes::value, Use::ignored, "the scheduler packs tasks"},
        {"cpu-bind", 0, Takes::value, Use::ignored, "tasks are not bound to cores"},
        {"mpi", 0, Takes::value, Use::ignored, "tasks see RANK, WORLD_SIZE and MASTER_ADDR"},
        {"gpu-bind", 0, Takes::value, Use::ignored, "a task sees its own devices only"},
        {"mem-per-gpu", 0, Takes::value, Use::ignored, "limit memory with --mem"},
        {"tmp", 0, Takes::value, Use::ignored, "scratch space is not counted"},
        {"licenses", 'L', Takes::value, Use::ignored, "there are no licences"},
        {"reservation", 0, Takes::value, Use::ignored, "use a share, or --qos=reserved"},
        {"propagate", 0, Takes::optional_value, Use::ignored, "limits are the executor's"},
        {"unbuffered", 'u', Takes::nothing, Use::ignored, "output is not held back"},
        {"kill-on-bad-exit", 'K', Takes::optional_value, Use::ignored, no_note_needed},
        {"verbose", 'v', Takes::nothing, Use::ignored, "nothing more is known"},
        {"get-user-env", 0, Takes::optional_value, Use::ignored, "use --export"},
        {"no-kill", 'k', Takes::optional_value, Use::ignored, "a gang runs whole or not at all"},
        {"nodelist", 'w', Takes::value, Use::refused,
         "the scheduler chooses the nodes; require --nodes=1 or a pool instead"},
        {"exclude", 'x', Takes::value, Use::refused,
         "the scheduler chooses the nodes; an operator may drain one (suan node drain)"},
        {"uid", 0, Takes::value, Use::refused, "operators name a member in a job file"},
        {"gid", 0, Takes::value, Use::refused, "jobs run as the hub's user, in a sandbox"},
        {"cluster-constraint", 0, Takes::value, Use::refused, "a hub is one cluster"},
        {"clusters", 'M', Takes::value, Use::refused, "name another hub with SUAN_HUB"},
        {"input", 'i', Takes::value, Use::refused, "read the file in the script"},
    };
}

}  // namespace

const std::vector<OptionRule>& submit_rules() {
    static const std::vector<OptionRule> rules = [] {
        std::vector<OptionRule> all = understood_rules();
        const std::vector<OptionRule> others = other_rules();
        all.insert(all.end(), others.begin(), others.end());
        return all;
    }();
    return rules;
}

std::vector<Option> environment_options(std::string_view prefix,
                                        const std::function<const char*(const char*)>& get) {
    constexpr std::pair<std::string_view, std::string_view> variables[] = {
        {"ACCOUNT", "account"},     {"ARRAY_INX", "array"},
        {"EXPORT", "export"},       {"GPUS", "gpus"},
        {"GRES", "gres"},           {"JOB_NAME", "job-name"},
        {"PARTITION", "partition"}, {"QOS", "qos"},
        {"TIMELIMIT", "time"},      {"WAIT", "wait"}};
    std::vector<Option> options;
    for (const auto& [variable, name] : variables) {
        const std::string full = std::string(prefix) + std::string(variable);
        if (const char* value = get(full.c_str())) options.push_back({std::string(name), value});
    }
    return options;
}

Result<Submission> read_submission(const std::vector<Option>& options, Time now) {
    Submission submission;
    for (const Option& option : options)
        if (auto done = read_option(submission, option, now); !done)
            return std::move(done).error().wrap("--" + option.name);
    return submission;
}

Result<std::vector<DependencyText>> parse_dependencies(std::string_view text) {
    if (text.find('?') != std::string_view::npos)
        return bad("dependencies joined by ? (any of them) are not supported: use commas (all)");
    std::vector<DependencyText> list;
    for (const std::string_view part : split(text, ',')) {
        const auto fields = split(part, ':');
        if (part == "singleton") return bad("singleton is not supported: name the job to wait for");
        if (fields.size() < 2)
            return bad(fmt::format("\"{}\" is not KIND:JOB", part.substr(0, 40)));
        auto kind = dependency_kind(fields[0]);
        if (!kind) return std::move(kind).error();
        for (std::size_t i = 1; i < fields.size(); ++i) {
            const std::string_view id = fields[i].substr(0, fields[i].find('_'));
            if (!parse_number(id))
                return bad(fmt::format("\"{}\" is not a job id", fields[i].substr(0, 40)));
            list.push_back({*kind, std::string(fields[i])});
        }
    }
    return list;
}

ExportRule parse_export(std::string_view text) {
    ExportRule rule;
    rule.all = false;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t equals = part.find('=');
        if (part == "ALL")
            rule.all = true;
        else if (part == "NONE" || part == "NIL" || part.empty())
            continue;
        else if (equals == std::string_view::npos)
            rule.names.emplace_back(part);
        else
            rule.values.emplace_back(part.substr(0, equals), part.substr(equals + 1));
    }
    return rule;
}

Result<std::uint32_t> parse_gpus(std::string_view text) {
    if (text.find(',') != std::string_view::npos)
        return bad("name one resource: nodes of a pool have one type of device");
    const auto fields = split(text, ':');
    constexpr std::string_view kinds[] = {"gpu", "npu", "device"};
    if (std::find(std::begin(kinds), std::end(kinds), fields[0]) == std::end(kinds))
        return bad(fmt::format("\"{}\" is not gpu, npu or device", fields[0].substr(0, 40)));
    if (fields.size() == 1) return std::uint32_t{1};
    if (fields.size() > 3) return bad(fmt::format("\"{}\" is not gpu[:type][:number]", text));
    const std::string_view last = fields.back();
    if (fields.size() == 2 && !parse_number(last)) return std::uint32_t{1};  // gpu:a100
    return count(last, "a number of devices");
}

}  // namespace suan::bin::slurm
