#include "base/bytes.hpp"
#include "quantum/run/run.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

namespace suan::quantum {

namespace {

namespace json = boost::json;

template <typename Number>
std::vector<std::pair<Key, Number>> likeliest(const std::map<Key, Number>& all, std::size_t top) {
    std::vector<std::pair<Key, Number>> sorted(all.begin(), all.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (top > 0 && sorted.size() > top) sorted.resize(top);
    return sorted;
}

json::array registers_of(const RunResult& result) {
    json::array out;
    for (const BitRegister& one : result.registers)
        out.push_back(json::object{{"name", one.name}, {"size", one.size}});
    return out;
}

json::object outcomes(const RunResult& result, std::size_t top) {
    json::object out;
    const std::size_t bits = result.tally.bits;
    if (result.exact) {
        json::object probabilities;
        for (const auto& [key, p] : likeliest(result.tally.probabilities, top))
            probabilities[key_text(key, bits)] = p;
        out["nonzero"] = result.tally.probabilities.size();
        out["full"] = top == 0 || result.tally.probabilities.size() <= top;
        out["probabilities"] = std::move(probabilities);
        return out;
    }
    json::object counts;
    for (const auto& [key, n] : likeliest(result.tally.counts, top))
        counts[key_text(key, bits)] = n;
    out["outcomes"] = result.tally.counts.size();
    out["full"] = top == 0 || result.tally.counts.size() <= top;
    out["counts"] = std::move(counts);
    if (!result.tally.shots.empty()) {
        json::array memory;
        for (const Key& key : result.tally.shots)
            memory.emplace_back(key_text(key, bits));
        out["memory"] = std::move(memory);
    }
    return out;
}

}  // namespace

std::string sm3_hex(std::string_view text) {
    Hash256 hash{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sm3(), nullptr) != 1 ||
        size != hash.size())
        return {};
    return to_hex(hash);
}

std::string to_json(const RunResult& result, std::size_t top) {
    json::object out;
    out["format"] = "suan-quantum-result";
    out["version"] = 1;
    out["circuit"] = result.program;
    out["sm3"] = result.sm3;
    out["qubits"] = result.qubits;
    std::uint32_t bits = 0;
    for (const BitRegister& one : result.registers)
        bits += one.size;
    out["clbits"] = bits;
    out["registers"] = registers_of(result);
    out["over"] = result.over_qubits ? "qubits" : "clbits";
    out["bit_order"] =
        "leftmost bit = highest index; registers concatenated in declaration order, first "
        "register in the lowest bits";
    out["method"] = name_of(result.method);
    out["method_reason"] = result.method_reason;
    out["precision"] = result.precision == Precision::single ? "single" : "double";
    out["instruction_set"] = result.isa;
    out["threads"] = result.threads;
    out["seed"] = result.seed;
    if (!result.exact) out["shots"] = result.shots;
    out["error_estimate"] = result.tally.error_estimate;
    out["operations"] = result.ops;
    out["timings_s"] = json::object{{"parse", result.parse_seconds}, {"run", result.run_seconds}};
    for (auto& [key, value] : outcomes(result, top))
        out[key] = value;
    if (!result.observables.empty()) {
        json::array all;
        for (const ObservableResult& one : result.observables)
            all.push_back(
                json::object{{"observable", one.text}, {"value", one.value}, {"error", one.error}});
        out["observables"] = std::move(all);
    }
    return json::serialize(out);
}

}  // namespace suan::quantum
