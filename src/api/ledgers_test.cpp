// Tenants' ledgers over HTTP: what a tenant does with one, what it costs, and what holds when
// things go wrong.
#include "api/http/testing.hpp"
#include "api/ledgers_testing.hpp"
#include "ledger/contract/limits.hpp"
#include "log/bill_bundle.hpp"
#include "runtime/bill.hpp"
#include "runtime/ledgers/allowances.hpp"
#include "settle/answer_stream.hpp"
#include "settle/batch.hpp"
#include "settle/signed_proof.hpp"

namespace suan::api {
namespace {

TEST_F(LedgersTest, TransfersMoveOnceAndCanBeLookedUp) {
    const Answer sent = send(transfer("7") + "," + transfer("8"));
    EXPECT_EQ(codes(sent), "created created");
    EXPECT_EQ(codes(send(transfer("7"))), "exists");
    EXPECT_EQ(credits("a2"), 10U);
    const Answer one = ok(user, "GET", path("/transfers/0000000007"));
    EXPECT_EQ(text(one, "/id"), "7");
    EXPECT_EQ(text(one, "/debit"), "a1");
    EXPECT_EQ(text(one, "/state"), "settled");
    EXPECT_EQ(text(one, "/kind"), "plain");
    EXPECT_EQ(ask(user, "GET", path("/transfers/9")).status, 404);
    const Answer accounts = ok(user, "GET", path("/accounts?limit=2"));
    EXPECT_EQ(accounts.at("/accounts").as_array().size(), 2U);
    const Answer rest =
        ok(user, "GET", path("/accounts?limit=2&cursor=" + text(accounts, "/next_cursor")));
    EXPECT_EQ(text(rest, "/accounts/0/id"), "b1");
    EXPECT_EQ(text(rest, "/next_cursor"), "");
}

TEST_F(LedgersTest, EveryRefusalHasItsCodeAndSaysWhatWouldBeRight) {
    const Answer answer =
        send(transfer("1", R"(,"code":0)") + "," + transfer("1", "", 6) + "," +
             R"({"id":"2","debit":"a2","credit":"a1","amount":500,"unit":1},)"
             R"({"id":"3","debit":"a1","credit":"c9","amount":5,"unit":1},)"
             R"({"id":"4","debit":"a1","credit":"b1","amount":5,"unit":1},)"
             R"({"id":"5","debit":"a1","credit":"a1","amount":5,"unit":1},)"
             R"({"id":"6","debit":"a1","credit":"a2","amount":"9223372036854775808","unit":1})");
    EXPECT_EQ(codes(answer),
              "created exists_with_different_amount exceeds_credits credit_account_not_found "
              "accounts_must_have_the_same_ledger accounts_must_be_different amount_out_of_range");
    EXPECT_EQ(text(answer, "/results/2/message"),
              "the debit account may not be overdrawn: credit it first, or send less");
    const auto refused = [&](const std::string& body) {
        const Answer bad = ask(user, "POST", path("/transfers"), body);
        EXPECT_EQ(bad.status, 400) << bad.body;
        return text(bad, "/error/field");
    };
    EXPECT_EQ(refused(R"({"transfers":[]})"), "transfers");
    EXPECT_EQ(refused(R"({"transfers":[{"id":"x"}]})"), "transfers[0].id");
    EXPECT_EQ(refused(R"({"transfers":[{"id":"0"}]})"), "transfers[0].id");
    EXPECT_EQ(refused(R"({"transfers":[{"id":"1","debit":"-"}]})"), "transfers[0].debit");
    EXPECT_EQ(refused(R"({"transfers":[{"id":"1","code":65536}]})"), "transfers[0].code");
    EXPECT_EQ(ask(user, "GET", path("/accounts/zz")).status, 400);
    EXPECT_EQ(ask(user, "GET", path("/accounts/99")).status, 404);
    EXPECT_EQ(ask(user, "GET", "/v1/ledgers/99").status, 404);
    const Answer again = ok(admin, "POST", path("/accounts"),
                            R"({"accounts":[{"id":"a1","unit":1},{"id":"a1","unit":9},
                                            {"id":"d1"}]})");
    EXPECT_EQ(codes(again), "exists exists_with_different_ledger ledger_must_not_be_zero");
}

