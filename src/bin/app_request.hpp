// From an app and the values of its parameters to a job.
#pragma once

#include "bin/app_template.hpp"
#include "suan/api.pb.h"
#include "suan/api_apps.pb.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace suan::bin {

struct AppFile {
    std::string name;  // as the caller knows it; the job sees a harmless form of it
    std::string text;
};

// What the caller gave: texts, and for parameters of type file and files what was read.
struct AppValues {
    std::map<std::string, std::string> texts;
    std::map<std::string, std::vector<AppFile>> files;
};

// The job's own fields: pool, devices, time limit, arguments; a script that unpacks the files and
// becomes the program, where there are files. invalid: names the parameter and what would be right.
// exhausted: the files are too large for a job.
Result<JobRequest> app_request(const AppTemplate& app, const AppValues& values);

// "NAME=VALUE" pairs into values; `read` gives the files that a path stands for.
using AppReader =
    std::function<std::vector<AppFile>(const std::string& path, const std::string& suffix)>;
Result<AppValues> app_values(const AppTemplate& app, const std::vector<std::string>& pairs,
                             const AppReader& read);

// The same from a form that the hub was sent.
Result<AppValues> app_values(const AppForm& form);

// A tar file, gzipped: what the script unpacks.
std::string packed(const std::vector<AppFile>& files);

}  // namespace suan::bin
