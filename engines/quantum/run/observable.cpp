#include "quantum/run/run.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace suan::quantum {

namespace {

Error wrong(const std::string& text, std::size_t at, std::string_view what) {
    return {ErrorCode::invalid, fmt::format("observable '{}': column {}: {}", text, at + 1, what)};
}

}  // namespace

// [+-] [number *] letters, joined by + and -.
Result<Observable> parse_observable(const std::string& text, std::uint32_t qubits) {
    Observable out;
    out.text = text;
    std::size_t at = 0;
    const auto blanks = [&] {
        while (at < text.size() && text[at] == ' ')
            ++at;
    };
    blanks();
    while (at < text.size()) {
        Observable::Term term;
        if (text[at] == '+' || text[at] == '-') {
            term.factor = text[at] == '-' ? -1 : 1;
            ++at;
            blanks();
        } else if (!out.terms.empty()) {
            return wrong(text, at, "expected + or - between terms");
        }
        double number = 1;
        const auto [end, error] =
            std::from_chars(text.data() + at, text.data() + text.size(), number);
        if (error == std::errc{}) {
            if (!std::isfinite(number)) return wrong(text, at, "the factor must be finite");
            term.factor *= number;
            at = static_cast<std::size_t>(end - text.data());
            blanks();
            if (at >= text.size() || text[at] != '*')
                return wrong(text, at, "expected * and Pauli letters after the number");
            ++at;
            blanks();
        }
        const std::size_t from = at;
        while (at < text.size() && text[at] >= 'A' && text[at] <= 'Z') {
            if (std::string_view("IXYZ").find(text[at]) == std::string_view::npos)
                return wrong(text, at, "a Pauli letter is I, X, Y or Z");
            ++at;
        }
        if (at - from != qubits)
            return wrong(text, from,
                         fmt::format("expected {} Pauli letters, one for each qubit, found {}",
                                     qubits, at - from));
        for (std::uint32_t q = 0; q < qubits; ++q) {
            const char letter = text[at - 1 - q];  // the last letter is qubit 0
            if (letter == 'X' || letter == 'Y') term.x.push_back(q);
            if (letter == 'Z' || letter == 'Y') term.z.push_back(q);
        }
        out.terms.push_back(std::move(term));
        blanks();
    }
    if (out.terms.empty()) return wrong(text, 0, "there is no term");
    return out;
}

}  // namespace suan::quantum
