#include "train/efficiency.hpp"

#include "train/software.hpp"
#include "train/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace suan::train {
namespace {

constexpr double mib = 1024.0 * 1024.0;
constexpr std::size_t points_max = 64;

struct CurveInfo {
    const char* name;
    EfficiencyCurve Efficiencies::*curve;
    std::array<double, 5> sizes;  // that a calibration writes
    const char* meaning;
};

constexpr std::array curves = {
    CurveInfo{"products",
              &Efficiencies::products,
              {128, 512, 2048, 8192, 32768},
              "of the 16-bit peak, by depth of a matrix product"},
    CurveInfo{"attention",
              &Efficiencies::attention,
              {512, 2048, 8192, 32768, 131072},
              "of the 16-bit peak, by tokens of a sequence; fused, heads of 128"},
    CurveInfo{"fast",
              &Efficiencies::fast,
              {0.0625, 0.5, 4, 32, 256},
              "of fast_gbytes_s, by MiB of a message"},
    CurveInfo{"network",
              &Efficiencies::network,
              {0.0625, 0.5, 4, 32, 256},
              "of network_gbits_s, by MiB of a message"}};

Saturation of_link(double efficiency, double latency_us, double gbytes_s) {
    return {efficiency, latency_us * 1e-6 * efficiency * gbytes_s * 1e9 / mib};
}

double latency_us(const Saturation& s, double gbytes_s) {
    return s.half * mib / (s.top * gbytes_s * 1e9) * 1e6;
}

EfficiencyCurve sampled(const Saturation& s, const std::array<double, 5>& sizes) {
    EfficiencyCurve curve;
    for (const double size : sizes)
        curve.push_back({size, s.share(size)});
    return curve;
}

Result<double> number(const YAML::Node& node, const std::string& where) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !std::isfinite(value))
        return Error{ErrorCode::invalid, fmt::format("{}: '{}' is not a number", where, text)};
    return value;
}

Result<EfficiencyCurve> parse_curve(const YAML::Node& node, const std::string& where) {
    const auto bad = [&](const std::string& problem) {
        return Error{ErrorCode::invalid, where + ": " + problem};
    };
    if (!node.IsMap() || node.size() == 0 || node.size() > points_max)
        return bad(fmt::format("must be a map of size to share, with 1 to {} points", points_max));
    EfficiencyCurve curve;
    for (const auto& entry : node) {
        const auto size = number(entry.first, where);
        if (!size) return size.error();
        const auto share = number(entry.second, where);
        if (!share) return share.error();
        if (!(*size > 0 && *size <= 1e12)) return bad(fmt::format("size {} is not above 0", *size));
        if (!(*share > 0 && *share <= 1))
            return bad(
                fmt::format("share {} at {}; it must be above 0 and at most 1", *share, *size));
        curve.push_back({*size, *share});
    }
    const auto by_size = [](const EfficiencyPoint& a, const EfficiencyPoint& b) {
        return a.size < b.size;
    };
    std::sort(curve.begin(), curve.end(), by_size);
    for (std::size_t i = 1; i < curve.size(); ++i)
        if (curve[i].size <= curve[i - 1].size)
            return bad(fmt::format("size {} is there twice", curve[i].size));
    return curve;
}

}  // namespace

Saturation saturation_of(const EfficiencyCurve& curve, const Saturation& otherwise) {
    if (curve.empty()) return otherwise;
    if (curve.size() == 1)
        return {curve[0].share * (1 + otherwise.half / curve[0].size), otherwise.half};
    // size / share = half / top + size / top, each side relative to size / share.
    double vv = 0, vw = 0, ww = 0, v = 0, w = 0;
    for (const EfficiencyPoint& p : curve) {
        const double constant = p.share / p.size;
        const double slope = p.share;
        vv += constant * constant;
        vw += constant * slope;
        ww += slope * slope;
        v += constant;
        w += slope;
    }
    const double determinant = vv * ww - vw * vw;
    double intercept = determinant > 0 ? (v * ww - w * vw) / determinant : 0;
    intercept = std::max(intercept, 0.0);
    double inverse = (w - intercept * vw) / ww;
    // No size reaches more than the nominal rate, however steep the points are.
    if (inverse < 1) {
        inverse = 1;
        intercept = std::max((v - vw) / vv, 0.0);
    }
    return {1 / inverse, intercept / inverse};
}

