// What a tenant's ledger takes of one request, one org and one hour, over HTTP.
#include "api/ledgers_testing.hpp"
#include "ledger/contract/limits.hpp"
#include "runtime/ledgers/allowances.hpp"

namespace suan::api {
namespace {

TEST_F(LedgersTest, RefusedTransfersAreTakenUpToSoManyAnHour) {
    settle::DecodedBatch wrong = batch(1, 8'192);
    for (ledger::Transfer& transfer : wrong.transfers)
        transfer.ledger = 9;
    std::string body;
    for (int i = 0; i < 13; ++i)
        body += settle::encode_batch(wrong);
    for (const settle::BatchAnswer& answer : answers(ask(user, "POST", path("/batches"), body)))
        EXPECT_EQ(created(answer), 0U);
    const Answer refused = ask(user, "POST", path("/transfers"),
                               fmt::format(R"({{"transfers":[{}]}})", transfer("7")));
    EXPECT_EQ(refused.status, 429) << refused.body;
    EXPECT_EQ(refused.code(), "limit_reached");
    world_.clock.advance(Duration::hours(1));
    EXPECT_EQ(codes(send(transfer("7"))), "created");
}

// A body may take hours.
TEST_F(LedgersTest, AStreamHasOnlySoManyBatches) {
    constexpr std::size_t most = settle::stream_batches_max;
    const std::string one = settle::encode_batch(batch(1, 1));
    std::string body;
    for (std::size_t i = 0; i < most + 2; ++i)
        body += one;
    const auto all = answers(ask(user, "POST", path("/batches"), body));
    ASSERT_EQ(all.size(), most + 1);
    EXPECT_EQ(created(all[0]), 1U);
    const auto* const last = std::get_if<settle::RefusedBatch>(&all.back());
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->status, 400U);
    EXPECT_NE(last->json.find("batch 16385: a request has at most 16384"), std::string::npos)
        << last->json;
    EXPECT_EQ(credits("a2"), 1U);
}

TEST_F(LedgersTest, OneAccountOrTransferMoreThanARequestTakesIsRefused) {
    const auto accounts = [&](std::uint32_t count) {
        std::string list;
        for (std::uint32_t i = 0; i < count; ++i)
            list += fmt::format(R"({}{{"id":"f{:x}","unit":1}})", i == 0 ? "" : ",", i);
        return ask(admin, "POST", path("/accounts"), fmt::format(R"({{"accounts":[{}]}})", list));
    };
    EXPECT_EQ(number(accounts(limits::ledger_accounts_request_max), "/created"),
              limits::ledger_accounts_request_max);
    const Answer accounts_more = accounts(limits::ledger_accounts_request_max + 1);
    EXPECT_EQ(accounts_more.status, 400);
    EXPECT_EQ(text(accounts_more, "/error/field"), "accounts");
    EXPECT_NE(accounts_more.body.find("send 1 to 1000 accounts"), std::string::npos)
        << accounts_more.body;

    constexpr std::uint32_t most = settle::limits::batch_transfers_max;
    const auto transfers = [&](std::uint32_t count) {
        std::string list;
        for (std::uint32_t i = 0; i < count; ++i)
            list += (i == 0 ? "" : ",") + transfer(fmt::format("{:x}", i + 1));
        return ask(user, "POST", path("/transfers"), fmt::format(R"({{"transfers":[{}]}})", list));
    };
    const Answer transfers_more = transfers(most + 1);
    EXPECT_EQ(transfers_more.status, 400);
    EXPECT_EQ(text(transfers_more, "/error/field"), "transfers");
    EXPECT_NE(transfers_more.body.find("send 1 to 8192 transfers"), std::string::npos)
        << transfers_more.body;
    EXPECT_EQ(credits("a2"), 0U);
    EXPECT_EQ(transfers(most).status, 200);
    EXPECT_EQ(credits("a2"), most * 5U);

    settle::DecodedBatch large = batch(1, most + 1);
    const Answer batch_more = ask(user, "POST", path("/batches"), settle::encode_batch(large));
    EXPECT_EQ(batch_more.status, 400) << batch_more.body;
    EXPECT_NE(batch_more.body.find("1 to 8192"), std::string::npos) << batch_more.body;
}

TEST_F(LedgersTest, OneKeyOrByteMoreThanAnAccountOrContractTakesIsRefused) {
    const auto contract = [&](std::size_t bytes) {
        std::string rules = "debit require amount < 5;";
        rules.append(bytes - rules.size(), ' ');
        return ask(admin, "POST", path("/contracts"), fmt::format(R"({{"text":"{}"}})", rules));
    };
    EXPECT_EQ(contract(ledger::limits::contract_bytes_max).status, 200);
    const Answer longer = contract(ledger::limits::contract_bytes_max + 1);
    EXPECT_EQ(longer.status, 400) << longer.body;
    EXPECT_NE(longer.body.find("16385 bytes, at most 16384"), std::string::npos) << longer.body;
    const Answer sums =
        ask(admin, "POST", path("/contracts"), R"({"text":"debit limit 5 per user_data_64;"})");
    EXPECT_EQ(sums.status, 400) << sums.body;
    EXPECT_NE(sums.body.find("keeps no sums per user_data_64"), std::string::npos) << sums.body;

    Answer last;
    for (std::uint32_t i = 1; i <= settle::limits::keys_per_account_max + 1; ++i) {
        const auto key = crypto::PrivateKey::generate();
        const Answer added =
            ok(admin, "POST", path("/keys"),
               fmt::format(R"({{"public_key":"{}"}})", to_hex(key->public_key().raw())));
        last = ask(admin, "POST", path("/accounts/a1/keys"),
                   fmt::format(R"({{"key":{}}})", number(added, "/number")));
        if (i <= settle::limits::keys_per_account_max) {
            EXPECT_EQ(last.status, 200) << last.body;
        }
    }
    EXPECT_EQ(last.status, 429) << last.body;
    EXPECT_EQ(last.code(), "limit_reached") << last.body;
    EXPECT_NE(last.body.find("at most 16 keys"), std::string::npos) << last.body;
}

TEST_F(LedgersTest, AnOrgKeepsOnlySoManyAccountsInAllItsLedgers) {
    const std::uint32_t other = open(admin, "more");
    const auto accounts = [&](std::uint32_t ledger, std::uint64_t first, std::uint64_t count) {
        std::string list;
        for (std::uint64_t i = 0; i < count; ++i)
            list += fmt::format(R"({}{{"id":"{:x}","unit":1}})", i == 0 ? "" : ",", first + i);
        return ask(admin, "POST", fmt::format("/v1/ledgers/{}/accounts", ledger),
                   fmt::format(R"({{"accounts":[{}]}})", list));
    };
    std::uint64_t left = ledger_accounts_max - 3;  // those of the fixture
    for (std::uint64_t id = 0x10000; left > 0; id += 1'000) {
        const std::uint64_t count = std::min<std::uint64_t>(left, 1'000);
        EXPECT_EQ(number(accounts(left % 2 == 0 ? book : other, id, count), "/created"), count);
        left -= count;
    }
    const Answer over = accounts(other, 0x90000, 1);
    EXPECT_EQ(over.status, 429) << over.body;
    EXPECT_EQ(over.code(), "limit_reached");
    const Answer contract = ask(admin, "POST", path("/contracts"), R"({"text":"require true\n"})");
    EXPECT_EQ(contract.code(), "limit_reached") << contract.body;
    // Another org has its own; an account that is there is no more.
    const std::uint32_t theirs = open(foreign, "theirs");
    EXPECT_EQ(ask(foreign, "POST", fmt::format("/v1/ledgers/{}/accounts", theirs),
                  R"({"accounts":[{"id":"1","unit":1}]})")
                  .status,
              200);
    ok(admin, "POST", path("/accounts/a1/close"));
}

}  // namespace
}  // namespace suan::api
