#include "core/vouchers.hpp"

#include "base/limits.hpp"
#include "core/funds.hpp"
#include "core/testing.hpp"

#include <algorithm>
#include <random>

namespace suan::core {
namespace {

constexpr Time start{1'000'000'000};

Command issue(std::int64_t micro_yuan, Time expires, const std::vector<std::uint32_t>& pools,
              std::int64_t job_cap) {
    Command command;
    IssueVoucher& voucher = *command.mutable_issue_voucher();
    voucher.set_org_id(1);
    voucher.set_funder("district bureau");
    voucher.set_micro_yuan(micro_yuan);
    voucher.set_expires_us(expires.us);
    for (const std::uint32_t pool : pools)
        voucher.add_pool_ids(pool);
    voucher.set_job_cap_micro_yuan(job_cap);
    return command;
}

struct VoucherRules : ::testing::Test {
    TestCentre centre;
    void SetUp() override {
        for (const char* pool : {"p", "q", "r"})
            centre.pool(pool, {});
        centre.org("a", limits::money_max);
        ASSERT_EQ(centre.clock, start);
    }
    const Voucher& voucher(std::uint32_t id) const { return centre.state.vouchers.at(id); }
};

TEST_F(VoucherRules, the_text_says_until_when_where_and_how_much_a_job) {
    centre.ok(issue(50'000, Time{1'798'761'600'000'000}, {3, 1, 3}, 8'000));
    EXPECT_EQ(voucher_text(voucher(1)),
              "debit require now_us < 1798761600000000;\n"
              "debit require user_data_32 in [1, 3];\n"
              "debit limit 8000 per user_data_64;\n");
    centre.ok(issue(50'000, Time{1'798'761'600'000'001}, {}, 0));
    EXPECT_EQ(voucher_text(voucher(2)),
              "debit require now_us < 1798761600000001;\n"
              "debit require user_data_32 != 0;\n");
}

TEST_F(VoucherRules, a_hold_bears_the_pool_and_the_job_that_the_contract_reads) {
    centre.ok(issue(1'000, start + Duration::hours(1), {2}, 0));
    Command command = centre.submission("a", "q");
    const JobId id = centre.submit(command);
    const Job& job = centre.at(id);
    ASSERT_EQ(job.holds.size(), 2U);
    for (const Hold& hold : job.holds) {
        const ledger::Transfer& transfer =
            centre.state.books.find_transfer(hold.transfer)->transfer;
        EXPECT_EQ(transfer.user_data_32, 2U);
        EXPECT_EQ(transfer.user_data_64, id.value);
    }
}

TEST_F(VoucherRules, a_service_is_no_job_and_is_not_paid_by_a_voucher) {
    centre.ok(issue(1'000, start + Duration::hours(1), {}, 0));
    Hold hold;
    hold.account = voucher_account(VoucherId{1});
    hold.micro_yuan = 1;
    EXPECT_TRUE(voucher_allows(voucher(1), hold_transfer(hold, {7, PoolId{1}}), start));
    EXPECT_FALSE(voucher_allows(voucher(1), hold_transfer(hold, {7, PoolId{}}), start));
}

TEST_F(VoucherRules, it_ends_at_its_microsecond) {
    const Time end = start + Duration{20'000'001};
    centre.ok(issue(1'000'000, end, {}, 0));
    centre.clock = Time{end.us - 1};
    const JobId before = centre.submit(centre.submission("a", "p"));
    EXPECT_EQ(centre.at(before).holds.at(0).voucher, VoucherId{1});
    centre.clock = end;
    const JobId after = centre.submit(centre.submission("a", "p"));
    EXPECT_FALSE(centre.at(after).holds.at(0).voucher);
}

TEST_F(VoucherRules, one_that_has_ended_is_not_issued) {
    EXPECT_EQ(centre.refused(issue(1, start, {}, 0)).field, "expires_us");
    EXPECT_EQ(centre.refused(issue(1, Time{time_max.us + 1}, {}, 0)).field, "expires_us");
    EXPECT_EQ(centre.refused(issue(1, time_max, {}, limits::money_max + 1)).field,
              "job_cap_micro_yuan");
    centre.ok(issue(1, start + Duration{1}, {}, 1));
    centre.ok(issue(1, time_max, {}, limits::money_max));
}

TEST_F(VoucherRules, more_pools_than_there_can_be_are_refused) {
    const std::vector<std::uint32_t> most(limits::pools_max, 2);
    centre.ok(issue(1'000, start + Duration::hours(1), most, 0));
    EXPECT_EQ(voucher_text(voucher(1)),
              "debit require now_us < 4600000000;\n"
              "debit require user_data_32 in [2];\n");
    const std::vector<std::uint32_t> more(limits::pools_max + 1, 2);
    const Rejection refused = centre.refused(issue(1'000, start + Duration::hours(1), more, 0));
    EXPECT_EQ(refused.field, "pool_ids");
    EXPECT_NE(refused.message.find("at most 256 pools"), std::string::npos) << refused.message;
}

TEST(Vouchers, the_longest_text_compiles) {
    Voucher voucher;
    voucher.expires = time_max;
    voucher.job_cap = Money{limits::money_max};
    for (std::uint32_t i = 0; i < limits::pools_max; ++i)
        voucher.pools.push_back(PoolId{UINT32_MAX - i});
    const Result<ledger::Contract> rules = voucher_contract(voucher);
    ASSERT_TRUE(rules) << rules.error().context;
    voucher.job_cap = Money{-1};
    EXPECT_FALSE(voucher_contract(voucher)) << "as a damaged snapshot may have it";
}

// What a job gets from the vouchers of its org, written down without contracts, planners or states.
struct PlainVoucher {
    std::uint32_t id = 0;
    std::int64_t face = 0;
    std::int64_t expires = 0;
    std::vector<std::uint32_t> pools;
    std::int64_t cap = 0;
};
struct PlainJob {
    std::uint32_t pool = 0;
    std::int64_t now = 0;
    std::int64_t amount = 0;
    std::map<std::uint32_t, std::int64_t> paid;
};
using Parts = std::vector<std::pair<std::uint32_t, std::int64_t>>;

Parts plain_parts(std::vector<PlainVoucher> vouchers, const PlainJob& job) {
    std::sort(vouchers.begin(), vouchers.end(), [](const auto& a, const auto& b) {
        return a.expires != b.expires ? a.expires < b.expires : a.id < b.id;
    });
    Parts parts;
    std::int64_t rest = job.amount;
    for (const PlainVoucher& v : vouchers) {
        if (job.now >= v.expires) continue;
        if (!v.pools.empty() && std::count(v.pools.begin(), v.pools.end(), job.pool) == 0) continue;
        const auto paid = job.paid.find(v.id);
        const std::int64_t before = paid == job.paid.end() ? 0 : paid->second;
        std::int64_t part = std::min(rest, v.face);
        if (v.cap > 0 && part > v.cap - before) part = v.cap - before;
        if (part > 0) parts.emplace_back(v.id, part);
        if (part > 0) rest -= part;
    }
    if (rest > 0) parts.emplace_back(0, rest);
    return parts;
}

struct Random {
    std::mt19937_64 bits;
    explicit Random(std::uint64_t seed) : bits(seed) {}
    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(n));
    }
    std::int64_t one_of(std::initializer_list<std::int64_t> values) {
        return *(values.begin() + below(static_cast<std::int64_t>(values.size())));
    }
};

PlainVoucher any_voucher(Random& random, std::uint32_t id) {
    PlainVoucher v;
    v.id = id;
    v.face = random.one_of({1, 2, 7'000, 1 + random.below(20'000), limits::money_max});
    v.expires = start.us + random.one_of({1, 2, 3, 1'000'000, time_max.us - start.us});
    for (std::int64_t i = random.below(5); i > 1; --i)
        v.pools.push_back(static_cast<std::uint32_t>(1 + random.below(3)));
    v.cap = random.one_of({0, 0, 1, 2, 5'000, limits::money_max});
    return v;
}

PlainJob any_job(Random& random, const std::vector<PlainVoucher>& vouchers) {
    PlainJob job;
    job.pool = static_cast<std::uint32_t>(1 + random.below(3));
    job.amount = random.one_of({1, 3, 10'000, 1 + random.below(40'000), limits::money_max});
    job.now = start.us;
    if (random.below(2) == 0) {
        const auto place = random.below(static_cast<std::int64_t>(vouchers.size()));
        job.now = vouchers[static_cast<std::size_t>(place)].expires + random.one_of({-1, 0, 1});
    }
    for (const PlainVoucher& v : vouchers) {
        const std::int64_t most = std::max<std::int64_t>(v.cap, 1);
        if (random.below(2) == 0)
            job.paid[v.id] =
                random.one_of({0, 1, most - 1, most, most + 1, random.below(most), INT64_MAX / 4});
    }
    return job;
}

Parts planned(const TestCentre& centre, const PlainJob& plain) {
    Job job;
    job.id = JobId{1};
    job.org = OrgId{1};
    job.project = ProjectId{1};
    job.pool = PoolId{plain.pool};
    for (const auto& [id, sum] : plain.paid)
        job.paid.emplace_back(VoucherId{id}, Money{sum});
    HoldPlanner planner(centre.state, job.org, job.project, Time{plain.now});
    std::vector<HoldPart> parts;
    EXPECT_FALSE(planner.plan(job, Money{plain.amount}, parts));
    Parts out;
    for (const HoldPart& part : parts)
        out.emplace_back(part.voucher.value, part.amount.micro_yuan);
    return out;
}

TEST(Vouchers, their_contracts_decide_as_the_plain_rule_does) {
    std::uint64_t paid_by_vouchers = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Random random(seed);
        TestCentre centre;
        for (const char* pool : {"p", "q", "r"})
            centre.pool(pool, {});
        centre.org("a", limits::money_max);
        std::vector<PlainVoucher> vouchers;
        for (std::int64_t i = 1 + random.below(6); i > 0; --i) {
            vouchers.push_back(
                any_voucher(random, static_cast<std::uint32_t>(vouchers.size() + 1)));
            const PlainVoucher& v = vouchers.back();
            centre.ok(issue(v.face, Time{v.expires}, v.pools, v.cap));
        }
        for (int i = 0; i < 500; ++i) {
            const PlainJob job = any_job(random, vouchers);
            const Parts expected = plain_parts(vouchers, job);
            ASSERT_EQ(planned(centre, job), expected) << "seed " << seed << ", job " << i;
            paid_by_vouchers += expected.front().first != 0 ? 1 : 0;
        }
    }
    EXPECT_GT(paid_by_vouchers, 1'000U) << "the cases say something";
}

}  // namespace
}  // namespace suan::core
