// fleet [--database URL]: a fleet on one database. One process submits and runs nothing, three run
// what it submits, one waits for the last order. One of the three is killed, another is replaced
// in the way of a rolling restart, and the rest goes on.
//
// The URL is that of a PostgreSQL, as postgres://app@db/app?schema=fleet; without one it is a file.
// The processes are this program again: they know of each other through the database alone, so
// they could as well be on several machines.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using cloacina::RunnerState;

constexpr int orders = 120;

namespace keys {
CLOACINA_KEY(order, int);
CLOACINA_KEY(packed, int);
CLOACINA_KEY(shipped_by, int);
}  // namespace keys

CLOACINA_TASK(pack, .reads = {keys::order}, .writes = {keys::packed}) {
  context.sleep_for(60ms);
  context.put(keys::packed, context.get(keys::order));
}
CLOACINA_TASK(ship, .after = {pack}, .reads = {keys::packed}, .writes = {keys::shipped_by}) {
  context.sleep_for(60ms);
  context.put(keys::shipped_by, getpid());
}
CLOACINA_WORKFLOW(fulfil, .inputs = {keys::order}, .tasks = {pack, ship});

/// Runs what it can get until the other end of its standard input is closed. What it has begun then
/// and cannot end in time, it gives back.
int work(std::string const& url, std::string name) {
  auto runner = cloacina::DefaultRunner::builder()
                    .database_url(url)
                    .config({.max_concurrent_tasks = 2,
                             .lease = 1s,
                             .max_active_executions = 8,
                             .runner_name = std::move(name)})
                    .build();
  char byte = 0;
  (void)!read(STDIN_FILENO, &byte, 1);
  runner.shutdown();
  return 0;
}

/// A runner that knows no workflow runs nothing; it hears of the end as soon as that is stored.
int wait(std::string const& url, std::string const& id) {
  auto const runner =
      cloacina::DefaultRunner::builder().database_url(url).registry(cloacina::Registry{}).build();
  auto const handle = runner.handle(cloacina::ExecutionId::parse(id));
  auto const result = handle.wait();
  std::printf("         the waiter hears that the last order is %s\n",
              std::string{to_string(result.status())}.c_str());
  return result.context().get("packed") == orders - 1 ? 0 : 1;
}

/// This program in another part. It ends when its input is closed, or by itself.
class Process {
 public:
  Process(std::vector<std::string> words) : name_(words.back()) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int const error =
        posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    input_ = ends[1];
    if (error != 0) throw std::runtime_error{"no process"};
  }
  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void kill_now() const { kill(pid_, SIGKILL); }
  /// Lets it end; its exit code, -1 if it was killed.
  int end() {
    close(input_);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  std::string name_;
  pid_t pid_ = 0;
  int input_ = -1;
};

/// What the submitter sees of the fleet.
class View {
 public:
  View(cloacina::Client const& client, std::vector<cloacina::ExecutionId> const& ids)
      : client_(client), ids_(ids.begin(), ids.end()) {}

  /// Of the orders of this run: an earlier one may have left some in the database.
  [[nodiscard]] int completed() const {
    int count = 0;
    for (auto const& each :
         client_.list({.status = cloacina::WorkflowStatus::completed, .limit = ids_.size()}))
      count += ids_.contains(each.id) ? 1 : 0;
    return count;
  }
  /// The last of this process: one that was declared dead by mistake has a new one.
  [[nodiscard]] cloacina::RunnerInfo runner(pid_t pid) const {
    cloacina::RunnerInfo last;
    for (auto const& each : client_.runners())
      if (each.pid == pid) last = each;
    return last;
  }
  void print_heads(std::vector<Process> const& all) const {
    std::printf("  time");
    for (auto const& each : all) std::printf(" %10s", each.name().c_str());
    std::printf("   completed\n");
  }
  /// One line: what each owns, or what became of it.
  void print(std::vector<Process> const& all) const {
    auto const time = std::chrono::steady_clock::now() - begun_;
    std::printf("%4.1f s", std::chrono::duration<double>(time).count());
    for (auto const& each : all) {
      auto const info = runner(each.pid());
      std::printf(" %10s", info.pid == 0 ? "-"
                           : info.state == RunnerState::alive
                               ? std::to_string(info.executions).c_str()
                               : std::string{to_string(info.state)}.c_str());
    }
    std::printf(" %6d of %d\n", completed(), orders);
    std::fflush(stdout);
  }

 private:
  cloacina::Client const& client_;
  std::set<cloacina::ExecutionId> ids_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Kills one runner and replaces another while the orders are worked off. Whether that met work.
bool disturb_until_done(View const& view, std::string const& url, std::vector<Process>& all) {
  std::size_t lost = 0;
  bool replaced = false;
  int stopped = 0;
  view.print_heads(all);
  for (int done = view.completed(); done < orders; done = view.completed()) {
    std::this_thread::sleep_for(150ms);
    view.print(all);
    if (lost == 0 && done >= orders / 5) {
      lost = view.runner(all[1].pid()).executions;
      all[1].kill_now();
      std::printf("         %s is killed while it owns %zu\n", all[1].name().c_str(), lost);
    }
    if (!replaced && done >= orders / 2) {
      replaced = true;
      std::printf("         %s is shut down and replaced\n", all[2].name().c_str());
      stopped = all[2].end();
      all.push_back(Process{{"fleet", "work", url, "worker-4"}});
      view.print_heads(all);
    }
  }
  return lost > 0 && replaced && stopped == 0;
}

int run_fleet(std::string const& url) {
  cloacina::Client client{url};
  std::vector<cloacina::Context> inputs;
  for (int i = 0; i < orders; ++i) inputs.push_back({{"order", i}});
  auto const ids = client.submit_many("fulfil", std::move(inputs));
  View const view{client, ids};

  std::vector<Process> all;
  for (char const* name : {"worker-1", "worker-2", "worker-3"})
    all.push_back(Process{{"fleet", "work", url, name}});
  Process waiter{{"fleet", "wait", url, ids.back().to_string()}};
  bool well = disturb_until_done(view, url, all);
  well = waiter.end() == 0 && all[0].end() == 0 && all[1].end() == -1 && all[3].end() == 0 && well;

  int right = 0;
  std::set<std::int64_t> shippers;
  for (int i = 0; i < orders; ++i) {
    auto const context = client.result(ids[static_cast<std::size_t>(i)]).context();
    right += context.get("packed") == i ? 1 : 0;
    shippers.insert(context.get("shipped_by").get<std::int64_t>());
  }
  std::printf("orders shipped: %d of %d, by %zu processes\n", right, orders, shippers.size());
  return well && right == orders && shippers.size() >= 3 ? 0 : 1;
}

int main(int argc, char** argv) try {
  std::vector<std::string> const words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "work") return work(words[1], words[2]);
  if (words.size() == 3 && words[0] == "wait") return wait(words[1], words[2]);
  if (words.empty()) return run_fleet("sqlite://fleet.db");
  if (words.size() == 2 && words[0] == "--database") return run_fleet(words[1]);
  std::fprintf(stderr, "usage: fleet [--database URL]\n");
  return 2;
} catch (std::exception const& error) {
  std::fprintf(stderr, "fleet: %s\n", error.what());
  return 1;
}
