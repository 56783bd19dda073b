// How a quote is shown: text for people, JSON for programs (docs/formats/training-plan.md).
#include "train/quote.hpp"

#include <fmt/format.h>

#include <cmath>

namespace suan::train {
namespace {

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

struct MemoryPart {
    const char* name;
    double MemoryUse::*bytes;
};

constexpr std::array memory_parts = {MemoryPart{"weights", &MemoryUse::weights},
                                     MemoryPart{"gradients", &MemoryUse::gradients},
                                     MemoryPart{"optimizer", &MemoryUse::optimizer},
                                     MemoryPart{"activations", &MemoryUse::activations},
                                     MemoryPart{"working", &MemoryUse::working},
                                     MemoryPart{"head", &MemoryUse::head},
                                     MemoryPart{"gathered", &MemoryUse::gathered},
                                     MemoryPart{"update", &MemoryUse::update},
                                     MemoryPart{"reserve", &MemoryUse::reserve},
                                     MemoryPart{"fragmentation", &MemoryUse::fragmentation}};

std::string banded(double value, const char* unit, const Band& band) {
    return fmt::format(
        "{:.4g} {} (half of measured rows within {:.0f} %, nine tenths within {:.0f} %)", value,
        unit, 100 * band.half, 100 * band.most);
}

std::string time_text(const Quote& q) {
    std::string out = "  where the time goes:\n";
    for (std::size_t i = 0; i < term_count; ++i) {
        const double s = q.candidate.step.seconds[i];
        if (s <= 0) continue;
        out += fmt::format("    {:<12} {:>10.4f} s {:>6.1f} %\n", to_string(static_cast<Term>(i)),
                           s, 100 * s / q.candidate.step_s);
    }
    return out + fmt::format("    {:<12} {:>10.4f} s\n", "step", q.candidate.step_s);
}

std::string memory_text(const Setting& s, const Quote& q) {
    std::string out = fmt::format(
        "  memory of the busiest device: {:.1f} of {:.0f} GiB (+-{:.0f} %)\n",
        q.candidate.memory.total_gib(), s.machine.cluster.device.memory_gib, 100 * q.memory_band);
    for (const MemoryPart& part : memory_parts) {
        const double bytes = q.candidate.memory.*part.bytes;
        if (bytes > 0) out += fmt::format("    {:<14} {:>8.2f} GiB\n", part.name, bytes / gib);
    }
    return out;
}

std::string run_text(const Setting& s, const Quote& q) {
    if (s.tokens <= 0) return "";
    std::string out = fmt::format(
        "  run of {:.4g} tokens: {:.1f} days (+-{:.0f} %) with checkpoints "
        "and failures, {:.1f} of steps; {:.4g} device-hours (+-{:.0f} %)\n",
        s.tokens, q.wall_days, 100 * q.time_band.most, q.days, q.device_hours,
        100 * q.time_band.most);
    if (s.yuan_per_device_hour > 0)
        out += fmt::format("  price: {:.0f} yuan (+-{:.0f} %) at {} yuan a device-hour\n", q.yuan,
                           100 * q.time_band.most, s.yuan_per_device_hour);
    return out;
}

}  // namespace

std::string quote_text(const Setting& s, const Quote& q) {
    const Layout& l = q.candidate.layout;
    std::string out = fmt::format("{} on {} x {}: {}\n", s.model.name, l.devices(),
                                  s.machine.cluster.device.name, to_text(l));
    if (!q.fits) out += "  DOES NOT FIT\n";
    if (q.tight)
        out +=
            "  TIGHT: it fits if the allocator gives back what fragmentation holds; try it first\n";
    out += "  step: " + banded(q.candidate.step_s, "s", q.time_band) + "\n";
    out +=
        fmt::format("  tokens/s: {:.6g}, {:.5g} a device; MFU {:.1f} % (each +-{:.0f} %)\n",
                    q.tokens_per_s, q.tokens_per_s_per_device, 100 * q.mfu, 100 * q.time_band.most);
    out += time_text(q) + memory_text(s, q) + run_text(s, q);
    if (q.checkpoint_interval_s > 0)
        out += fmt::format(
            "  checkpoint of {:.0f} GiB every {:.0f} s (Young); {:.1f} % of wall time "
            "is steps\n",
            q.checkpoint_bytes / gib, q.checkpoint_interval_s, 100 * q.goodput);
    const Calibration& c = s.calibration;
    out += fmt::format(
        "  calibration: {} {}, {} measured rows{}\n", c.family, c.generation, c.rows,
        c.family == s.machine.cluster.device.family && c.generation == s.software.generation
            ? ""
            : "; an extrapolation: no row of this device with this software");
    return out;
}

boost::json::object layout_json(const Layout& l) {
    return {{"tp", l.tp},
            {"pp", l.pp},
            {"dp", l.dp},
            {"cp", l.cp},
            {"ep", l.ep},
            {"etp", l.etp},
            {"vpp", l.vpp},
            {"micro_batch", l.micro_batch},
            {"global_batch", l.global_batch},
            {"sequence_parallel", l.sequence_parallel == SequenceParallel::on},
            {"recompute", to_string(l.recompute)},
            {"zero_stage", l.zero_stage},
            {"offload", l.offload == Offload::optimizer},
            {"devices", l.devices()}};
}

boost::json::object quote_json(const Setting& s, const Quote& q) {
    boost::json::object time;
    for (std::size_t i = 0; i < term_count; ++i)
        time[to_string(static_cast<Term>(i))] = q.candidate.step.seconds[i];
    boost::json::object memory;
    for (const MemoryPart& part : memory_parts)
        memory[part.name] = q.candidate.memory.*part.bytes / gib;
    boost::json::object out{{"layout", layout_json(q.candidate.layout)},
                            {"fits", q.fits},
                            {"tight", q.tight},
                            {"step_time_s", q.candidate.step_s},
                            {"time_s", std::move(time)},
                            {"memory_gib_per_device", q.candidate.memory.total_gib()},
                            {"memory_gib", std::move(memory)},
                            {"tokens_per_s", q.tokens_per_s},
                            {"tokens_per_s_per_device", q.tokens_per_s_per_device},
                            {"mfu", q.mfu},
                            {"error_half", q.time_band.half},
                            {"error_nine_tenths", q.time_band.most},
                            {"memory_error_nine_tenths", q.memory_band},
                            {"checkpoint_gib", q.checkpoint_bytes / gib},
                            {"checkpoint_interval_s", q.checkpoint_interval_s},
                            {"goodput", q.goodput}};
    if (s.tokens > 0) {
        out["days"] = q.wall_days;
        out["days_of_steps"] = q.days;
        out["device_hours"] = q.device_hours;
        if (s.yuan_per_device_hour > 0) out["yuan"] = q.yuan;
    }
    return out;
}

}  // namespace suan::train
