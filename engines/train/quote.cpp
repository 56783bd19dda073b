#include "train/quote.hpp"

#include "train/efficiency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::train {
namespace {

constexpr double seconds_per_day = 86'400;
constexpr double seconds_per_year = 365.25 * seconds_per_day;
// Detecting a failure, replacing the node and loading the checkpoint; an assumption.
constexpr double restart_s = 900;

double real(std::int64_t value) {
    return static_cast<double>(value);
}

void add_run(const Setting& s, Quote& q) {
    if (s.tokens <= 0) return;
    const double run_s = s.tokens / q.tokens_per_s;
    q.days = run_s / seconds_per_day;
    q.wall_days = q.days / q.goodput;
    q.device_hours = q.wall_days * 24 * real(q.candidate.layout.devices());
    q.yuan = q.device_hours * s.yuan_per_device_hour;
}

void add_checkpoints(const Setting& s, Quote& q) {
    const Cluster& c = s.machine.cluster;
    // A 16-bit weight, and the 32-bit weight and two moments of Adam.
    q.checkpoint_bytes = count_parameters(s.model).total * 14;
    if (c.failures_per_device_year <= 0 || c.storage_gbytes_s <= 0) return;
    const double rate =
        c.failures_per_device_year * real(q.candidate.layout.devices()) / seconds_per_year;
    const Checkpoints plan =
        plan_checkpoints(q.checkpoint_bytes / (c.storage_gbytes_s * 1e9), rate, restart_s);
    q.checkpoint_interval_s = plan.interval_s;
    q.goodput = plan.goodput;
}

}  // namespace

Result<Setting> make_setting(const SettingOptions& o) {
    auto model = load_model(o.model);
    if (!model) return std::move(model).error();
    auto cluster = load_cluster(o.cluster);
    if (!cluster) return std::move(cluster).error();
    auto precision = parse_precision(o.precision);
    if (!precision) return std::move(precision).error();
    const std::string name =
        o.software.empty() ? usual_software(cluster->device.family) : o.software;
    auto software = find_software(name, *precision);
    if (!software) return std::move(software).error();
    auto calibrations = load_calibrations(o.calibration);
    if (!calibrations) return std::move(calibrations).error();
    const bool no_fp8 = *precision == Precision::fp8 && cluster->device.tflops_8 <= 0;
    const bool no_fp4 = *precision == Precision::fp4 && cluster->device.tflops_4 <= 0;
    if (no_fp8 || no_fp4)
        return Error{ErrorCode::invalid, fmt::format("precision: {} has no {} products",
                                                     cluster->device.name, o.precision)};
    if (!std::isfinite(o.tokens) || o.tokens > 1e18)
        return Error{ErrorCode::invalid,
                     fmt::format("tokens: {}; it must be above 0 and at most 1e18", o.tokens)};
    if (!std::isfinite(o.yuan_per_device_hour) || o.yuan_per_device_hour > 1e9)
        return Error{ErrorCode::invalid,
                     fmt::format("price: {}; it must be 0 to 1e9 yuan a device-hour",
                                 o.yuan_per_device_hour)};
    if (o.seq > 0) model->seq = o.seq;
    if (auto ok = check_model(*model); !ok) return std::move(ok).error();
    if (o.global_batch < 1 || o.global_batch > 10'000'000)
        return Error{ErrorCode::invalid,
                     fmt::format("batch: {} sequences; it must be 1 to 10000000", o.global_batch)};
    const Calibration& set = calibrations->find(cluster->device.family, software->generation);
    const Constants constants = with_tables(set.constants, *cluster, software->name);
    Setting s{*model,    make_machine(*cluster, constants, *precision),
              *software, {},
              set,       o.global_batch,
              o.tokens,  cluster->yuan_per_device_hour};
    // Fused attention takes 16 bits only (FlashAttention's README).
    const AttentionKernel attention =
        *precision == Precision::fp32 ? AttentionKernel::standard : software->attention;
    s.run = Execution{*precision,        attention, model->seq,         software->sends,
                      Purpose::pretrain, 1,         software->launches, software->reduces};
    if (o.yuan_per_device_hour >= 0) s.yuan_per_device_hour = o.yuan_per_device_hour;
    return s;
}

Result<Candidate> candidate_of(const Setting& s, const Layout& layout) {
    if (auto ok = check_layout(s.model, layout); !ok) return std::move(ok).error();
    if (layout.devices() > s.machine.cluster.devices)
        return Error{
            ErrorCode::invalid,
            fmt::format("layout: tp x pp x cp x dp is {} devices; cluster {} has {}",
                        layout.devices(), s.machine.cluster.name, s.machine.cluster.devices)};
    Candidate c;
    c.layout = layout;
    c.step = step_time(s.model, layout, s.run, s.machine);
    c.step_s = c.score_s = c.step.total();
    c.memory = memory_use(s.model, layout, s.run, s.software.widths, s.machine.constants);
    return c;
}

Checkpoints plan_checkpoints(double write_s, double failures_per_s, double restart) {
    Checkpoints plan;
    if (failures_per_s <= 0 || write_s <= 0) return plan;
    plan.interval_s = std::max(write_s, std::sqrt(2 * write_s / failures_per_s));
    const double lost =
        write_s / plan.interval_s + failures_per_s * (plan.interval_s / 2 + restart);
    plan.goodput = 1 / (1 + lost);
    return plan;
}

Quote make_quote(const Setting& s, const Candidate& candidate) {
    Quote q;
    q.candidate = candidate;
    const double device_bytes = s.machine.cluster.device.memory_gib * 1024.0 * 1024.0 * 1024.0;
    q.fits = candidate.memory.need() <= device_bytes;
    q.tight = q.fits && candidate.memory.total() > device_bytes;
    q.candidate.memory = seen_within(candidate.memory, device_bytes);
    const Layout& l = candidate.layout;
    q.tokens_per_s = real(l.global_batch * s.run.seq) / candidate.step_s;
    q.tokens_per_s_per_device = q.tokens_per_s / real(l.devices());
    q.mfu = q.tokens_per_s_per_device * model_flop_per_token(s.model, Masked::skipped) /
            (s.machine.cluster.device.tflops_16 * 1e12);
    q.time_band = {s.calibration.error_median, s.calibration.error_p90};
    q.memory_band = s.calibration.memory_error_p90;
    add_checkpoints(s, q);
    add_run(s, q);
    return q;
}

}  // namespace suan::train
