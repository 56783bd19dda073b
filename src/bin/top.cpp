#include "bin/top.hpp"

#include "bin/cli.hpp"
#include "bin/job_request.hpp"
#include "bin/top_view.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

namespace suan::bin {
namespace {

constexpr std::size_t queue_lines_max = 200;
constexpr const char* states = "waiting,running,stopping";

struct TopOptions {
    std::uint32_t every_s = 2;
    bool once = false;
};

TopView look(Session& session) {
    TopView view;
    *view.mutable_whoami() = session.get<WhoamiView>("/v1/whoami");
    *view.mutable_stats() = session.get<StatsView>("/v1/stats");
    auto pools = session.all<PoolList>("/v1/pools", 1'000, "pools");
    view.mutable_pools()->Swap(pools.mutable_pools());
    if (!view.whoami().org().empty()) {
        auto own = session.all<JobList>(Query("/v1/jobs")
                                            .add("org", view.whoami().org())
                                            .add("member", view.whoami().member())
                                            .add("state", states)
                                            .text(),
                                        queue_lines_max, "jobs");
        view.mutable_own()->Swap(own.mutable_jobs());
    }
    auto queue = session.all<JobList>(Query("/v1/jobs").add("state", states).text(),
                                      queue_lines_max, "jobs");
    view.mutable_queue()->Swap(queue.mutable_jobs());
    return view;
}

volatile std::sig_atomic_t told_to_stop = 0;
void stop_on_signal(int) {
    told_to_stop = 1;
}

// The terminal while top runs: keys come one by one, the screen is another one. Back to what it was
// at the end.
class Screen {
public:
    Screen() {
        ::tcgetattr(STDIN_FILENO, &before_);
        termios raw = before_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        struct sigaction action {};
        action.sa_handler = stop_on_signal;
        for (const int signal : {SIGINT, SIGTERM, SIGHUP})
            ::sigaction(signal, &action, nullptr);
        put("\x1b[?1049h\x1b[?25l");
    }
    ~Screen() {
        put("\x1b[?25h\x1b[?1049l");
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    static TopShape shape() {
        winsize size{};
        ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        TopShape shape;
        if (size.ws_col > 0) shape.columns = size.ws_col;
        shape.rows = size.ws_row > 1 ? size.ws_row - 1U : 24U;
        shape.now_us = now_us();
        return shape;
    }
    // Written over what stood there, so that nothing flickers.
    static void draw(const std::string& text) {
        std::string out = "\x1b[H";
        for (const char c : text)
            out += c == '\n' ? "\x1b[K\n" : std::string(1, c);
        put(out + "\x1b[J");
    }
    // False: the reader wants to stop. Any other key looks again at once.
    static bool wait(std::uint32_t seconds) {
        pollfd in{STDIN_FILENO, POLLIN, 0};
        const int ready = ::poll(&in, 1, static_cast<int>(seconds) * 1'000);
        if (told_to_stop != 0) return false;
        char key = 0;
        if (ready <= 0) return true;
        return ::read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != '\x03';
    }

private:
    termios before_{};
};

ExitCode follow(Session& session, const TopOptions& o) {
    const Screen screen;
    std::string shown;
    do {
        std::string lost;
        try {
            shown = top_text(look(session), Screen::shape());
        } catch (const Failed& failed) {
            if (failed.code() != ExitCode::unreachable && failed.code() != ExitCode::try_again)
                throw;
            lost = fmt::format("\n-- no answer, trying again: {}\n", cut(failed.what(), 70));
        }
        Screen::draw(shown + lost);
    } while (Screen::wait(o.every_s));
    return ExitCode::ok;
}

ExitCode run_top(Cli& cli, TopOptions& o) {
    Session session = Session::open(cli.hub);
    const bool terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    if (terminal && !o.once && !cli.json) return follow(session, o);
    const TopView view = look(session);
    TopShape shape;
    shape.columns = 200;
    shape.now_us = now_us();
    put_result(cli, view, top_text(view, shape));
    return ExitCode::ok;
}

}  // namespace

void add_top_command(Cli& cli) {
    auto o = std::make_shared<TopOptions>();
    CLI::App& top = add_verb(cli, cli.app, "top",
                             "Pools, your jobs and the queue, live (q ends it)", o, run_top);
    top.add_option("--every", o->every_s, "seconds between looks (default 2)")
        ->check(CLI::Range(1, 3'600));
    top.add_flag("--once", o->once, "print once and end; so does a pipe, and --json");
}

}  // namespace suan::bin