Constants with_tables(const Constants& constants, const Cluster& cluster,
                      const std::string& software) {
    const Efficiencies& e = cluster.efficiencies;
    if (!e.software.empty() && e.software != software) return constants;
    Constants c = constants;
    const Saturation products = saturation_of(e.products, {c.gemm_efficiency, c.gemm_depth});
    c.gemm_efficiency = products.top;
    c.gemm_depth = products.half;
    const Saturation attention =
        saturation_of(e.attention, {c.attention_efficiency, c.attention_tokens});
    c.attention_efficiency = attention.top;
    c.attention_tokens = attention.half;
    const double fast_gbytes_s = cluster.fast_gbytes_s;
    const Saturation fast =
        saturation_of(e.fast, of_link(c.fast_efficiency, c.fast_latency_us, fast_gbytes_s));
    c.fast_efficiency = fast.top;
    c.fast_latency_us = latency_us(fast, fast_gbytes_s);
    const double network_gbytes_s = cluster.network_gbytes_s;
    const Saturation network = saturation_of(
        e.network, of_link(c.network_efficiency, c.network_latency_us, network_gbytes_s));
    c.network_efficiency = network.top;
    c.network_latency_us = latency_us(network, network_gbytes_s);
    return c;
}

Efficiencies tabulate(const Constants& c, const Cluster& cluster) {
    Efficiencies e;
    e.products = sampled({c.gemm_efficiency, c.gemm_depth}, curves[0].sizes);
    e.attention = sampled({c.attention_efficiency, c.attention_tokens}, curves[1].sizes);
    e.fast = sampled(of_link(c.fast_efficiency, c.fast_latency_us, cluster.fast_gbytes_s),
                     curves[2].sizes);
    e.network =
        sampled(of_link(c.network_efficiency, c.network_latency_us, cluster.network_gbytes_s),
                curves[3].sizes);
    return e;
}

Result<Efficiencies> fitted_tables(const Cluster& cluster, const Calibrations& fitted) {
    const std::string& family = cluster.device.family;
    const auto software = find_software(usual_software(family), Precision::bf16);
    if (!software) return software.error();
    const Calibration& set = fitted.find(family, software->generation);
    Efficiencies tables = tabulate(set.constants, cluster);
    tables.software = software->name;
    tables.source = fmt::format("fitted to measured step times, {} under {} ({} rows){}",
                                set.family, set.generation, set.rows,
                                set.family == family ? "" : "; an extrapolation to " + family);
    return tables;
}

Result<Efficiencies> parse_efficiencies(const YAML::Node& node, const std::string& where) {
    Fields fields(node, where);
    fields.require("source");
    Efficiencies e;
    fields.read("source", e.source);
    fields.read("software", e.software);
    for (const CurveInfo& info : curves) {
        if (!fields.has(info.name)) continue;
        auto curve = parse_curve(fields.node(info.name), where + ": " + info.name);
        if (!curve) return std::move(curve).error();
        e.*info.curve = std::move(*curve);
    }
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    return e;
}

std::string with_efficiency_text(const std::string& cluster_yaml, const Efficiencies& tables) {
    std::string out = cluster_yaml.substr(0, cluster_yaml.find("\nefficiency:"));
    while (!out.empty() && out.back() == '\n')
        out.pop_back();
    out +=
        "\nefficiency:  # shares of the nominal rates; `suan-train calibrate --clusters` wrote "
        "them\n";
    out += "  source: " + tables.source + "\n";
    if (!tables.software.empty()) out += "  software: " + tables.software + "\n";
    for (const CurveInfo& info : curves) {
        const EfficiencyCurve& curve = tables.*info.curve;
        if (curve.empty()) continue;
        std::string points;
        for (const EfficiencyPoint& p : curve)
            points += fmt::format("{}{:.6g}: {:.6g}", points.empty() ? "" : ", ", p.size, p.share);
        out += fmt::format("  # {}\n  {}: {{{}}}\n", info.meaning, info.name, points);
    }
    return out;
}

}  // namespace suan::train
