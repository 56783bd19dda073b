// docs/formats/entry.md: the field numbers that it lists are those of proto/suan/log.proto, and its
// worked entry decodes. SNAP_UPDATE=1 writes both anew.
#include "log/entry.hpp"
#include "suan/log.pb.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace suan::runtime {
namespace {

std::filesystem::path page() {
    const char* source = std::getenv("SUAN_SOURCE_DIR");
    return std::filesystem::path(source != nullptr ? source : ".") / "docs/formats/entry.md";
}

std::string read_page() {
    std::ifstream in(page(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The text between the fences after "<!-- name -->".
std::string fenced(const std::string& name) {
    const std::string text = read_page();
    const std::size_t mark = text.find("<!-- " + name + " -->");
    if (mark == std::string::npos) return {};
    const std::size_t begin = text.find("```\n", mark) + 4;
    return text.substr(begin, text.find("```", begin) - begin);
}

void update(const std::string& name, const std::string& with) {
    std::string text = read_page();
    const std::size_t mark = text.find("<!-- " + name + " -->");
    ASSERT_NE(mark, std::string::npos) << name;
    const std::size_t begin = text.find("```\n", mark) + 4;
    text.replace(begin, text.find("```", begin) - begin, with);
    std::ofstream(page(), std::ios::binary) << text;
}

// "  1 tick" for every member of the message's oneof `kind`, four of them on a line.
std::string numbers_of(const google::protobuf::Descriptor& message) {
    std::string out;
    int on_line = 0;
    const auto* kind = message.FindOneofByName("kind");
    for (int i = 0; i < kind->field_count(); ++i) {
        const auto* field = kind->field(i);
        const bool last = ++on_line == 4 || i + 1 == kind->field_count();
        const std::string cell = fmt::format("{:>2} {}", field->number(), field->name());
        out += last ? cell + "\n" : fmt::format("{:<24}", cell);
        if (last) on_line = 0;
    }
    return out;
}

// One device for a minute of job 7, started by a tick.
Entry example() {
    Entry entry;
    entry.set_seq(1'000'000);
    entry.set_time_us(1'700'000'000'000'000);
    entry.set_rules_version(1);
    entry.mutable_command()->mutable_tick();
    JobStarted& started = *entry.add_events()->mutable_job_started();
    started.set_job_id(7);
    started.set_lease_id(9);
    started.set_attempt(1);
    started.set_tasks(1);
    Slot& slot = *started.add_slots();
    slot.set_node_id(3);
    slot.set_tasks(1);
    slot.set_device_mask(1);
    entry.set_salt("0123456789abcdef");
    return entry;
}

std::string in_lines(std::string_view bytes) {
    const std::string hex = to_hex(as_bytes(bytes));
    std::string out;
    for (std::size_t at = 0; at < hex.size(); at += 64)
        out += hex.substr(at, 64) + "\n";
    return out;
}

class EntryFormat : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        const char* wanted = std::getenv("SNAP_UPDATE");
        if (wanted == nullptr || std::string(wanted) != "1") return;
        update("commands", numbers_of(*Command::descriptor()));
        update("events", numbers_of(*Event::descriptor()));
        const std::string bytes = example().SerializeAsString();
        update("entry", in_lines(bytes));
        update("entry hash", to_hex(log::entry_hash(bytes)) + "\n");
    }
    static std::string worked(const std::string& name) {
        std::string hex;
        for (const char c : fenced(name))
            if (c != '\n') hex.push_back(c);
        return from_hex(hex).value();
    }
};

TEST_F(EntryFormat, field_numbers_are_those_of_the_schema) {
    EXPECT_EQ(fenced("commands"), numbers_of(*Command::descriptor()));
    EXPECT_EQ(fenced("events"), numbers_of(*Event::descriptor()));
}

TEST_F(EntryFormat, the_worked_entry_decodes_and_encodes_to_the_same_bytes) {
    const std::string bytes = worked("entry");
    Entry entry;
    ASSERT_TRUE(entry.ParseFromString(bytes));
    EXPECT_EQ(entry.DebugString(), example().DebugString());
    EXPECT_EQ(to_hex(as_bytes(entry.SerializeAsString())), to_hex(as_bytes(bytes)));
    EXPECT_EQ(bytes[0], '\x08');
}

TEST_F(EntryFormat, the_worked_entry_has_the_hash_of_the_page) {
    const std::string bytes = worked("entry");
    EXPECT_EQ(to_hex(as_bytes(worked("entry hash"))), to_hex(log::entry_hash(bytes)));
    const auto parts = log::split_entry(bytes);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->command_kind, 1U);
    EXPECT_EQ(parts->events.size(), 1U);
    EXPECT_EQ(parts->salt, "0123456789abcdef");
}

}  // namespace
}  // namespace suan::runtime
