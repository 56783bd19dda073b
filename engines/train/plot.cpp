#include "train/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace suan::train {
namespace {

constexpr double width = 880;
constexpr double left = 70;
constexpr double right = 860;
constexpr double line_top = 60;
constexpr double line_bottom = 300;
constexpr double bar_top = 350;
constexpr double bar_bottom = 590;

// Fifteen colours that stay apart for most colour-blind readers (after Okabe and Ito, darkened).
constexpr std::array<const char*, term_count> colours = {
    "#0072b2", "#56b4e9", "#009e73", "#999999", "#f0e442", "#e69f00", "#d55e00", "#cc79a7",
    "#882255", "#44aa99", "#bbbbbb", "#661100", "#117733", "#332288", "#666666"};

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}

double x_of(std::size_t i, std::size_t n) {
    const double step = (right - left) / static_cast<double>(n);
    return left + step * (static_cast<double>(i) + 0.5);
}

// The next of 1, 2, 5, 10, ... at or above.
double nice(double value) {
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= value) return factor * power;
    return 10 * power;
}

std::string axis(double top, double bottom, double most, const char* label) {
    std::string out = fmt::format(
        R"(<path d="M{} {}V{}H{}" fill="none" stroke="#333"/><text x="14" y="{}">{}</text>)", left,
        top, bottom, right, top - 10, label);
    for (int i = 0; i <= 4; ++i) {
        const double y = bottom - (bottom - top) * i / 4;
        out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{:.3g}</text>)", left - 6,
                           y + 4, most * i / 4);
    }
    return out;
}

std::string line(const std::vector<Quote>& quotes) {
    double most = 0;
    for (const Quote& q : quotes)
        most = std::max(most, q.candidate.step_s * (1 + q.time_band.most));
    most = nice(most);
    const auto y = [&](double s) { return line_bottom - (line_bottom - line_top) * s / most; };
    std::string path;
    std::string marks;
    for (std::size_t i = 0; i < quotes.size(); ++i) {
        const double s = quotes[i].candidate.step_s;
        const double band = quotes[i].time_band.most;
        const double x = x_of(i, quotes.size());
        path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x, y(s));
        marks += fmt::format(R"(<path d="M{0:.1f} {1:.1f}V{2:.1f}" stroke="#0072b2"/>)"
                             R"(<circle cx="{0:.1f}" cy="{3:.1f}" r="4" fill="#0072b2"/>)",
                             x, y(s * (1 + band)), y(std::max(0.0, s * (1 - band))), y(s));
        marks += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{:.3g}</text>)", x + 7, y(s) - 7, s);
    }
    return axis(line_top, line_bottom, most, "step time, s") +
           fmt::format(R"(<path d="{}" fill="none" stroke="#0072b2" stroke-width="2"/>)", path) +
           marks;
}

std::string bars(const std::vector<Quote>& quotes) {
    std::string out = axis(bar_top, bar_bottom, 100, "share of the step, %");
    const double bar = std::min(60.0, 0.7 * (right - left) / static_cast<double>(quotes.size()));
    for (std::size_t i = 0; i < quotes.size(); ++i) {
        const Quote& q = quotes[i];
        const double x = x_of(i, quotes.size());
        double y = bar_bottom;
        for (std::size_t t = 0; t < term_count; ++t) {
            const double h =
                (bar_bottom - bar_top) * q.candidate.step.seconds[t] / q.candidate.step_s;
            y -= h;
            out += fmt::format(
                R"(<rect x="{:.1f}" y="{:.2f}" width="{:.1f}" height="{:.2f}" fill="{}">)"
                R"(<title>{} {:.4g} s</title></rect>)",
                x - bar / 2, y, bar, h, colours[t], to_string(static_cast<Term>(t)),
                q.candidate.step.seconds[t]);
        }
        out += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x,
                           bar_bottom + 18, q.candidate.layout.devices());
    }
    return out + fmt::format(R"(<text x="{}" y="{}" text-anchor="end">devices</text>)", right,
                             bar_bottom + 36);
}

std::string legend() {
    std::string out;
    for (std::size_t t = 0; t < term_count; ++t) {
        const double x = left + 158.0 * static_cast<double>(t % 5);
        const double y = bar_bottom + 56 + 20.0 * static_cast<double>(t / 5);
        out += fmt::format(R"(<rect x="{0}" y="{1}" width="12" height="12" fill="{2}"/>)"
                           R"(<text x="{3}" y="{4}">{5}</text>)",
                           x, y, colours[t], x + 18, y + 11, to_string(static_cast<Term>(t)));
    }
    return out;
}

}  // namespace

std::string plot_svg(const std::string& title, const std::vector<Quote>& quotes) {
    const double height = bar_bottom + 130;
    std::string out = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" )"
                                  R"(font-family="sans-serif" font-size="12">)",
                                  width, height);
    out += fmt::format(R"(<rect width="{}" height="{}" fill="#fff"/>)", width, height);
    out += fmt::format(R"(<text x="{}" y="24" font-size="16">{}</text>)", left, escaped(title));
    return out + line(quotes) + bars(quotes) + legend() + "</svg>\n";
}

}  // namespace suan::train
