// Decoding and encoding a job submission of ten fields, beside libprotobuf's own JSON in the same
// run.
//   bench_json [--tiny] [--json]
#include "api/json/decode.hpp"
#include "api/json/encode.hpp"
#include "suan/testing.pb.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <sys/utsname.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

namespace json = suan::api::json;
using suan::testing::Submit;

constexpr std::string_view submission =
    R"({"name":"resnet50-ablation-17","project":"vision","pool":"ascend-910b","tier":"standard",)"
    R"("tasks":4,"devices_per_task":8,"walltime_s":86400,"retries":2,)"
    R"("command":"python train.py --config \"configs/resnet50.yaml\" --epochs 90",)"
    R"("after":[{"job_id":123456,"state":"running"},{"job_id":123457,"state":"waiting"}]})";

// The same for the peer, which wants the enum's full names.
constexpr std::string_view peer_submission =
    R"({"name":"resnet50-ablation-17","project":"vision","pool":"ascend-910b","tier":"standard",)"
    R"("tasks":4,"devices_per_task":8,"walltime_s":86400,"retries":2,)"
    R"("command":"python train.py --config \"configs/resnet50.yaml\" --epochs 90",)"
    R"("after":[{"job_id":123456,"state":"JOB_STATE_RUNNING"},)"
    R"({"job_id":123457,"state":"JOB_STATE_WAITING"}]})";

std::int64_t cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Processor time of one round: other programs on the machine do not count.
template <typename F>
std::int64_t ns_each(std::int64_t rounds, F&& work) {
    const std::int64_t start = cpu_ns();
    for (std::int64_t i = 0; i < rounds; ++i)
        work();
    return (cpu_ns() - start) / rounds;
}

void must(bool good) {
    if (!good) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    bool tiny = false;
    bool as_json = false;
    for (int i = 1; i < argc; ++i) {
        tiny = tiny || std::string_view(argv[i]) == "--tiny";
        as_json = as_json || std::string_view(argv[i]) == "--json";
    }
    const std::int64_t rounds = tiny ? 100 : 200'000;
    Submit message;
    const auto decode_ns =
        ns_each(rounds, [&] { must(json::decode(submission, message).has_value()); });
    Submit peer_message;
    const auto peer_decode_ns = ns_each(rounds, [&] {
        must(google::protobuf::util::JsonStringToMessage(
                 {peer_submission.data(), peer_submission.size()}, &peer_message)
                 .ok());
        peer_message.Clear();
    });
    std::string text;
    const auto encode_ns = ns_each(rounds, [&] {
        text.clear();
        json::append(text, message);
    });
    std::string peer_text;
    google::protobuf::util::JsonPrintOptions print;
    print.preserve_proto_field_names = true;
    const auto peer_encode_ns = ns_each(rounds, [&] {
        peer_text.clear();
        must(google::protobuf::util::MessageToJsonString(message, &peer_text, print).ok());
    });
    must(text == submission);

    struct Row {
        const char* name;
        std::int64_t ours;
        std::int64_t peer;
        std::int64_t bar;
    };
    const Row rows[] = {{"decode a submission", decode_ns, peer_decode_ns, 3'000},
                        {"encode a submission", encode_ns, peer_encode_ns, 2'000}};
    utsname machine{};
    uname(&machine);
    std::string out;
    for (const Row& row : rows) {
        const std::int64_t ratio = row.peer * 10 / std::max<std::int64_t>(row.ours, 1);
        if (!as_json) {
            fmt::print("{} ({} bytes): {} ns; libprotobuf {} ns; {}.{}x; bar {} ns\n", row.name,
                       submission.size(), row.ours, row.peer, ratio / 10, ratio % 10, row.bar);
        }
        out += fmt::format(R"({}{{"name":"{}","ours":{},"unit":"ns","peer":"libprotobuf",)"
                           R"("peer_value":{},"ratio":{}.{},"bar":{},"holds":{}}})",
                           out.empty() ? "" : ",", row.name, row.ours, row.peer, ratio / 10,
                           ratio % 10, row.bar, row.ours <= row.bar);
    }
    if (as_json) {
        fmt::print(R"({{"machine":"{} {} cores","rows":[{}]}})"
                   "\n",
                   machine.machine, std::thread::hardware_concurrency(), out);
    }
    return 0;
}
