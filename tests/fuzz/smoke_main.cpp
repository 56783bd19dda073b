// Driver of the fuzz targets where libFuzzer is not built in: PROGRAM CORPUS-FOLDER CRASH-FILE.
// Feeds every seed, then seeded mutations of them, the same on every run. It ends early after 5 s,
// so that a slow target cannot hold up the tests. An input that crashes is kept in CRASH-FILE.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations = 20'000;
constexpr std::chrono::seconds time_limit{5};
constexpr std::size_t input_bytes_max = 64 * 1024;

// What a signal handler needs cannot come by parameter.
const std::string* current_input = nullptr;
const char* crash_path = nullptr;

// Async-signal-safe: keeps the input, says where, and ends with a plain exit status.
extern "C" void report_crash(int) {
    const int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const auto put = [](int to, const char* text, std::size_t size) {
        return write(to, text, size) == static_cast<ssize_t>(size);
    };
    bool kept = fd >= 0 && put(fd, current_input->data(), current_input->size());
    const std::string_view begin =
        kept ? "crashed on the input in " : "crashed, and could not write ";
    kept = put(STDERR_FILENO, begin.data(), begin.size()) &&
           put(STDERR_FILENO, crash_path, std::char_traits<char>::length(crash_path)) &&
           put(STDERR_FILENO, "\n", 1);
    _exit(1);
}

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    // A number in [0, n); n is not 0.
    std::size_t below(std::size_t n) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return static_cast<std::size_t>((z ^ (z >> 31)) % n);
    }

private:
    std::uint64_t state_;
};

std::vector<std::string> read_seeds(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> seeds;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return seeds;
}

// One small change: a bit, a byte, a cut, a repeat, or a piece of another seed.
void mutate(std::string& text, const std::vector<std::string>& seeds, Random& random) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t rest = text.size() - at;
    switch (random.below(6)) {
        case 0:
            if (rest > 0) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
            break;
        case 1:
            if (rest > 0) text[at] = static_cast<char>(random.below(256));
            break;
        case 2:
            text.insert(at, 1, static_cast<char>(random.below(256)));
            break;
        case 3:
            text.erase(at, random.below(16) + 1);
            break;
        case 4:
            text.insert(at, std::string(text, at, random.below(64)));
            break;
        default: {
            const std::string& other = seeds[random.below(seeds.size())];
            const std::size_t from = random.below(other.size() + 1);
            text.replace(at, random.below(rest + 1), other, from, random.below(64));
        }
    }
    if (text.size() > input_bytes_max) text.resize(input_bytes_max);
}

void feed(const std::string& input) {
    current_input = &input;
    // An own copy of the exact size, so that a sanitizer sees a read past the end.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

int feed_mutations(const std::vector<std::string>& seeds) {
    const auto deadline = std::chrono::steady_clock::now() + time_limit;
    Random random(1);
    int fed = 0;
    while (fed < mutations && std::chrono::steady_clock::now() < deadline) {
        std::string input = seeds[random.below(seeds.size())];
        for (std::size_t n = random.below(4) + 1; n > 0; --n)
            mutate(input, seeds, random);
        feed(input);
        ++fed;
    }
    return fed;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || !std::filesystem::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: %s CORPUS-FOLDER CRASH-FILE (the folder must be there)\n",
                     argv[0]);
        return 64;
    }
    crash_path = argv[2];
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, report_crash);
    }
    const std::vector<std::string> seeds = read_seeds(argv[1]);
    if (seeds.empty()) {
        std::fprintf(stderr, "%s: no seeds in %s\n", argv[0], argv[1]);
        return 64;
    }
    for (const std::string& seed : seeds)
        feed(seed);
    std::printf("%zu seeds and %d mutations without a crash\n", seeds.size(),
                feed_mutations(seeds));
    return 0;
}