TEST_F(LedgersTest, HoldsArePostedOrVoidedAndChainsAreWhole) {
    EXPECT_EQ(codes(send(transfer("1", R"(,"kind":"hold")", 100))), "created");
    EXPECT_EQ(number(ok(user, "GET", path("/accounts/a1")), "/debits_pending"), 100U);
    EXPECT_EQ(codes(send(R"({"id":"2","kind":"post","pending":"1","amount":60})")), "created");
    EXPECT_EQ(credits("a2"), 60U);
    EXPECT_EQ(text(ok(user, "GET", path("/transfers/1")), "/state"), "posted");
    EXPECT_EQ(codes(send(R"({"id":"3","kind":"void","pending":"1"})")),
              "pending_transfer_already_posted");
    EXPECT_EQ(codes(send(transfer("4", R"(,"linked":true)") + "," +
                         R"({"id":"5","debit":"a2","credit":"a1","amount":900,"unit":1})")),
              "linked_event_failed exceeds_credits");
    EXPECT_EQ(credits("a2"), 60U);
}

TEST_F(LedgersTest, ABalanceAtATimeIsThatOfTheTime) {
    const Time before = world_.clock.now();
    world_.clock.advance(Duration::seconds(5));
    const std::uint64_t first = number(send(transfer("1")), "/time_us");
    world_.clock.advance(Duration::seconds(5));
    send(transfer("2"));
    const auto debits = [&](std::uint64_t at) {
        return number(ok(user, "GET", path(fmt::format("/accounts/a1/balance?at_us={}", at))),
                      "/debits_posted");
    };
    EXPECT_EQ(debits(static_cast<std::uint64_t>(before.us)), 0U);
    EXPECT_EQ(debits(first), 5U);
    EXPECT_EQ(debits(first + 4'999'999), 5U);
    EXPECT_EQ(debits(first + 5'000'000), 10U);
    EXPECT_EQ(number(ok(user, "GET", path("/accounts/a1/balance")), "/debits_posted"), 10U);
    const Answer history = ok(user, "GET", path("/accounts/a1/history?limit=1"));
    EXPECT_EQ(text(history, "/changes/0/transfer/id"), "1");
    EXPECT_EQ(text(history, "/changes/0/cause"), "transfer");
    EXPECT_EQ(number(history, "/changes/0/debits_posted"), 5U);
    const Answer rest =
        ok(user, "GET", path("/accounts/a1/history?cursor=" + text(history, "/next_cursor")));
    EXPECT_EQ(rest.at("/changes").as_array().size(), 1U);
    EXPECT_EQ(text(rest, "/changes/0/transfer/id"), "2");
    EXPECT_EQ(text(rest, "/next_cursor"), "");
    const Answer newest = ok(user, "GET", path("/accounts/a1/history?newest=true"));
    EXPECT_EQ(number(newest, "/changes/0/sequence"), 2U);
    EXPECT_EQ(ask(user, "GET", path("/accounts/99/history")).status, 404);
    EXPECT_EQ(ask(user, "GET", path("/accounts/99/balance?at_us=5")).status, 404);
}

TEST_F(LedgersTest, AProofChecksOfflineWithTheOperatorsKey) {
    const Answer sent = send(transfer("7") + "," + transfer("8") + "," + transfer("9"));
    const Answer got = ok(user, "GET", path(fmt::format("/proofs/{}/1", number(sent, "/block"))));
    EXPECT_EQ(text(got, "/transfer/id"), "8");
    EXPECT_EQ(text(got, "/code"), "created");
    const auto proof = settle::decode_proof(*from_hex(text(got, "/proof")));
    ASSERT_TRUE(proof) << proof.error().context;
    EXPECT_EQ(proof->proof.book, book);
    const auto checked = settle::check_proof(*proof, world_.key.public_key());
    ASSERT_TRUE(checked) << checked.error().context;
    EXPECT_EQ(checked->transfer.id.low, 8U);
    EXPECT_FALSE(settle::check_proof(*proof, runtime::test_key().public_key()));
    const Answer by_id = ok(user, "GET", path("/transfers/8/proof"));
    EXPECT_EQ(number(by_id, "/index"), 1U);
    EXPECT_EQ(ask(user, "GET", path("/transfers/99/proof")).status, 404);
    EXPECT_EQ(ask(user, "GET", path("/proofs/1/0")).status, 404) << "a change is no transfer";
    EXPECT_EQ(ask(user, "GET", path("/proofs/99/0")).status, 404);
}

