// A thousand bodies that wait at the same time, on one thread: a suspended coroutine costs memory,
// not a thread.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

using namespace std::chrono_literals;

constexpr int calls = 1000;
constexpr auto wait = 1s;

/// Who ran the bodies, and how many of them were waiting at the same time at most.
struct Seen {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  int waiting = 0;
  int most_waiting = 0;

  void enter() {
    std::lock_guard const lock{mutex};
    threads.insert(std::this_thread::get_id());
    most_waiting = std::max(most_waiting, ++waiting);
  }
  void leave() {
    std::lock_guard const lock{mutex};
    threads.insert(std::this_thread::get_id());
    --waiting;
  }
} seen;

namespace keys {
CLOACINA_KEY(number, int);
CLOACINA_KEY(answer, int);
}  // namespace keys
using namespace keys;

CLOACINA_CO_TASK(ask_a_slow_service, .reads = {number}, .writes = {answer}) {
  seen.enter();
  co_await context.sleep_for(wait);
  seen.leave();
  context.put(answer, 2 * context.get(number));
}

CLOACINA_WORKFLOW(call, .inputs = {number}, .tasks = {ask_a_slow_service});

int main() {
  cloacina::DefaultRunner runner{"sqlite://coroutines.db"};
  auto const start = std::chrono::steady_clock::now();

  std::vector<decltype(call(number = 0))> jobs;
  for (int i = 0; i < calls; ++i) jobs.push_back(call(number = i));
  long long sum = 0;
  for (auto const& handle : runner.submit_many(jobs)) sum += handle.wait().get(answer);

  auto const seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%d waits of 1 s: %.2f s, %zu thread, at most %d at the same time\n", calls, seconds,
              seen.threads.size(), seen.most_waiting);
  std::printf("sum of the answers: %lld, expected %d\n", sum, calls * (calls - 1));
  return sum == calls * (calls - 1) ? 0 : 1;
}
