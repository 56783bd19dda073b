#include "bin/app_request.hpp"

#include "api/json/names.hpp"
#include "base/assert.hpp"
#include "base/limits.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace suan::bin {
namespace {

constexpr std::size_t tar_block = 512;
constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// Of the payload, for everything but the packed files.
constexpr std::size_t payload_reserve = 64 << 10;
constexpr std::size_t files_max = 10'000;

Error wrong(std::string message) {
    return {ErrorCode::invalid, std::move(message)};
}

// A header of the ustar format (POSIX 1003.1, pax).
std::string tar_header(const AppFile& file) {
    std::string header(tar_block, '\0');
    const auto put = [&](std::size_t at, std::string_view text) {
        std::memcpy(header.data() + at, text.data(), text.size());
    };
    SUAN_ASSERT(file.name.size() < 100);
    put(0, file.name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", file.text.size()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    put(148, std::string_view(fmt::format("{:06o}", sum)));
    header[154] = '\0';
    return header;
}

std::string gzipped(const std::string& text) {
    z_stream stream{};
    constexpr int gzip = 15 + 16;
    SUAN_ASSERT(deflateInit2(&stream, 9, Z_DEFLATED, gzip, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    SUAN_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

// "in/0007-bell.qasm": the number keeps names apart, the rest is what is harmless in the caller's.
std::string job_name(const std::string& name, std::size_t number) {
    const std::size_t slash = name.rfind('/');
    std::string base = slash == std::string::npos ? name : name.substr(slash + 1);
    for (char& c : base) {
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        if (!good) c = '_';
    }
    if (base.size() > 60) base = base.substr(base.size() - 60);
    return fmt::format("in/{:04}-{}", number, base);
}

Error unknown_parameter(const AppTemplate& app, const std::string& name) {
    std::vector<std::string> names;
    for (const AppParameter& p : app.parameters)
        names.push_back(p.name);
    const auto near = api::json::nearest_name(name, names);
    return wrong(fmt::format("app {} has no parameter \"{}\"; {}", app.name, name.substr(0, 40),
                             near ? fmt::format("did you mean \"{}\"?", *near)
                                  : fmt::format("it has {}", fmt::join(names, ", "))));
}

bool takes_files(const AppParameter& p) {
    return p.type == AppType::file || p.type == AppType::files;
}

// Every value has a parameter, and is of its kind.
Result<void> check_names(const AppTemplate& app, const AppValues& values) {
    for (const auto& [name, text] : values.texts) {
        const AppParameter* p = app.find(name);
        if (p == nullptr) return unknown_parameter(app, name);
        if (takes_files(*p)) return wrong(fmt::format("parameter {} takes files", name));
    }
    for (const auto& [name, files] : values.files) {
        const AppParameter* p = app.find(name);
        if (p == nullptr) return unknown_parameter(app, name);
        if (!takes_files(*p)) return wrong(fmt::format("parameter {} takes a text", name));
        if (p->type == AppType::file && files.size() != 1)
            return wrong(fmt::format("parameter {} is one file", name));
    }
    return {};
}

// The value to use: given, or the default. None: the argument is left out.
Result<std::optional<std::string>> value_of(const AppParameter& p, const AppValues& values) {
    const auto given = values.texts.find(p.name);
    std::string value = given != values.texts.end() ? given->second : p.fallback.value_or("");
    if (value.empty()) {
        if (p.required) return wrong(fmt::format("parameter {} is required", p.name));
        return std::optional<std::string>{};
    }
    if (auto good = check_value(p, value); !good) return std::move(good).error();
    return std::optional<std::string>(std::move(value));
}

}  // namespace

std::string packed(const std::vector<AppFile>& files) {
    std::string tar;
    for (const AppFile& file : files) {
        tar += tar_header(file);
        tar += file.text;
        tar.append((tar_block - file.text.size() % tar_block) % tar_block, '\0');
    }
    tar.append(2 * tar_block, '\0');
    return gzipped(tar);
}

Result<AppValues> app_values(const AppTemplate& app, const std::vector<std::string>& pairs,
                             const AppReader& read) {
    AppValues values;
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0)
            return wrong(fmt::format("--param: \"{}\" is not NAME=VALUE", pair.substr(0, 60)));
        const std::string name = pair.substr(0, equals);
        const AppParameter* p = app.find(name);
        if (p == nullptr) return unknown_parameter(app, name);
        const bool again = values.texts.count(name) > 0 || values.files.count(name) > 0;
        if (again && p->type != AppType::files)
            return wrong(fmt::format("parameter {} is given twice", name));
        const std::string value = pair.substr(equals + 1);
        if (!takes_files(*p)) {
            values.texts[name] = value;
            continue;
        }
        auto files = read(value, p->suffix);
        for (AppFile& file : files)
            values.files[name].push_back(std::move(file));
    }
    return values;
}

Result<AppValues> app_values(const AppForm& form) {
    AppValues values;
    for (const AppFieldValue& value : form.values()) {
        if (values.texts.count(value.name()) > 0 || values.files.count(value.name()) > 0)
            return wrong(fmt::format("parameter {} is given twice", value.name()));
        if (!value.text().empty()) values.texts[value.name()] = value.text();
        for (const AppInputFile& file : value.files())
            values.files[value.name()].push_back({file.name(), file.content()});
    }
    return values;
}

Result<JobRequest> app_request(const AppTemplate& app, const AppValues& values) {
    if (auto good = check_names(app, values); !good) return std::move(good).error();
    JobRequest job;
    job.set_name(app.name);
    job.set_pool(app.pool);
    job.set_devices_per_task(app.devices);
    job.set_walltime_ms(app.walltime_ms);
    std::vector<AppFile> files;
    for (const std::string& argument : app.command) {
        const auto hole = hole_of(argument);
        if (!hole) {
            job.add_argv(argument);
            continue;
        }
        const AppParameter& p = *app.find(hole->parameter);
        const auto with = [&](const std::string& value) {
            job.add_argv(argument.substr(0, hole->at) + value +
                         argument.substr(hole->at + hole->size));
        };
        if (takes_files(p)) {
            const auto given = values.files.find(p.name);
            if (given == values.files.end() || given->second.empty()) {
                if (p.required) return wrong(fmt::format("parameter {} is required", p.name));
                continue;
            }
            for (const AppFile& file : given->second) {
                if (files.size() == files_max)
                    return Error{ErrorCode::exhausted,
                                 fmt::format("{}: at most {} files", p.name, files_max)};
                files.push_back({job_name(file.name, files.size() + 1), file.text});
                with(files.back().name);
            }
            continue;
        }
        auto value = value_of(p, values);
        if (!value) return std::move(value).error();
        if (*value) with(**value);
    }
    if (!files.empty()) {
        // The alphabet of base64 has no line that ends the document early.
        const std::string data = base64(packed(files));
        const std::size_t room = limits::payload_bytes_max - payload_reserve;
        if (data.size() > room)
            return Error{ErrorCode::exhausted,
                         fmt::format("the files are {} bytes when packed; a job holds {}: send "
                                     "them in several jobs",
                                     data.size(), room)};
        job.set_script(
            "#!/bin/sh\nset -eu\nbase64 -d <<'END_OF_FILES' | tar -xz --no-same-owner\n" + data +
            "\nEND_OF_FILES\nexec \"$@\"\n");
    }
    if (!app.program_folder.empty()) {
        EnvironmentVariable& path = *job.add_environment();
        path.set_name("PATH");
        path.set_value(app.program_folder + ":" + usual_path);
    }
    return job;
}

}  // namespace suan::bin
