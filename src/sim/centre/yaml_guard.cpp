#include "sim/centre/yaml_guard.hpp"

#include "base/bytes.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <sstream>

namespace suan::sim {
namespace {

// Reads the documents without keeping them. YAML::LoadAll does not end on text such as "--- , a]":
// its parser finds document after document in the same place.
class DocumentGuard final : public YAML::EventHandler {
public:
    explicit DocumentGuard(std::uint32_t documents_max) : documents_max_(documents_max) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_ > 0 && mark.pos <= last_.pos)
            throw YamlFault{mark,
                            "expected fields (name: value), found a bracket or comma of no list"};
        if (++documents_ > documents_max_)
            throw YamlFault{mark, fmt::format("a file has at most {} document{}", documents_max_,
                                              documents_max_ == 1 ? "" : "s")};
        last_ = mark;
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw YamlFault{mark, "aliases (*name) are not read; write the value again"};
    }
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

private:
    std::uint32_t documents_max_;
    std::uint32_t documents_ = 0;
    YAML::Mark last_;
};

Error error_at(const std::string& file, const YAML::Mark& mark, std::string_view message) {
    const int line = mark.is_null() ? 1 : mark.line + 1;
    const int column = mark.is_null() ? 1 : mark.column + 1;
    return Error{ErrorCode::invalid, fmt::format("{}:{}:{}: {}", file, line, column, message)};
}

}  // namespace

void check_documents(const std::string& text, std::uint32_t documents_max) {
    std::istringstream in(text);
    YAML::Parser parser(in);
    DocumentGuard guard(documents_max);
    while (parser.HandleNextDocument(guard)) {
    }
}

Result<void> read_document(const std::string& file, std::string_view what, const std::string& text,
                           const std::function<void(const YAML::Node&)>& read) {
    if (text.size() > limits::centre_file_bytes_max) {
        return Error{ErrorCode::exhausted, fmt::format("{}: {} has at most {} bytes", file, what,
                                                       limits::centre_file_bytes_max)};
    }
    if (!is_utf8(text)) return Error{ErrorCode::invalid, file + ": the file is not UTF-8"};
    try {
        check_documents(text, 1);
        read(YAML::Load(text));
    } catch (const YamlFault& bad) {
        return error_at(file, bad.mark, bad.message);
    } catch (const YAML::Exception& bad) {
        return error_at(file, bad.mark, "not YAML: " + bad.msg);
    }
    return {};
}

}  // namespace suan::sim
