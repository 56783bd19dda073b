// sacct's -o/--format: "JobID,JobName%20,State". Names in any case; %N sets the width, %-N to the
// left. Pure.
#pragma once

#include "base/result.hpp"
#include "bin/slurm/fields.hpp"
#include "suan/api.pb.h"

#include <string>
#include <string_view>
#include <vector>

namespace suan::bin::slurm {

inline constexpr std::string_view sacct_default =
    "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode";

struct AccountColumn {
    std::string name;  // as Slurm writes it
    std::size_t width = 0;
    Side side = Side::right;
};

struct AccountStyle {
    enum class Shape { aligned, delimited, delimited_and_ended } shape = Shape::aligned;
    std::string delimiter = "|";
    bool header = true;
};

Result<std::vector<AccountColumn>> parse_account_format(std::string_view format);
std::string account_text(const std::vector<AccountColumn>& columns,
                         const std::vector<JobView>& jobs, const AccountStyle& style,
                         std::int64_t now_us);

}  // namespace suan::bin::slurm
