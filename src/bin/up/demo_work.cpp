#include "bin/up/demo_work.hpp"

#include <fmt/format.h>

namespace suan::bin {
namespace {

// Rank 1 adds up its half and sends it to rank 0, which adds its own and prints the sum. perl-base
// is part of every Debian.
constexpr const char* gang_program = R"perl(
use strict; use warnings; use IO::Socket::INET;
my ($rank, $world) = ($ENV{RANK}, $ENV{WORLD_SIZE});
my ($address, $port) = ($ENV{MASTER_ADDR}, $ENV{MASTER_PORT});
my $n = 1_000_000;
my $part = 0;
for (my $i = 1 + $rank; $i <= $n; $i += $world) { $part += $i; }
if ($rank == 0) {
    my $server = IO::Socket::INET->new(LocalAddr => $address, LocalPort => $port, Listen => 1,
                                       ReuseAddr => 1) or die "cannot listen: $!";
    my $peer = $server->accept() or die "nobody came: $!";
    my $theirs = <$peer>; chomp $theirs;
    my $sum = $part + $theirs;
    print "rank 0 (process $$): my half is $part, rank 1 says $theirs\n";
    print "rank 0: the numbers from 1 to $n add up to $sum\n";
    print $peer "thanks\n";
    exit($sum == $n * ($n + 1) / 2 ? 0 : 1);
}
my $socket;
for (1 .. 200) {
    $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port) and last;
    select(undef, undef, undef, 0.05);
}
die "rank 0 is not there" unless $socket;
print $socket "$part\n"; $socket->flush();
my $answer = <$socket>;
print "rank 1 (process $$): sent $part, got the answer: $answer";
)perl";

constexpr const char* array_script = R"sh(#!/bin/sh
i=$SUAN_ARRAY_TASK_ID
n=0
for k in $(seq 2 $((i * 50 + 50))); do
    prime=1
    d=2
    while [ $((d * d)) -le "$k" ]; do
        [ $((k % d)) -eq 0 ] && { prime=0; break; }
        d=$((d + 1))
    done
    n=$((n + prime))
done
sleep 0.2
echo "element $i: $n primes up to $((i * 50 + 50))"
)sh";

JobRequest on_cpu(const char* name) {
    JobRequest job;
    job.set_pool("cpu");
    job.set_project("default");
    job.set_name(name);
    job.set_walltime_ms(10 * 60'000);
    return job;
}

// A small generator with known values everywhere (Knuth's MMIX constants); this is no cryptography.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
    std::uint32_t below(std::uint32_t n) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state_ >> 33) % n);
    }

private:
    std::uint64_t state_;
};

}  // namespace

JobRequest demo_gang() {
    JobRequest job = on_cpu("gang");
    job.set_tasks(2);
    job.set_devices_per_task(1);
    job.set_launcher(LAUNCHER_PROCESS_PER_TASK);
    for (const char* word : {"perl", "-e", gang_program})
        job.add_argv(word);
    return job;
}

JobRequest demo_array() {
    JobRequest job = on_cpu("primes");
    job.set_script(array_script);
    for (std::uint32_t i = 0; i < 20; ++i)
        job.mutable_array()->add_indices(i);
    return job;
}

JobRequest demo_after(std::uint64_t first, std::uint32_t count) {
    JobRequest job = on_cpu("after-primes");
    job.set_script(
        "#!/bin/sh\necho \"all 20 elements have completed; job $SUAN_JOB_ID may run\"\n");
    for (std::uint32_t i = 0; i < count; ++i) {
        DependencyRequest& dependency = *job.add_after();
        dependency.set_job_id(first + i);
        dependency.set_kind(DEPENDENCY_KIND_AFTEROK);
    }
    return job;
}

JobRequest demo_failing() {
    JobRequest job = on_cpu("failing");
    job.set_script(
        "#!/bin/sh\necho 'about to fail'\necho 'no such dataset: imagenet-9k' >&2\nexit 3\n");
    return job;
}

JobRequest demo_too_expensive() {
    JobRequest job = on_cpu("too-expensive");
    job.set_project("trial");
    job.set_walltime_ms(3'600'000);
    job.set_script("#!/bin/sh\necho never\n");
    return job;
}

JobRequest demo_never_fits() {
    JobRequest job;
    job.set_pool("1000P");
    job.set_project("default");
    job.set_name("too-large");
    job.set_tasks(500);
    job.set_devices_per_task(8);
    job.set_walltime_ms(3'600'000);
    return job;
}

std::vector<JobRequest> demo_virtual_jobs(std::uint32_t count, std::uint32_t seed) {
    // Devices as tasks x devices, small ones often: the mix that GPU clusters report.
    constexpr std::uint32_t shapes[][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 2}, {1, 4}, {1, 4},
                                           {1, 8}, {1, 8}, {2, 8}, {4, 8}, {8, 8}, {16, 8}};
    Dice dice(seed);
    std::vector<JobRequest> jobs;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto& shape = shapes[dice.below(std::size(shapes))];
        JobRequest& job = jobs.emplace_back();
        job.set_pool("1000P");
        job.set_project("default");
        job.set_name(fmt::format("virtual-{}", i + 1));
        job.set_tasks(shape[0]);
        job.set_devices_per_task(shape[1]);
        job.set_walltime_ms(3'600'000);
        job.set_sim_duration_ms(std::int64_t{5 + dice.below(40)} * 60'000);
        job.set_sim_exit_code(dice.below(50) == 0 ? 1 : 0);
    }
    return jobs;
}

}  // namespace suan::bin
