#include "train/cluster.hpp"

#include "train/efficiency.hpp"
#include "train/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace suan::train {
namespace {

Error bad(std::string text) {
    return Error{ErrorCode::invalid, std::move(text)};
}

// A device of devices.yaml with what a usual server of it has.
struct Entry {
    Device device;
    double fast_gbytes_s = 0;
    double network_gbits_s = 0;
    std::vector<std::string> labels;
};

Result<Entry> parse_device(const YAML::Node& node, const std::string& where) {
    Fields fields(node, where);
    Entry e;
    for (const char* field : {"name", "family", "tflops_16", "memory_gib", "memory_gbytes_s",
                              "multiprocessors", "fast_gbytes_s", "network_gbits_s"})
        fields.require(field);
    fields.read("name", e.device.name);
    fields.read("family", e.device.family);
    fields.read("tflops_16", e.device.tflops_16);
    fields.read("tflops_8", e.device.tflops_8);
    fields.read("tflops_4", e.device.tflops_4);
    e.device.tflops_32 = e.device.tflops_16 / 2;
    fields.read("tflops_32", e.device.tflops_32);
    fields.read("memory_gib", e.device.memory_gib);
    fields.read("memory_gbytes_s", e.device.memory_gbytes_s);
    fields.read("multiprocessors", e.device.multiprocessors);
    fields.read("fast_gbytes_s", e.fast_gbytes_s);
    fields.read("network_gbits_s", e.network_gbits_s);
    for (const auto& label : fields.node("labels"))
        e.labels.push_back(label.as<std::string>());
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    return e;
}

Result<std::vector<Entry>> parse_entries() {
    auto text = read_data("devices", "devices");
    if (!text) return std::move(text).error();
    auto node = parse_yaml(*text, "devices.yaml");
    if (!node) return std::move(node).error();
    std::vector<Entry> entries;
    for (const auto& item : (*node)["devices"]) {
        auto entry = parse_device(item, fmt::format("devices.yaml: devices[{}]", entries.size()));
        if (!entry) return std::move(entry).error();
        entries.push_back(std::move(*entry));
    }
    return entries;
}

// devices.yaml is built in and does not change: it is parsed once.
const Result<std::vector<Entry>>& load_entries() {
    static const Result<std::vector<Entry>> entries = parse_entries();
    return entries;
}

// A label matches a device when it starts with one of the device's labels; the longest wins.
Result<Entry> find_entry(const std::string& name) {
    const auto& entries = load_entries();
    if (!entries) return entries.error();
    const Entry* best = nullptr;
    std::size_t length = 0;
    std::string known;
    for (const Entry& e : *entries) {
        if (e.device.name == name) return e;
        known += " " + e.device.name;
        for (const std::string& label : e.labels)
            if (name.starts_with(label) && label.size() > length) {
                best = &e;
                length = label.size();
            }
    }
    if (best != nullptr) return *best;
    return Error{ErrorCode::not_found, fmt::format("device '{}' is not known:{}", name, known)};
}

struct Range {
    const char* field;
    double value;
    double min;
    double max;
};

void read_cluster(Fields& fields, Cluster& c) {
    fields.require("devices");
    fields.read("devices", c.devices);
    fields.read("devices_per_domain", c.devices_per_domain);
    fields.read("fast_gbytes_s", c.fast_gbytes_s);
    double gbits = c.network_gbytes_s * 8;
    fields.read("network_gbits_s", gbits);
    c.network_gbytes_s = gbits / 8;
    fields.read("domains_per_rack", c.domains_per_rack);
    fields.read("rack_oversubscription", c.rack_oversubscription);
    fields.read("host_gbytes_s", c.host_gbytes_s);
    fields.read("failures_per_device_year", c.failures_per_device_year);
    fields.read("storage_gbytes_s", c.storage_gbytes_s);
    fields.read("yuan_per_device_hour", c.yuan_per_device_hour);
    fields.read("memory_gib", c.device.memory_gib);
}

}  // namespace

Result<void> check_cluster(const Cluster& c) {
    for (const Range& r :
         {Range{"devices", static_cast<double>(c.devices), 1, 1e7},
          Range{"devices_per_domain", static_cast<double>(c.devices_per_domain), 1, 4096},
          Range{"fast_gbytes_s", c.fast_gbytes_s, 0.1, 1e5},
          Range{"network_gbytes_s", c.network_gbytes_s, 0.01, 1e5},
          Range{"rack_oversubscription", c.rack_oversubscription, 1, 1000},
          Range{"host_gbytes_s", c.host_gbytes_s, 0.1, 1e5},
          Range{"tflops_16", c.device.tflops_16, 1, 1e6},
          Range{"memory_gib", c.device.memory_gib, 1, 1e5},
          Range{"memory_gbytes_s", c.device.memory_gbytes_s, 1, 1e6},
          Range{"multiprocessors", static_cast<double>(c.device.multiprocessors), 1, 1e5}})
        if (!(r.value >= r.min && r.value <= r.max))
            return bad(fmt::format("cluster {}: {} is {}; it must be {} to {}", c.name, r.field,
                                   r.value, r.min, r.max));
    return {};
}

Result<Device> find_device(const std::string& name) {
    auto entry = find_entry(name);
    if (!entry) return std::move(entry).error();
    return entry->device;
}

Result<Cluster> server_of(const std::string& device) {
    auto entry = find_entry(device);
    if (!entry) return std::move(entry).error();
    Cluster c;
    c.name = entry->device.name;
    c.device = entry->device;
    c.devices = 8;
    c.fast_gbytes_s = entry->fast_gbytes_s;
    c.network_gbytes_s = entry->network_gbits_s / 8;
    return c;
}

std::vector<std::string> device_names() {
    std::vector<std::string> names;
    const auto& entries = load_entries();
    if (entries)
        for (const Entry& e : *entries)
            names.push_back(e.device.name);
    return names;
}

Result<Cluster> parse_cluster(std::string_view yaml, const std::string& where) {
    auto node = parse_yaml(yaml, where);
    if (!node) return std::move(node).error();
    Fields fields(*node, where);
    fields.require("device");
    const std::string device = fields.text("device", "");
    const std::string name = fields.text("name", where);
    if (device.empty()) return bad(where + ": device: is missing");
    auto cluster = server_of(device);
    if (!cluster) return std::move(cluster).error().wrap(where + ": device");
    cluster->name = name;
    read_cluster(fields, *cluster);
    if (fields.has("efficiency")) {
        auto tables = parse_efficiencies(fields.node("efficiency"), where + ": efficiency");
        if (!tables) return std::move(tables).error();
        cluster->efficiencies = std::move(*tables);
    }
    if (auto ok = fields.finish(); !ok) return std::move(ok).error();
    if (auto ok = check_cluster(*cluster); !ok) return std::move(ok).error().wrap(where);
    return cluster;
}

Result<Cluster> load_cluster(const std::string& name_or_path) {
    auto text = read_data("clusters", name_or_path);
    if (!text) return std::move(text).error().wrap("cluster");
    return parse_cluster(*text, name_or_path);
}

std::vector<std::string> cluster_names() {
    return data_names("clusters");
}

}  // namespace suan::train
