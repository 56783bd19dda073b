#include "quantum/draw/draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suan::quantum {

namespace {

constexpr int step_x = 48;
constexpr int step_y = 40;
constexpr int margin = 56;
constexpr std::uint32_t qubits_drawn_max = 200;

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else if (static_cast<unsigned char>(c) >= 0x20)
            out += c;
    }
    return out;
}

// Colours follow the page: text and lines are the current colour.
std::string head(int width, int height) {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
        "width=\"{0}\" height=\"{1}\" font-family=\"monospace\" font-size=\"12\" "
        "fill=\"currentColor\" stroke=\"none\">\n",
        width, height);
}
std::string line(double x1, double y1, double x2, double y2,
                 std::string_view colour = "currentColor", double width = 1) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        x1, y1, x2, y2, colour, width);
}
std::string text(double x, double y, std::string_view what, std::string_view anchor = "middle") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, escaped(what));
}

std::string label_of(const Op& op) {
    switch (op.kind) {
        case OpKind::measure:
            return "M";
        case OpKind::reset:
            return "|0>";
        case OpKind::delay:
            return "delay";
        default:
            break;
    }
    std::string label(name_of(op.gate));
    if (param_count(op.gate) == 1) label += fmt::format(" {:.2f}", op.params[0]);
    return label;
}

std::string box(double x, double y, const std::string& label) {
    return fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"40\" height=\"26\" rx=\"3\" "
        "fill=\"#dbe9ff\" stroke=\"#1f5fbf\"/>\n<text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\" font-size=\"{}\" fill=\"#10233f\">{}</text>\n",
        x - 20, y - 13, x, y + 4, label.size() > 5 ? 9 : 12, escaped(label));
}

std::string gate_svg(const Op& op, double x) {
    std::string out;
    const auto y_of = [](std::uint32_t q) { return margin + static_cast<double>(q) * step_y; };
    const auto [low, high] = std::minmax_element(op.qubits.begin(), op.qubits.end());
    if (op.kind == OpKind::barrier)
        return fmt::format(
            "<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" "
            "stroke=\"#888\" stroke-dasharray=\"4 3\"/>\n",
            x, y_of(*low) - 16, y_of(*high) + 16);
    if (op.qubits.size() > 1) out += line(x, y_of(*low), x, y_of(*high), "#1f5fbf", 1.5);
    for (std::size_t i = 0; i < op.qubits.size(); ++i) {
        const double y = y_of(op.qubits[i]);
        const bool dot = i < op.controls || (op.gate == GateKind::z && op.controls > 0);
        if (op.kind == OpKind::gate && dot)
            out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#1f5fbf\"/>\n",
                               x, y);
        else
            out += box(x, y, label_of(op));
    }
    return out;
}

// Green for the smallest error, red for the largest.
std::string colour_of(double value, double least, double most) {
    const double f = most > least ? (value - least) / (most - least) : 0;
    return fmt::format("hsl({:.0f},70%,45%)", 120 * (1 - std::clamp(f, 0.0, 1.0)));
}

}  // namespace

std::string circuit_svg(std::span<const Op> ops, std::uint32_t qubits, std::size_t columns_max) {
    const std::uint32_t rows = std::min(qubits, qubits_drawn_max);
    std::vector<std::size_t> busy(qubits, 0);
    std::string gates;
    std::size_t columns = 0;
    std::size_t left_out = 0;
    for (const Op& op : ops) {
        if (op.qubits.empty()) continue;
        const auto [low, high] = std::minmax_element(op.qubits.begin(), op.qubits.end());
        std::size_t column = 0;
        for (std::uint32_t q = *low; q <= *high; ++q)
            column = std::max(column, busy[q]);
        for (std::uint32_t q = *low; q <= *high; ++q)
            busy[q] = column + 1;
        if (column >= columns_max || *high >= rows) {
            ++left_out;
            continue;
        }
        columns = std::max(columns, column + 1);
        gates += gate_svg(op, margin + 40 + static_cast<double>(column) * step_x);
    }
    const int width = margin + 60 + static_cast<int>(columns) * step_x;
    const int height = 2 * margin + static_cast<int>(rows) * step_y;
    std::string out = head(width, height);
    for (std::uint32_t q = 0; q < rows; ++q) {
        const double y = margin + static_cast<double>(q) * step_y;
        out += line(margin, y, width - 10, y, "#999");
        out += text(margin - 8, y + 4, fmt::format("q{}", q), "end");
    }
    out += gates;
    if (left_out > 0 || rows < qubits)
        out +=
            text(margin, height - 20,
                 fmt::format("{} operations and {} qubits are not drawn", left_out, qubits - rows),
                 "start");
    return out + "</svg>\n";
}

