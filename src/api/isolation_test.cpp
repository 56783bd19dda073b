// One org can never read, list, cancel, count or guess what is another's: every route with every
// role. acme is the victim; the strangers are an admin and a member of another org, and those whom
// the hub does not know. All of acme's words contain "acme".
#include "api/isolation_table.hpp"
#include "api/testing.hpp"
#include "settle/batch.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace suan::api {
namespace {

using isolation::callers;
using isolation::effect;
using isolation::Row;
using isolation::stream;
using isolation::table;

using Words = std::map<std::string, std::string>;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}
std::string spoken(std::string text, const Words& words) {
    for (const auto& [name, word] : words)
        text = replaced(std::move(text), "<" + name + ">", word);
    return text;
}

class IsolationTest : public ApiTest {
protected:
    void SetUp() override {
        ApiTest::SetUp();
        foreign_member = member("zebra-secret", "zed", "member");
        disabled = member("acme", "dora", "member");
        revoked = member("acme", "rex", "member");
        ok(revoked, "POST",
           fmt::format("/v1/members/{}/rotate",
                       id_of(ok(revoked, "GET", "/v1/whoami"), "/member_id")));
        ok(admin, "POST",
           fmt::format("/v1/members/{}/disable",
                       id_of(ok(disabled, "GET", "/v1/whoami"), "/member_id")));
        make_acmes_things();
        ok(foreign_member, "POST", "/v1/jobs", R"({"name":"zebra-waits","pool":"big"})");
        close_block();
    }

    static std::uint64_t id_of(const Answer& answer, std::string_view pointer) {
        return json_lib::value_to<std::uint64_t>(answer.at(pointer));
    }
    static std::uint64_t number_in(const json_lib::value& object, const char* name) {
        const auto* value = object.as_object().if_contains(name);
        return value == nullptr ? 0 : json_lib::value_to<std::uint64_t>(*value);
    }
    std::uint64_t made(std::string_view token, const std::string& target, const std::string& body,
                       std::string_view pointer = "/id") {
        return id_of(ok(token, "POST", target, body), pointer);
    }
    void word(const std::string& name, std::uint64_t id) {
        acmes[name] = fmt::format("{}", id);
        nobodys[name] = fmt::format("90000000{}", nobodys.size());
    }