TEST_F(LedgersTest, AStreamOfBatchesIsAnsweredBatchByBatch) {
    const std::string body = settle::encode_batch(batch(1, 100)) +
                             settle::encode_batch(batch(50, 60)) +
                             settle::encode_batch(batch(1'000, 1));
    const auto all = answers(ask(user, "POST", path("/batches"), body));
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(created(all[0]), 100U);
    EXPECT_EQ(created(all[1]), 9U);
    EXPECT_EQ(created(all[2]), 1U);
    EXPECT_EQ(std::get<settle::AnsweredBatch>(all[1]).codes[0],
              settle::code_of(ledger::Refusal::exists));
    EXPECT_EQ(credits("a2"), 110U);
}

TEST_F(LedgersTest, OfABrokenStreamWhatCameBeforeTheFaultIsSettled) {
    const std::string good = settle::encode_batch(batch(1, 10));
    settle::DecodedBatch foreign_batch = batch(500, 1);
    foreign_batch.book = book + 1;
    const std::pair<std::string, std::string> bad[] = {
        {"nonsense that is long enough to be a head", "batch 2: batch: offset 0: magic"},
        {settle::encode_batch(foreign_batch), "batch 2: it names book"},
        {settle::encode_batch(batch(500, 9)).substr(0, 200), "the body ends after 200 bytes"},
        {"short", "the body ends after 5 bytes"},
    };
    std::size_t made = 10;
    for (const auto& [tail, why] : bad) {
        const auto all = answers(ask(user, "POST", path("/batches"), good + tail));
        ASSERT_EQ(all.size(), 2U) << why;
        EXPECT_EQ(created(all[0]), made);
        made = 0;
        const auto& refused = std::get<settle::RefusedBatch>(all[1]);
        EXPECT_EQ(refused.status, 400U);
        EXPECT_NE(refused.json.find(why), std::string::npos) << refused.json;
    }
    for (const std::string& body : {std::string(), bad[0].first, bad[2].first}) {
        const Answer answer = ask(user, "POST", path("/batches"), body);
        EXPECT_EQ(answer.status, 400) << answer.body;
        EXPECT_EQ(answer.code(), "invalid");
    }
    EXPECT_EQ(credits("a2"), 10U);
}

TEST_F(LedgersTest, AStreamLargerThanWhatIsEverHeldGoesThrough) {
    std::string body;
    constexpr std::uint32_t batches = 20;  // of a MiB each
    for (std::uint32_t i = 0; i < batches; ++i)
        body += settle::encode_batch(batch(1 + i * 8'192ULL, 8'192));
    ASSERT_GT(body.size(), limits::body_bytes_max);
    const auto all = answers(ask(user, "POST", path("/batches"), body));
    ASSERT_EQ(all.size(), batches);
    std::size_t made = 0;
    for (const auto& answer : all)
        made += created(answer);
    EXPECT_EQ(made, batches * 8'192U);
    EXPECT_EQ(credits("a2"), batches * 8'192U);
}

// They fill the journal, and nobody pays for them.
TEST_F(LedgersTest, WhoIsDisabledInTheMiddleOfAStreamSendsNothingMore) {
    const std::string first = settle::encode_batch(batch(1, 1));
    const std::string second = settle::encode_batch(batch(2, 1));
    http::testing::RawSocket socket(api_->port());
    socket.say(
        fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                    path("/batches"), user, first.size() + second.size(), first));
    const auto seen_by_admin = [&] {
        return number(ok(admin, "GET", path("/accounts/a2")), "/credits_posted");
    };
    ASSERT_TRUE(http::testing::eventually([&] { return seen_by_admin() == 1; }));
    const auto id =
        json_lib::value_to<std::uint64_t>(ok(user, "GET", "/v1/whoami").at("/member_id"));
    ok(admin, "POST", fmt::format("/v1/members/{}/disable", id));
    socket.say(second);
    const std::string heard = socket.hear_all();
    const std::size_t head = heard.find("\r\n\r\n");
    ASSERT_NE(head, std::string::npos) << heard;
    const auto all = settle::decode_answers(std::string_view(heard).substr(head + 4));
    ASSERT_TRUE(all) << heard;
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(created((*all)[0]), 1U);
    const auto* const refused = std::get_if<settle::RefusedBatch>(&(*all)[1]);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->status, 401U);
    EXPECT_EQ(seen_by_admin(), 1U);
}

// What is kept of each for the answer must not grow with a body of a GiB.
TEST_F(LedgersTest, WhatIsMadeIsChargedAndTheBillChecksOffline) {
    answers(ask(user, "POST", path("/batches"), settle::encode_batch(batch(1, 2'500))));
    ledgers_->meter();
    EXPECT_EQ(metered(), 2'503U);  // with three accounts
    const Answer charges = ok(admin, "GET", "/v1/charges");
    EXPECT_EQ(text(charges, "/charges/0/service"), "ledger_transfers");
    EXPECT_EQ(text(charges, "/charges/0/ledger"), "points");
    EXPECT_EQ(number(charges, "/charges/0/quantity"), 2'503U);
    EXPECT_EQ(number(charges, "/charges/0/micro_yuan"), 2'503'000U);
    const Answer closed = ok(op, "POST", "/v1/invoices", R"({"org":"acme"})");
    const std::string invoice = fmt::format("/v1/invoices/{}", number(closed, "/id"));
    const Answer shown = ok(admin, "GET", invoice);
    EXPECT_EQ(text(shown, "/lines/0/kind"), "service");
    EXPECT_EQ(number(shown, "/lines/0/price_micro_yuan_per_unit"), 1'000'000U);
    EXPECT_EQ(number(shown, "/total_micro_yuan"), 2'503'000U);
    const std::uint64_t seq = number(closed, "/seq");
    world_.clock.advance(Duration::seconds(2));
    Answer bundle;
    const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
    do {
        bundle = ask(admin, "GET", invoice + "/bundle");
    } while (bundle.status != 200 && std::chrono::steady_clock::now() < deadline);
    ASSERT_EQ(bundle.status, 200) << bundle.body << seq;
    const auto decoded = log::decode_bill_bundle(bundle.body);
    ASSERT_TRUE(decoded) << decoded.error().context;
    const auto bill = runtime::verify_bill(*decoded, world_.key.public_key());
    ASSERT_TRUE(bill) << bill.error().context;
    EXPECT_EQ(bill->total.micro_yuan, 2'503'000);
}

TEST_F(LedgersTest, WithoutMoneyALedgerIsReadOnlyUntilThereIsSome) {
    prices(999'000'000, 0);  // 999 yuan for 1,000
    const std::uint32_t dear = open(foreign, "dear");
    const std::string at = fmt::format("/v1/ledgers/{}", dear);
    ok(foreign, "POST", at + "/accounts",
       R"({"accounts":[{"id":"a1","unit":1},{"id":"a2","unit":1}]})");
    settle::DecodedBatch many = batch(1, 999);  // with two accounts all that there is money for
    many.book = dear;
    ASSERT_EQ(
        created(answers(ask(foreign, "POST", at + "/batches", settle::encode_batch(many)))[0]),
        999U);
    settle::DecodedBatch more = batch(5'000, 5);
    more.book = dear;
    const Answer refused = ask(foreign, "POST", at + "/batches", settle::encode_batch(more));
    EXPECT_EQ(refused.status, 402) << refused.body;
    EXPECT_EQ(refused.code(), "insufficient_funds");
    const std::uint64_t rounds = ledgers_->metrics().meter_rounds;
    const Answer json =
        ask(foreign, "POST", at + "/transfers",
            R"({"transfers":[{"id":"77","debit":"a1","credit":"a2","amount":1,"unit":1}]})");
    EXPECT_EQ(json.status, 402) << json.body;
    const Answer account =
        ask(foreign, "POST", at + "/accounts", R"({"accounts":[{"id":"a3","unit":1}]})");
    EXPECT_EQ(account.status, 402) << account.body;
    EXPECT_EQ(account.code(), "insufficient_funds");
    EXPECT_EQ(ledgers_->metrics().meter_rounds, rounds);  // no entry of the log for each attempt
    EXPECT_EQ(number(ok(foreign, "GET", at + "/accounts/a2"), "/credits_posted"), 999U);
    EXPECT_EQ(number(ok(foreign, "GET", at), "/transfers"), 1'001U);
    ok(op, "POST", "/v1/funds", R"({"org":"zebra-secret","micro_yuan":9990000})");
    world_.clock.advance(runtime::unpaid_pause);
    EXPECT_EQ(
        created(answers(ask(foreign, "POST", at + "/batches", settle::encode_batch(more)))[0]), 5U);
    EXPECT_EQ(number(ok(foreign, "POST", at + "/accounts",
                        R"({"accounts":[{"id":"a3","unit":1},{"id":"a1","unit":1}]})"),
                     "/created"),
              1U);
    ledgers_->meter();
    EXPECT_EQ(number(ok(foreign, "GET", at), "/transfers"), 1'007U);  // a retry is free
}

TEST_F(LedgersTest, WhatWasMadeAndNotMeteredIsChargedAfterARestart) {
    answers(ask(user, "POST", path("/batches"), settle::encode_batch(batch(1, 1'000))));
    api_->stop(Duration::seconds(5));
    api_.reset();
    // The hub goes first, so that the last round of the meter reaches nobody.
    world_.hub->stop();
    ledgers_.reset();
    world_.close();
    world_.open();
    const auto charged = [&] {
        return world_.see<std::uint64_t>(
            [&](const core::State& state) { return state.ledgers.at(book).transfers; });
    };
    EXPECT_EQ(charged(), 0U);
    open_ledgers();
    ledgers_->meter();
    EXPECT_EQ(charged(), 1'003U);  // with three accounts
    ApiOptions options;
    options.ledgers = ledgers_.get();
    api_ = std::move(*ApiServer::start(*world_.hub, options));
    EXPECT_EQ(credits("a2"), 1'000U);
    EXPECT_EQ(metered(), 1'003U);
}

TEST_F(LedgersTest, AJournalThatLostItsEndIsRefused) {
    std::filesystem::copy(folder_ / "books.journal", folder_ / "old");
    send(transfer("1"));
    ledgers_->meter();
    ledgers_.reset();
    std::filesystem::rename(folder_ / "old", folder_ / "books.journal");
    auto file = settle::open_file(folder_ / "books.journal");
    ASSERT_TRUE(file);
    const auto opened =
        runtime::LedgerService::open(*world_.hub, world_.key, std::move(*file), world_.clock, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt);
    EXPECT_NE(opened.error().context.find("put the right file back"), std::string::npos);
}

TEST_F(LedgersTest, KeysAndContractsRuleAccounts) {
    const auto key = crypto::PrivateKey::generate();
    ASSERT_TRUE(key);
    const std::string pem = json_lib::serialize(json_lib::value(key->public_key().to_pem()));
    const Answer added =
        ok(admin, "POST", path("/keys"), fmt::format(R"({{"public_key":{}}})", pem));
    EXPECT_EQ(number(added, "/number"), 1U);
    EXPECT_EQ(ask(user, "POST", path("/keys"), fmt::format(R"({{"public_key":{}}})", pem)).status,
              403);
    EXPECT_EQ(ask(admin, "POST", path("/keys"), R"({"public_key":"04ff"})").status, 400);
    ok(admin, "POST", path("/accounts/a1/keys"), R"({"key":1})");
    EXPECT_EQ(ask(admin, "POST", path("/accounts/a1/keys"), R"({"key":2})").status, 404);
    EXPECT_EQ(codes(send(transfer("1"))), "signature_required");

    settle::DecodedBatch signed_batch = batch(1, 1);
    signed_batch.form = settle::Form::signed_only;
    const auto later = world_.clock.now() + Duration::hours(1);
    signed_batch.signed_parts.push_back({.key = 1, .serial = 1, .valid_until_us = later.us});
    std::string message;
    settle::append_signed_message(message, ledgers_->journal_id(), book,
                                  signed_batch.signed_parts[0], signed_batch.transfers[0]);
    signed_batch.signatures.push_back(*key->sign(message));
    EXPECT_EQ(created(answers(
                  ask(user, "POST", path("/batches"), settle::encode_batch(signed_batch)))[0]),
              1U);
    const Answer last = ask(admin, "DELETE", path("/accounts/a1/keys/1"));
    EXPECT_EQ(last.status, 409) << last.body;
    EXPECT_NE(last.body.find("grant another first"), std::string::npos) << last.body;

    ok(admin, "POST", path("/accounts"), R"({"accounts":[{"id":"d1","unit":1}]})");
    const auto of_d1 = [](const std::string& id, std::uint64_t amount) {
        return fmt::format(R"({{"id":"{}","debit":"d1","credit":"a2","amount":{},"unit":1}})", id,
                           amount);
    };
    const Answer contract =
        ok(admin, "POST", path("/contracts"), R"({"text":"debit require amount < 5;"})");
    EXPECT_EQ(number(contract, "/number"), 1U);
    const Answer bad = ask(admin, "POST", path("/contracts"), R"({"text":"debit require amont;"})");
    EXPECT_EQ(bad.status, 400);
    ok(admin, "PUT", path("/accounts/d1/contract"), R"({"contract":1})");
    EXPECT_EQ(codes(send(of_d1("3", 5))), "contract_refused");
    EXPECT_EQ(codes(send(of_d1("4", 4))), "created");
    EXPECT_EQ(text(ok(user, "GET", path("/contracts")), "/contracts/0/text"),
              "debit require amount < 5;");
    const Answer account = ok(user, "GET", path("/accounts/d1"));
    EXPECT_EQ(number(account, "/contract"), 1U);
    ok(admin, "POST", path("/accounts/d1/close"));
    EXPECT_EQ(codes(send(of_d1("5", 1))), "debit_account_already_closed");
    ok(admin, "POST", path("/accounts/d1/reopen"));
    EXPECT_EQ(codes(send(of_d1("6", 1))), "created");
}

TEST_F(LedgersTest, AClosedLedgerTakesNothingAndIsRead) {
    send(transfer("1"));
    EXPECT_EQ(ask(user, "POST", path("/close")).status, 403);
    ok(admin, "POST", path("/close"));
    const Answer refused = ask(user, "POST", path("/transfers"),
                               fmt::format(R"({{"transfers":[{}]}})", transfer("2")));
    EXPECT_EQ(refused.status, 409) << refused.body;
    EXPECT_EQ(refused.code(), "wrong_state");
    EXPECT_EQ(ask(admin, "POST", path("/accounts"), R"({"accounts":[{"id":"f","unit":1}]})").status,
              409);
    ledgers_->meter();
    EXPECT_EQ(text(ok(admin, "GET", path("")), "/state"), "closed");
    EXPECT_EQ(metered(), 4U);  // with three accounts
    EXPECT_EQ(credits("a2"), 5U);
    EXPECT_EQ(ask(admin, "POST", path("/close")).status, 409);
    EXPECT_NE(open(admin, "points"), book);
}

TEST_F(LedgersTest, ARepeatedOpeningUnderItsKeyIsTheFirst) {
    const http::Headers key = {{"Idempotency-Key", "one"}};
    const Answer first = ask(admin, "POST", "/v1/ledgers", R"({"name":"second"})", key);
    const Answer again = ask(admin, "POST", "/v1/ledgers", R"({"name":"second"})", key);
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(number(first, "/id"), number(again, "/id"));
}

}  // namespace
}  // namespace suan::api
