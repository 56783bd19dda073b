#include "bin/hub/app_folder.hpp"

#include "bin/app_request.hpp"
#include "bin/app_template.hpp"
#include "bin/cli.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

namespace suan::bin {
namespace {

std::string beside(const std::string& program_folder) {
    std::error_code ignored;
    for (const char* way : {"/../share/suan/apps", "/../../../apps"})
        if (std::filesystem::is_directory(program_folder + way, ignored))
            return program_folder + way;
    return {};
}

}  // namespace

Result<api::AppCatalogue> load_apps(const std::string& folder, const std::string& program_folder,
                                    const std::function<void(const std::string&)>& complain) {
    api::AppCatalogue apps;
    const std::string from = folder.empty() ? beside(program_folder) : folder;
    if (from.empty()) return apps;
    std::error_code error;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(from, error))
        if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
    if (error)
        return Error{ErrorCode::io, fmt::format("cannot read {}: {}", from, error.message())};
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
        if (apps.size() == apps_max) {
            complain(fmt::format("{}: a hub offers at most {} apps", file, apps_max));
            break;
        }
        auto app = parse_app(read_file(file, app_file_bytes_max));
        if (!app) {
            complain(fmt::format("{}: {}", file, app.error().context));
            continue;
        }
        app->program_folder = program_folder;
        const auto kept = std::make_shared<const AppTemplate>(std::move(*app));
        api::OfferedApp offered{to_json(*kept), [kept](const AppForm& form) {
                                    auto values = app_values(form);
                                    return values ? app_request(*kept, *values)
                                                  : Result<JobRequest>(values.error());
                                }};
        if (!apps.emplace(kept->name, std::move(offered)).second)
            complain(fmt::format("{}: there is another app {}", file, kept->name));
    }
    return apps;
}

}  // namespace suan::bin
