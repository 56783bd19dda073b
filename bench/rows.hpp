// The rows of a bench and how they are printed: for people, or the house JSON
// {"machine","rows":[{"name","ours","unit","peer","peer_value","ratio","bar","holds"}]}.
#pragma once

#include <boost/json.hpp>
#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace suan::bench {

enum class Better { higher, lower };

struct Row {
    std::string name;
    double ours = 0;
    std::string unit;
    double bar = 0;  // 0: none
    Better better = Better::higher;
    std::string peer{};  // as published; empty: none
    double peer_value = 0;

    bool holds() const { return better == Better::higher ? ours >= bar : ours <= bar; }
};

inline std::string machine() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos)
            return line.substr(colon + 2);
    }
    return "unknown";
}

inline void print_json(const std::vector<Row>& rows) {
    boost::json::array out;
    for (const Row& row : rows) {
        const bool has_peer = !row.peer.empty();
        const bool has_bar = row.bar > 0;
        out.push_back(boost::json::object{
            {"name", row.name},
            {"ours", row.ours},
            {"unit", row.unit},
            {"peer", has_peer ? boost::json::value(row.peer) : nullptr},
            {"peer_value", has_peer ? boost::json::value(row.peer_value) : nullptr},
            {"ratio", has_peer ? boost::json::value(row.ours / row.peer_value) : nullptr},
            {"bar", has_bar ? boost::json::value(row.bar) : nullptr},
            {"holds", has_bar ? boost::json::value(row.holds()) : nullptr}});
    }
    const boost::json::object all{{"machine", machine()}, {"rows", std::move(out)}};
    fmt::print("{}\n", boost::json::serialize(all));
}

inline std::string figure(double value) {
    return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

inline void print_text(const std::vector<Row>& rows) {
    fmt::print("{}\n", machine());
    for (const Row& row : rows) {
        fmt::print("{:<52} {:>14.3f} {:<10}", row.name, row.ours, row.unit);
        if (row.bar > 0)
            fmt::print(" bar {:>12.3f}  {}", row.bar, row.holds() ? "holds" : "MISSED");
        if (!row.peer.empty()) fmt::print("   {}: {}", row.peer, figure(row.peer_value));
        fmt::print("\n");
    }
}

}  // namespace suan::bench
