// One of several processes that write to one file as fast as they can, for a given time.
//   busy_storm client DATABASE     eight threads, each with a `Client` of its own
//   busy_storm runner DATABASE     a runner whose four submitters wait for each execution
// Says "ready", reads "START END" (milliseconds of CLOCK_MONOTONIC), works from then until then,
// and prints what happened as JSON. `sqlite3_step` is this program's own: it sees what the library
// is told.
#include <dlfcn.h>
#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

constexpr int client_threads = 8;
constexpr int submitters = 4;
constexpr std::int64_t patience_us = 4'900'000;  // `_busy_timeout` is 5 s

std::int64_t now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

/// What SQLite told the library while it was measured.
struct Seen {
  std::atomic<bool> counting{false};
  std::atomic<std::uint64_t> busy{0};              // before its patience was over
  std::atomic<std::int64_t> longest_wait_us{0};    // of BEGIN: for the turn
  std::atomic<std::int64_t> longest_commit_us{0};  // of COMMIT: for the disk
};
Seen seen;

void keep_longest(std::atomic<std::int64_t>& longest, std::int64_t value) {
  for (auto known = longest.load();
       known < value && !longest.compare_exchange_weak(known, value);) {}
}

}  // namespace

extern "C" int sqlite3_step(sqlite3_stmt* statement) {
  static auto const real =
      reinterpret_cast<int (*)(sqlite3_stmt*)>(::dlsym(RTLD_NEXT, "sqlite3_step"));
  if (!seen.counting.load(std::memory_order_relaxed)) return real(statement);
  char const* const text = sqlite3_sql(statement);
  std::string_view const sql = text != nullptr ? text : "";
  auto const begun = now_us();
  int const code = real(statement);
  auto const took = now_us() - begun;
  if ((code & 0xff) == SQLITE_BUSY && took < patience_us) ++seen.busy;
  if (sql.starts_with("BEGIN")) keep_longest(seen.longest_wait_us, took);
  if (sql.starts_with("COMMIT")) keep_longest(seen.longest_commit_us, took);
  return code;
}

namespace {

/// The time that work is measured in, and what was done in it.
class Work {
 public:
  /// Blocks until the time has come.
  void await_start() {
    std::cout << "ready" << std::endl;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = 0;
    if (!(std::cin >> start_ms >> end_ms)) throw std::runtime_error{"no times were given"};
    end_us_ = end_ms * 1'000;
    seen.counting = true;
    if (auto const wait = start_ms * 1'000 - now_us(); wait > 0)
      std::this_thread::sleep_for(std::chrono::microseconds{wait});
  }
  [[nodiscard]] bool goes_on() const { return now_us() < end_us_; }
  void done() { ++done_; }
  void failed(std::exception const& error) {
    std::lock_guard lock{mutex_};
    errors_.emplace_back(error.what());
  }
  void print() {
    seen.counting = false;
    Json const result{{"done", done_.load()},
                      {"errors", errors_},
                      {"busy", seen.busy.load()},
                      {"longest_wait_ms", static_cast<double>(seen.longest_wait_us) / 1'000},
                      {"longest_commit_ms", static_cast<double>(seen.longest_commit_us) / 1'000}};
    std::cout << result.dump() << std::endl;
  }

 private:
  std::int64_t end_us_ = 0;
  std::atomic<std::uint64_t> done_{0};
  std::mutex mutex_;
  std::vector<std::string> errors_;
};

template <class Turn>
void in_threads(int count, Work& work, Turn turn) {
  std::vector<std::thread> threads;
  for (int n = 0; n < count; ++n) {
    threads.emplace_back([&work, turn, n] {
      try {
        while (work.goes_on()) turn(n);
      } catch (std::exception const& error) {
        work.failed(error);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

Registry one_workflow() {
  WorkflowBuilder builder{"turn"};
  builder.task("body", {}, [](TaskContext<>&) {});
  Registry registry;
  registry.add(builder.build());
  return registry;
}

/// Nobody runs what they submit: a submission only writes, a cancellation reads before it writes.
void be_client(std::string const& url, Work& work) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int n = 0; n < client_threads; ++n)
    clients.push_back(std::make_unique<Client>(url, one_workflow()));
  work.await_start();
  in_threads(client_threads, work, [&](int n) {
    auto const id = clients[static_cast<std::size_t>(n)]->submit("turn", Context{});
    work.done();
    if (!work.goes_on()) return;
    clients[static_cast<std::size_t>(n)]->cancel(id);
    work.done();
  });
}

void be_runner(std::string const& url, Work& work) {
  auto runner = DefaultRunner::builder().database_url(url).registry(one_workflow()).build();
  work.await_start();
  in_threads(submitters, work, [&](int) {
    (void)runner.execute("turn", Context{});
    work.done();
  });
  runner.shutdown();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error{"usage: busy_storm client|runner DATABASE"};
  auto const url = std::string{"sqlite://"} + arguments[2];
  Work work;
  std::string{arguments[1]} == "client" ? be_client(url, work) : be_runner(url, work);
  work.print();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "busy_storm: %s\n", error.what());
  return 4;
}