std::string histogram_svg(const RunResult& result, std::size_t bars_max) {
    std::vector<std::pair<std::string, double>> bars;
    for (const auto& [key, p] : result.tally.probabilities)
        bars.emplace_back(key_text(key, result.tally.bits), p);
    for (const auto& [key, n] : result.tally.counts)
        bars.emplace_back(key_text(key, result.tally.bits), static_cast<double>(n));
    std::stable_sort(bars.begin(), bars.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    const std::size_t all = bars.size();
    if (bars.size() > bars_max) bars.resize(bars_max);
    std::sort(bars.begin(), bars.end());
    double most = 0;
    for (const auto& [key, value] : bars)
        most = std::max(most, value);
    constexpr int bar = 22;
    constexpr int tall = 240;
    const int letters = static_cast<int>(std::min<std::size_t>(result.tally.bits, 40)) * 8;
    const int width = 2 * margin + bar * static_cast<int>(bars.size());
    const int height = tall + 2 * margin + letters;
    std::string out = head(width, height);
    out += line(margin, margin, margin, margin + tall);
    out += line(margin, margin + tall, width - margin, margin + tall);
    for (int i = 0; i <= 4; ++i)
        out += text(margin - 6, margin + tall - i * tall / 4.0 + 4,
                    fmt::format("{:.3g}", most * i / 4), "end");
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double h = most > 0 ? bars[i].second / most * tall : 0;
        const double x = margin + 4 + static_cast<double>(i) * bar;
        out += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" "
            "fill=\"#1f5fbf\"><title>{}: {}</title></rect>\n",
            x, margin + tall - h, bar - 6, h, bars[i].first, bars[i].second);
        out += fmt::format("<text transform=\"translate({:.1f},{}) rotate(90)\">{}</text>\n", x + 4,
                           margin + tall + 8, bars[i].first.substr(0, 40));
    }
    if (all > bars.size())
        out += text(margin, 24, fmt::format("the likeliest {} of {} outcomes", bars.size(), all),
                    "start");
    return out + "</svg>\n";
}

std::string backend_svg(const Backend& backend) {
    constexpr double scale = 44;
    double width = 0;
    double height = 0;
    double least = 1;
    double most = 0;
    for (const QubitCalibration& q : backend.qubits) {
        width = std::max(width, q.x);
        height = std::max(height, q.y);
    }
    for (const Coupling& one : backend.couplings) {
        least = std::min(least, one.error);
        most = std::max(most, one.error);
    }
    double least_q = 1;
    double most_q = 0;
    for (const QubitCalibration& q : backend.qubits) {
        least_q = std::min(least_q, q.gate_error);
        most_q = std::max(most_q, q.gate_error);
    }
    std::string out = head(static_cast<int>(width * scale) + 2 * margin,
                           static_cast<int>(height * scale) + 2 * margin + 20);
    out += text(margin, 22,
                fmt::format("{}: two-qubit errors {:.1e} to {:.1e}", backend.name, least, most),
                "start");
    const auto x_of = [&](std::uint32_t q) { return margin + backend.qubits[q].x * scale; };
    const auto y_of = [&](std::uint32_t q) { return margin + backend.qubits[q].y * scale; };
    for (const Coupling& one : backend.couplings)
        out += line(x_of(one.a), y_of(one.a), x_of(one.b), y_of(one.b),
                    colour_of(one.error, least, most), 4);
    for (std::uint32_t q = 0; q < backend.qubits.size(); ++q) {
        const QubitCalibration& c = backend.qubits[q];
        out += fmt::format(
            "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"13\" fill=\"{}\"><title>qubit {}: "
            "T1 {:.0f} us, T2 {:.0f} us, error {:.1e}, readout {:.1e} / "
            "{:.1e}</title></circle>\n<text x=\"{:.1f}\" y=\"{:.1f}\" "
            "text-anchor=\"middle\" fill=\"#fff\" font-size=\"10\">{}</text>\n",
            x_of(q), y_of(q), colour_of(c.gate_error, least_q, most_q), q, c.t1_s * 1e6,
            c.t2_s * 1e6, c.gate_error, c.readout_0_as_1, c.readout_1_as_0, x_of(q), y_of(q) + 4,
            q);
    }
    return out + "</svg>\n";
}

}  // namespace suan::quantum
