// squeue's -o/--format: "%.18i %.9P %R". A column is %[[.]width]letter; a dot sets it to the right;
// text between columns stands as it is. Pure.
#pragma once

#include "base/result.hpp"
#include "bin/slurm/fields.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

inline constexpr std::string_view squeue_default = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
inline constexpr std::string_view squeue_long = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";

struct QueueColumn {
    char letter = 0;  // 0: `text` alone
    std::size_t width = 0;
    Side side = Side::left;
    std::string text;  // after the column
};

// `invalid` names the letter that is not known.
Result<std::vector<QueueColumn>> parse_queue_format(std::string_view format);
std::string queue_header(const std::vector<QueueColumn>& columns);

// A line of the queue: a job, or the waiting elements of an array under one id.
struct QueueLine {
    JobView job;
    std::string id;  // "12", "12_3", "12_[4-19]"
};
// Waiting elements of one array become one line, at the place of the first.
std::vector<QueueLine> queue_lines(const std::vector<JobView>& jobs);
std::string queue_text(const std::vector<QueueColumn>& columns, const QueueLine& line,
                       std::int64_t now_us);

}  // namespace suan::bin::slurm
