// Kills itself in the middle of its work; start it again, and it finishes.
//
// Every body appends a line to produced.txt before it returns, and the library tells an observer of
// every result that it has stored, which goes to recorded.txt. Afterwards the two files say what
// the crash cost: bodies whose result was not stored yet have run again; a result that was stored
// was never produced a second time.
#include <unistd.h>
#include <atomic>
#include <cloacina/cloacina.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>

using namespace std::chrono_literals;

constexpr int orders = 50;
constexpr int bodies_before_the_crash = 120;

namespace keys {
CLOACINA_KEY(order, int);
CLOACINA_KEY(reserved, int);
CLOACINA_KEY(paid, int);
CLOACINA_KEY(shipped, int);
}  // namespace keys

/// One line, in one write: a process that dies leaves no half of it.
void append(char const* file, std::string const& line) {
  std::ofstream{file, std::ios::app} << line + "\n" << std::flush;
}

bool may_crash = false;
std::atomic<int> bodies = 0;

void produce(std::string const& what) {
  append("produced.txt", what);
  if (may_crash && ++bodies == bodies_before_the_crash)
    kill(getpid(), SIGKILL);  // after the effect, before the result
}

CLOACINA_TASK(reserve, .reads = {keys::order}, .writes = {keys::reserved}) {
  produce(context.idempotency_key());
  context.put(keys::reserved, context.get(keys::order));
}
CLOACINA_TASK(pay, .after = {reserve}, .reads = {keys::reserved}, .writes = {keys::paid}) {
  produce(context.idempotency_key());
  context.put(keys::paid, context.get(keys::reserved));
}
CLOACINA_TASK(ship, .after = {pay}, .reads = {keys::paid}, .writes = {keys::shipped}) {
  produce(context.idempotency_key());
  context.put(keys::shipped, context.get(keys::paid));
}
CLOACINA_WORKFLOW(fulfil, .inputs = {keys::order}, .tasks = {reserve, pay, ship});

class Recorder : public cloacina::Observer {
  void on_task(cloacina::ExecutionId id, std::string_view, std::string_view task,
               cloacina::TaskStatus status, std::uint32_t, std::string_view,
               cloacina::Instant) override {
    if (status == cloacina::TaskStatus::completed)
      append("recorded.txt", id.to_string() + "/" + std::string{task});
  }
};

std::map<std::string, int> count_lines(char const* file) {
  std::map<std::string, int> counts;
  std::ifstream stream{file};
  for (std::string line; std::getline(stream, line);) ++counts[line];
  return counts;
}

int main() {
  auto const recorded_before = count_lines("recorded.txt");
  may_crash = count_lines("produced.txt").empty();
  std::printf(may_crash ? "First start: I shall kill myself in the middle. Start me again.\n"
                        : "Second start: the first one left %zu stored results.\n",
              recorded_before.size());
  std::fflush(stdout);

  // A runner counts as dead once it was not heard of for a lease; 15 s are the default.
  auto runner = cloacina::DefaultRunner::builder()
                    .database_url("sqlite://crash-recovery.db")
                    .config({.lease = 500ms})
                    .observer(std::make_shared<Recorder>())
                    .build();
  std::vector<cloacina::ExecutionHandle> handles;
  for (int i = 0; i < orders; ++i) {
    auto const key =
        "order-" + std::to_string(i);  // of both starts: the second gets the first one's executions
    handles.push_back(runner.submit(fulfil(keys::order = i), {.idempotency_key = key}));
  }
  int right = 0;
  for (int i = 0; i < orders; ++i)
    right += handles[static_cast<std::size_t>(i)].wait().get(keys::shipped) == i;
  runner.shutdown();

  auto const produced = count_lines("produced.txt");
  int ran = 0, stored_and_produced_again = 0;
  for (auto const& [result, times] : produced) {
    ran += times;
    if (times > 1 && recorded_before.contains(result)) ++stored_and_produced_again;
  }
  std::printf("orders shipped: %d of %d\n", right, orders);
  std::printf("bodies that ran: %d, results: %zu\n", ran, produced.size());
  std::printf("results that were stored before the crash: %zu, of those produced again: %d\n",
              recorded_before.size(), stored_and_produced_again);
  return right == orders && stored_and_produced_again == 0 ? 0 : 1;
}
