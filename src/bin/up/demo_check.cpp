// The end of the demonstration: checks that trust nobody.
#include "bin/cli.hpp"
#include "bin/files.hpp"
#include "bin/log_checks.hpp"
#include "bin/up/demo.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace suan::bin {
namespace {

// A bill can be proven once the block with its invoice is closed, at most a second later.
std::string bundle(Session& session, const std::string& invoice) {
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
        try {
            return session.raw(fmt::format("/v1/invoices/{}/bundle", invoice)).body;
        } catch (const Failed&) {
            if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(15)) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

std::string two_blanks(const std::string& text) {
    std::string out = "  ";
    for (const char c : text) {
        out += c;
        if (c == '\n') out += "  ";
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

}  // namespace

void Demo::check() {
    put("\n== Is it true? " + std::string(59, '=') + "\n");
    const std::string key = folder_.public_key().string();
    for (const std::string& invoice : bill_files_) {
        const std::string file =
            (folder_.root / fmt::format("invoice-{}.suanbill", invoice)).string();
        write_whole_file(file, bundle(operator_, invoice));
        put(fmt::format("  $ suan bill verify {} --key {}\n", file, key));
        put(two_blanks(checked_bill_text(check_bill_file(file, key))));
    }
    put(fmt::format("  $ suan log verify --data {} --key {}\n", folder_.root.string(), key));
    put(two_blanks(checked_log_text(check_data_folder(folder_.root, key, false))));
}

}  // namespace suan::bin
