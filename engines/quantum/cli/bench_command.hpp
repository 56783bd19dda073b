// suan-quantum bench: how fast this machine runs the usual circuits, beside what its memory allows.
#pragma once

#include <cstdint>

namespace suan::quantum {

struct BenchArguments {
    std::uint32_t qubits = 20;
    unsigned threads = 0;  // 0: all processors
    bool json = false;
};

int bench_command(const BenchArguments& arguments);

}  // namespace suan::quantum