    void make_acmes_things() {
        acmes = {{"org", "acme"},
                 {"project", "acme-project"},
                 {"member", "bob"},
                 {"name", "acme-waits"}};
        nobodys = {{"org", "nope"},
                   {"project", "nope-project"},
                   {"member", "nob"},
                   {"name", "nope-waits"}};
        word("member_id", id_of(ok(user, "GET", "/v1/whoami"), "/member_id"));
        word("voucher", made(op, "/v1/vouchers", R"({"org":"acme","funder":"acme-funder",
            "contract":"acme-contract","micro_yuan":777001,"expires_us":99000000000000})"));
        ok(admin, "PUT", "/v1/budgets", R"({"micro_yuan":888000111})");
        ok(op, "POST", "/v1/corrections",
           R"({"org":"acme","micro_yuan":777003,"reason":"acme-correction"})");
        make_acmes_ledger();
        run_one_to_its_end();
        word("invoice", made(op, "/v1/invoices", R"({"org":"acme"})"));
        word("running",
             submit_with(R"({"name":"acme-runs","pool":"big","tasks":8,"script":"#!secret"})"));
        world_.hub->executor_sink()(exec::Started{world_.executor.wait_start(2).ref});
        word("waiting",
             submit_with(R"({"name":"acme-waits","pool":"big","idempotency_key":"acme-key"})"));
        word("array",
             submit_with(
                 R"({"name":"acme-array","pool":"big","held":true,"array":{"indices":[1,2,3]}})"));
    }
    void make_acmes_ledger() {
        word("ledger", made(admin, "/v1/ledgers", R"({"name":"acme-points"})"));
        const std::uint64_t own = made(foreign, "/v1/ledgers", R"({"name":"zebra-points"})");
        acmes["own_ledger"] = nobodys["own_ledger"] = fmt::format("{}", own);
        const std::string book = "/v1/ledgers/" + acmes.at("ledger");
        ok(admin, "POST", book + "/accounts",
           R"({"accounts":[{"id":"a1","unit":1},{"id":"a2","unit":1}]})");
        const Answer sent =
            ok(user, "POST", book + "/transfers",
               R"({"transfers":[{"id":"7","debit":"a1","credit":"a2","amount":777005,"unit":1}]})");
        word("ledger_block", id_of(sent, "/block"));
        const auto key = crypto::PrivateKey::generate();
        acmes["sm2_key"] = nobodys["sm2_key"] = to_hex(key->public_key().raw());
        ok(admin, "POST", book + "/keys",
           fmt::format(R"({{"public_key":"{}"}})", acmes.at("sm2_key")));
        ok(admin, "POST", book + "/contracts", R"({"text":"debit require amount > 5;"})");
        settle::DecodedBatch batch;
        batch.book = static_cast<std::uint32_t>(id_of(ok(admin, "GET", book), "/id"));
        batch.transfers.push_back(ledger::Transfer{.id = {0, 9}, .amount = 1});
        acmes["batch"] = nobodys["batch"] = settle::encode_batch(batch);
    }
    std::uint64_t submit_with(const std::string& body) { return made(user, "/v1/jobs", body); }

    void run_one_to_its_end() {
        const Answer answer = ok(
            user, "POST", "/v1/jobs",
            R"({"name":"acme-done","pool":"big","script":"#!secret-of-acme","sim_duration_ms":1000})");
        const std::uint64_t id = id_of(answer, "/id");
        world_.executor.outputs_[JobId{id}] = "secret output of acme";
        world_.executor.files_[JobId{id}] = {{"a/b.txt", "secret file of acme"}};
        word("job", id);
        word("seq", id_of(answer, "/seq"));
        const exec::StartOrder order = world_.executor.wait_start(1);
        world_.hub->executor_sink()(exec::Started{order.ref});
        world_.clock.advance(Duration::seconds(7));
        world_.end(order.ref);
        wait_until([&] {
            return ok(user, "GET", fmt::format("/v1/jobs/{}", id)).at("/state").as_string() ==
                   "completed";
        });
    }
    // So that there are receipts and bills for all of it.
    void close_block() {
        const std::uint64_t seq = id_of(ok("", "GET", "/v1/log/head"), "/last_seq");
        world_.clock.advance(Duration::seconds(2));
        wait_until([&] { return id_of(ok("", "GET", "/v1/log/head"), "/last_block_seq") >= seq; });
    }
    template <typename Condition>
    void wait_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + runtime::test_deadline;
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            std::this_thread::yield();
        }
    }

    const http::Route& route_of(const Row& row) const {
        for (const auto& route : api_->router().routes()) {
            if (route->id == row.route) return *route;
        }
        ADD_FAILURE() << "the table has a route that there is not: " << row.route;
        return *api_->router().routes().front();
    }
    Answer ask_row(const Row& row, const Words& words, http::Headers headers) {
        headers.emplace_back("X-Request-Id", "r");
        const http::Route& route = route_of(row);
        const std::string target = spoken(row.target, words);
        const bool may_stream = route.response_type == "text/event-stream" ||
                                target.find("follow=true") != std::string::npos;
        if (may_stream && opens_stream(target, headers)) {
            Answer opened;
            opened.status = 200;
            return opened;
        }
        return ask("", http::to_string(route.method), target, spoken(row.body, words),
                   std::move(headers));
    }
    // Not of a stream that has no event, which is no stream worth keeping from anybody.
    bool opens_stream(const std::string& target, const http::Headers& headers) {
        auto client = http::Client::make(api_->url());
        std::string first;
        const auto opened = client->events(target, headers, [&](const http::ReceivedEvent& event) {
            first = event.name;
            return false;
        });
        return opened && first != "end";
    }
    static http::Headers bearer(const std::string& token) {
        return {{"Authorization", "Bearer " + token}};
    }

    // What a stranger gets for acme's thing is what he gets for nobody's, but for the word that he
    // said himself; and nothing in it is acme's.
    void expect_no_difference(const Row& row, const http::Headers& who, int status) {
        const Answer theirs = ask_row(row, acmes, who);
        Answer none = ask_row(row, nobodys, who);
        const std::string asked = fmt::format("{} {} as {}", row.route, row.target, who[0].second);
        EXPECT_EQ(theirs.status, status) << asked << ": " << theirs.body;
        EXPECT_EQ(none.status, status) << asked << ": " << none.body;
        EXPECT_EQ(none.body.find("acme"), std::string::npos) << asked << ": " << none.body;
        EXPECT_EQ(theirs.body.find("secret o"), std::string::npos) << asked << ": " << theirs.body;
        for (const auto& [name, nothing] : nobodys)
            none.body = replaced(none.body, nothing, acmes.at(name));
        EXPECT_EQ(theirs.body, none.body) << asked;
        ASSERT_EQ(theirs.headers.size(), none.headers.size()) << asked;
        for (std::size_t i = 0; i < theirs.headers.size(); ++i) {
            const auto& [name, value] = theirs.headers[i];
            EXPECT_EQ(name, none.headers[i].first) << asked;
            if (name == "date" || name == "content-length") continue;
            EXPECT_EQ(value, none.headers[i].second) << asked << ": " << name;
        }
    }

    // All that there is of acme, as the operator sees it.
    std::string all_of_acme() {
        std::string out;
        for (const char* list : {"jobs", "projects", "members", "shares", "budgets", "vouchers",
                                 "charges", "invoices", "ledger/accounts", "ledger/journal"})
            out += ok(op, "GET", fmt::format("/v1/{}?org=acme", list)).body + "\n";
        for (const char* one : {"job", "running", "waiting", "array"})
            out += ok(op, "GET", "/v1/jobs/" + acmes.at(one)).body + "\n";
        for (const char* other : {"orgs", "orgs/acme", "pools", "nodes", "prices"})
            out += ok(op, "GET", fmt::format("/v1/{}", other)).body + "\n";
        return out;
    }

    std::string foreign_member, disabled, revoked;
    Words acmes, nobodys;
};

TEST_F(IsolationTest, TheTableHasEveryRoute) {
    std::set<std::string> told;
    for (const Row& row : table) {
        told.insert(row.route);
        const http::Route& route = route_of(row);
        EXPECT_TRUE(route.id != row.route || !std::string(row.target).empty());
    }
    for (const auto& route : api_->router().routes())
        EXPECT_EQ(told.count(route->id), 1U) << "say in the table who may use " << route->id;
}

TEST_F(IsolationTest, WhomTheHubDoesNotKnowGetsNothingFromAnyRoute) {
    const std::string before = all_of_acme();
    const std::vector<http::Headers> unknown = {
        bearer(revoked),
        bearer(disabled),
        bearer(std::string(64, '0')),
        bearer(user.substr(0, 63)),
        bearer(user + "0"),
        bearer(user + " " + user),
        bearer(std::string(300, 'a')),
        {{"Authorization", "Bearer"}},
        {{"Authorization", "Basic " + user}},
        {{"Authorization", user}},
        {{"X-Token", user}},
    };
    for (const Row& row : table) {
        if (route_of(row).roles.empty()) continue;
        for (const http::Headers& who : unknown)
            expect_no_difference(row, who, 401);
    }
    EXPECT_EQ(all_of_acme(), before);
}

TEST_F(IsolationTest, AnotherOrgCannotTellAcmesThingsFromNobodys) {
    const std::string before = all_of_acme();
    for (const Row& row : table) {
        if (row.status[0] != stream) expect_no_difference(row, bearer(foreign), row.status[0]);
        if (row.status[1] != stream)
            expect_no_difference(row, bearer(foreign_member), row.status[1]);
    }
    EXPECT_EQ(all_of_acme(), before);
}

TEST_F(IsolationTest, PublicRoutesNameNobody) {
    for (const Row& row : table) {
        if (!route_of(row).roles.empty()) continue;
        const Answer answer = ask_row(row, acmes, {});
        EXPECT_EQ(answer.status, row.status[0]) << row.target;
        EXPECT_EQ(answer.body.find("acme"), std::string::npos) << row.target << answer.body;
    }
}

TEST_F(IsolationTest, AuditorsColleaguesAndOperatorsSeeNoPayloadAndNoOutput) {
    const std::string before = all_of_acme();
    const std::array<std::string, callers> tokens = {"", "", auditor, other_user, op};
    for (const std::size_t who : {2U, 4U, 3U}) {
        for (const Row& row : table) {
            const int status = row.status[who];
            if (status == stream || status == effect) continue;
            const Answer answer = ask_row(row, acmes, bearer(tokens[who]));
            EXPECT_EQ(answer.status, status) << row.target << " " << row.body << answer.body;
            EXPECT_EQ(answer.body.find("secret-of"), std::string::npos) << row.target;
            EXPECT_EQ(answer.body.find("secret output"), std::string::npos) << row.target;
            EXPECT_EQ(answer.body.find("secret file"), std::string::npos) << row.target;
        }
        // A colleague submits jobs of his own.
        if (who != 3) {
            EXPECT_EQ(all_of_acme(), before);
        }
    }
    EXPECT_NE(ask(user, "GET", "/v1/jobs/" + acmes.at("job") + "/logs").body.find("secret output"),
              std::string::npos);
    EXPECT_EQ(ask(user, "GET", "/v1/jobs/" + acmes.at("job") + "/files/content?path=a/b.txt").body,
              "secret file of acme");
}

// Nothing that an org may read changes by what another does, but for what all may see: how far the
// log is, and the centre's free devices.
TEST_F(IsolationTest, WhatOneOrgDoesMovesNoNumberOfAnothers) {
    const auto all_seen = [&](const std::string& token) {
        std::map<std::string, std::string> out;
        for (const Row& row : table) {
            const http::Route& route = route_of(row);
            const bool quiet = route.method == http::Method::get && row.status[1] != stream;
            if (!quiet || route.tag == "log") continue;
            for (const char* page : {"", "limit=1"}) {
                const std::string target = spoken(row.target, nobodys);
                const bool more = target.find('?') != std::string::npos;
                if (*page != 0 && route.query.empty()) continue;
                if (*page != 0 && route.query.back().name != "cursor") continue;
                const std::string full = target + (*page == 0 ? "" : more ? "&" : "?") + page;
                out[full] = ask(token, "GET", full, "", {{"X-Request-Id", "r"}}).body;
            }
        }
        return out;
    };
    // The time of the newest entry is public: let it be that of what follows.
    ok(op, "POST", "/v1/funds", R"({"org":"acme","micro_yuan":5})");
    const auto before = all_seen(foreign);
    const auto before_member = all_seen(foreign_member);
    submit_with(R"({"name":"acme-more","pool":"big","held":true,"array":{"indices":[1,2,3,4]}})");
    submit_with(R"({"name":"acme-later","pool":"big","priority":-5})");
    ok(admin, "POST", "/v1/projects", R"({"name":"acme-second"})");
    member("acme", "mia", "member");
    ok(op, "POST", "/v1/funds", R"({"org":"acme","micro_yuan":5,"note":"acme-note"})");
    ok(op, "POST", "/v1/corrections", R"({"org":"acme","micro_yuan":5,"reason":"acme"})");
    ok(op, "POST", "/v1/vouchers",
       R"({"org":"acme","funder":"acme-2","micro_yuan":5,"expires_us":99000000000000})");
    ok(op, "PUT", "/v1/shares", R"({"org":"acme","pool":"big","weight":3})");
    ok(user, "POST", "/v1/jobs/" + acmes.at("waiting") + "/hold");
    ok(user, "DELETE", "/v1/jobs/" + acmes.at("array") + "?whole_array=true");
    ok(op, "POST", "/v1/invoices", R"({"org":"acme"})");
    ok(op, "POST", "/v1/orgs", R"({"name":"third"})");
    for (const auto& [target, body] : all_seen(foreign))
        EXPECT_EQ(body, before.at(target)) << target;
    for (const auto& [target, body] : all_seen(foreign_member))
        EXPECT_EQ(body, before_member.at(target)) << target;
}

TEST_F(IsolationTest, ACursorOfAnotherOrgLeadsOnlyIntoOnesOwn) {
    std::size_t tried = 0;
    for (const auto& route : api_->router().routes()) {
        const bool list = !route->query.empty() && route->query.back().name == "cursor";
        if (!list || route->roles.empty() || !route->params.empty()) continue;
        const Answer page = ok(admin, "GET", route->path + "?limit=1");
        const auto* cursor = page.json.as_object().if_contains("next_cursor");
        if (cursor == nullptr || cursor->as_string().empty()) continue;
        ++tried;
        const std::string next(cursor->as_string());
        const Answer seen = ok(foreign, "GET", route->path + "?cursor=" + next);
        EXPECT_EQ(seen.body.find("acme"), std::string::npos) << route->path << seen.body;
    }
    EXPECT_GE(tried, 5U);
}

// Otherwise the first page's cursor would tell how many accounts other orgs have.
TEST_F(IsolationTest, CursorsOfAccountsCountOnesOwn) {
    ok(foreign, "PUT", "/v1/budgets", R"({"micro_yuan":1000})");
    const Answer page = ok(foreign, "GET", "/v1/ledger/accounts?limit=1");
    EXPECT_TRUE(page.at("/next_cursor").as_string().starts_with("0000000000000001")) << page.body;
    const std::string next(page.at("/next_cursor").as_string());
    const Answer rest = ok(foreign, "GET", "/v1/ledger/accounts?limit=1&cursor=" + next);
    EXPECT_EQ(rest.at("/accounts").as_array().size(), 1U);
    EXPECT_NE(rest.at("/accounts/0/name"), page.at("/accounts/0/name"));
    EXPECT_TRUE(rest.at("/next_cursor").as_string().empty()) << rest.body;
}

TEST_F(IsolationTest, EntriesAndReceiptsAreOfOnesOwnCommandsAlone) {
    const std::uint64_t last = id_of(ok("", "GET", "/v1/log/head"), "/last_block_seq");
    std::size_t own = 0;
    for (std::uint64_t seq = 1; seq <= last; ++seq) {
        const std::string entry = fmt::format("/v1/log/entries/{}", seq);
        const std::string receipt = fmt::format("/v1/log/receipts/{}", seq);
        const bool zebras = ok(auditor, "GET", entry).at("/org").as_string() == "zebra-secret";
        own += zebras ? 1 : 0;
        EXPECT_EQ(ask(foreign, "GET", entry).status, zebras ? 200 : 404) << seq;
        EXPECT_EQ(ask(foreign, "GET", receipt).status, zebras ? 200 : 404) << seq;
        EXPECT_EQ(ask(foreign_member, "GET", entry).status, zebras ? 200 : 404) << seq;
        if (!zebras) continue;
        EXPECT_EQ(ask(user, "GET", entry).status, 404) << seq;
        EXPECT_EQ(ask(user, "GET", receipt).status, 404) << seq;
    }
    EXPECT_GT(own, 0U);
    const Answer list = ok(foreign, "GET", "/v1/log/entries");
    EXPECT_EQ(list.at("/entries").as_array().size(), own);
}

TEST_F(IsolationTest, AnOperatorReadsWhatOperatorsDidAndNothingElse) {
    const Answer list = ok(op, "GET", "/v1/log/entries?limit=1000");
    std::size_t own = 0;
    for (const auto& entry : list.at("/entries").as_array()) {
        EXPECT_EQ(entry.at("member").as_string(), "root");
        EXPECT_EQ(entry.at("org").as_string(), "");
        ++own;
    }
    const Answer all_of_it = ok(auditor, "GET", "/v1/log/entries?limit=1000");
    std::size_t by_operators = 0;
    for (const auto& entry : all_of_it.at("/entries").as_array())
        by_operators += entry.at("member").as_string() == "root" ? 1 : 0;
    EXPECT_GT(own, 5U);
    EXPECT_EQ(own, by_operators);
}

TEST_F(IsolationTest, EntriesFromTheNewestDownAreTheSameEntries) {
    std::vector<std::uint64_t> up, down;
    const auto read = [&](const std::string& query, std::vector<std::uint64_t>& out) {
        std::string cursor;
        do {
            const Answer page = ok(auditor, "GET", "/v1/log/entries?limit=7" + query + cursor);
            for (const auto& entry : page.at("/entries").as_array())
                out.push_back(json_lib::value_to<std::uint64_t>(entry.at("seq")));
            const std::string next(page.at("/next_cursor").as_string());
            cursor = next.empty() ? "" : "&cursor=" + next;
        } while (!cursor.empty());
    };
    read("", up);
    read("&newest=true", down);
    EXPECT_GT(up.size(), 14U);
    std::reverse(down.begin(), down.end());
    EXPECT_EQ(up, down);
}

TEST_F(IsolationTest, KeysOfOthersAreFree) {
    const std::string body = R"({"name":"acme-waits","pool":"big","idempotency_key":"acme-key"})";
    for (const std::string& token : {foreign, foreign_member, other_user}) {
        EXPECT_EQ(ask(token, "POST", "/v1/jobs", body).status, 201);
        EXPECT_EQ(ask(token, "POST", "/v1/jobs", body).status, 200);
    }
    EXPECT_EQ(ask(user, "POST", "/v1/jobs", body).status, 200);
}

TEST_F(IsolationTest, LiveEventsFromTheBeginningAreOnesOwnAlone) {
    const std::uint64_t last =
        made(foreign_member, "/v1/jobs", R"({"name":"zebra-last","pool":"big"})");
    std::set<std::uint64_t> own;
    const Answer listed = ok(foreign, "GET", "/v1/jobs");
    for (const auto& job : listed.at("/jobs").as_array())
        own.insert(json_lib::value_to<std::uint64_t>(job.at("id")));
    http::Headers headers = bearer(foreign);
    headers.emplace_back("Last-Event-ID", "0");
    std::set<std::uint64_t> told;
    auto client = http::Client::make(api_->url());
    const auto done = client->events("/v1/events", headers, [&](const http::ReceivedEvent& event) {
        EXPECT_EQ(event.data.find("acme"), std::string::npos) << event.data;
        if (event.name == "ready") return true;
        if (event.name == "gap" || event.name == "end") {
            ADD_FAILURE() << event.name << event.data;
            return false;
        }
        const auto data = json_lib::parse(event.data);
        EXPECT_EQ(number_in(data, "lease_id"), 0U) << event.data;
        const std::uint64_t job = number_in(data, "job_id");
        if (job != 0) told.insert(job);
        return job != last;
    });
    EXPECT_TRUE(done) << done.error().context;
    EXPECT_EQ(told, own);
}

TEST_F(IsolationTest, ABillHoldsNothingOfOthers) {
    const std::string bundle = "/v1/invoices/" + acmes.at("invoice") + "/bundle";
    const Answer bill = ok(admin, "GET", bundle);
    EXPECT_NE(bill.body.find("acme-done"), std::string::npos);
    EXPECT_EQ(bill.body.find("zebra"), std::string::npos);
    EXPECT_EQ(bill.body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace suan::api
