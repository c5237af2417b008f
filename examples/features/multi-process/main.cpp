// Three processes work on one file; one of them is killed, and the others finish what it had begun.
//
// The first process submits through a `Client`, prints who owns what while the work goes on, and
// judges at the end. The workers are this program again: each has a runner of its own, and knows of
// the others only through the database.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using cloacina::RunnerState;

constexpr char database[] = "sqlite://multi-process.db";
constexpr std::size_t orders = 90;
constexpr int workers = 3;

namespace keys {
CLOACINA_KEY(order, int);
CLOACINA_KEY(packed, int);
}  // namespace keys

CLOACINA_TASK(pack, .reads = {keys::order}, .writes = {keys::packed}) {
  context.sleep_for(60ms);
  context.put(keys::packed, context.get(keys::order));
}
CLOACINA_TASK(ship, .after = {pack}, .reads = {keys::packed}) { context.sleep_for(60ms); }
CLOACINA_WORKFLOW(fulfil, .inputs = {keys::order}, .tasks = {pack, ship});

/// Runs what it can get until the other end of its standard input is closed.
int work(std::string name) {
  auto runner =
      cloacina::DefaultRunner::builder()
          .database_url(database)
          .config({.max_concurrent_tasks = 2,
                   .lease = 500ms,
                   .max_active_executions = 12,  // so that something is left for the others
                   .runner_name = name})
          .build();
  char byte = 0;
  (void)!read(STDIN_FILENO, &byte, 1);
  return 0;
}

struct Worker {
  std::string name;
  pid_t pid = 0;
  int input = -1;
};

Worker start(char const* program, std::string name) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  std::string word = "work";
  std::array<char*, 4> arguments{const_cast<char*>(program), word.data(), name.data(), nullptr};
  Worker worker{name, 0, ends[1]};
  if (posix_spawn(&worker.pid, program, &actions, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error{"no process"};
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  return worker;
}

std::size_t completed(cloacina::Client const& client) {
  return client.list({.status = cloacina::WorkflowStatus::completed, .limit = orders}).size();
}

/// One line of the table: what each worker owns, or what became of it.
void print(cloacina::Client const& client, std::vector<Worker> const& all, double seconds) {
  std::printf("%4.1f s", seconds);
  auto const runners = client.runners();
  for (auto const& worker : all) {
    std::string cell = "-";
    for (auto const& runner : runners)
      if (runner.pid == worker.pid)
        cell = runner.state == RunnerState::alive ? std::to_string(runner.executions)
                                                  : std::string{to_string(runner.state)};
    std::printf(" %10s", cell.c_str());
  }
  std::printf(" %10zu of %zu\n", completed(client), orders);
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view{argv[1]} == "work") return work(argv[2]);

  cloacina::Client client{database};
  std::vector<cloacina::Context> inputs;
  for (std::size_t i = 0; i < orders; ++i) inputs.push_back({{"order", static_cast<int>(i)}});
  auto const ids = client.submit_many("fulfil", std::move(inputs));
  std::vector<Worker> all;
  for (int i = 1; i <= workers; ++i) all.push_back(start(argv[0], "worker-" + std::to_string(i)));
  std::printf("  time   worker-1   worker-2   worker-3   completed\n");

  auto const begun = std::chrono::steady_clock::now();
  std::size_t lost = 0;
  bool killed = false;
  while (completed(client) < orders) {
    std::this_thread::sleep_for(100ms);
    auto const time = std::chrono::steady_clock::now() - begun;
    print(client, all, std::chrono::duration<double>(time).count());
    if (killed || completed(client) < orders / 4) continue;
    killed = true;
    for (auto const& runner : client.runners())
      if (runner.pid == all[1].pid) lost = runner.executions;
    kill(all[1].pid, SIGKILL);
    std::printf("         worker-2 is killed while it owns %zu\n", lost);
  }
  bool ended_well = true;
  for (auto const& worker : all) {
    close(worker.input);
    int status = 0;
    waitpid(worker.pid, &status, 0);
    ended_well = ended_well && (worker.pid == all[1].pid || status == 0);
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < orders; ++i)
    right += client.result(ids[i]).context().get("packed") == i;
  std::printf("orders shipped: %zu of %zu, %s\n", right, orders,
              lost > 0 ? "those of the worker that was killed too" : "and nobody owned any");
  return right == orders && ended_well && lost > 0 ? 0 : 1;
}
