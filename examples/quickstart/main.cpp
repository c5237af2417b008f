// Settles the claims of a day's flights in a blizzard: one workflow execution for each flight, on a
// SQLite file. Stop it with Ctrl-C, or kill it, and start it again: it goes on where it was.
#include <unistd.h>
#include <asio/use_future.hpp>
#include <csignal>
#include <cstdio>
#include <future>
#include <optional>
#include <utility>

#include "options.hpp"
#include "report.hpp"
#include "workflow.hpp"

using cloacina::ExecutionHandle;
using cloacina::ExecutionResult;

namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
  std::signal(SIGINT, SIG_DFL);  // a second Ctrl-C does not wait for anybody
}

/// The URL without a password.
std::string shown(std::string const& url) {
  auto const begin = url.find("://");
  auto const end = url.rfind('@');
  if (begin == url.npos || end == url.npos) return url;
  auto const colon = url.find(':', begin + 3);
  return url.substr(0, std::min(colon, end)) + url.substr(end);
}

void delete_database(std::string_view url) {
  constexpr std::string_view scheme = "sqlite://";
  if (!url.starts_with(scheme)) return;
  std::string const file{url.substr(scheme.size(), url.find('?') - scheme.size())};
  for (auto const* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
}

std::vector<Row> flights_of(Options const& options) {
  auto flights = Archive::get().flights();
  if (!options.week) std::erase_if(flights, [](Row const& row) { return row.at("day") != "8"; });
  return flights;
}

/// Hands every flight to the runner, without waiting for one before the next. The idempotency key
/// names the flight: on a second start the runner answers with the execution that it has already.
std::vector<ExecutionHandle> submit(cloacina::DefaultRunner& runner,
                                    std::vector<Row> const& flights) {
  auto const submit_one = [&](Row const& row) {
    auto const key = row.at("month") + "-" + row.at("day") + " " + row.at("carrier") +
                     row.at("flight") + " " + row.at("origin");
    return runner.async_submit(settle_claim(keys::row = row), {.idempotency_key = key},
                               asio::use_future);
  };
  std::vector<decltype(submit_one(flights.front()))> accepted;
  for (auto const& row : flights) accepted.push_back(submit_one(row));
  std::vector<ExecutionHandle> handles;
  for (auto& future : accepted) handles.push_back(future.get());
  return handles;
}

void show_progress(std::size_t done, std::size_t all) {
  static std::size_t shown = 0;
  auto const percent = 100 * done / all;
  if (percent == shown || (!isatty(STDOUT_FILENO) && percent < shown + 10)) return;
  shown = percent;
  std::printf(isatty(STDOUT_FILENO) ? "\r%zu of %zu flights done" : "%zu of %zu flights done\n",
              done, all);
  std::fflush(stdout);
}

/// What a killed process owned comes to this one when its lease has run out.
void tell_of_others(cloacina::DefaultRunner const& runner) {
  for (auto const& other : runner.runners())
    if (other.pid != getpid() && other.state == cloacina::RunnerState::alive &&
        other.executions > 0)
      std::printf(
          "%zu claims are another process's; if it was killed, they come here within 15 s\n",
          other.executions);
}

/// Nothing when it was interrupted.
std::optional<std::vector<ExecutionResult>> wait_for_all(
    std::vector<ExecutionHandle> const& handles) {
  std::vector<std::optional<ExecutionResult>> results(handles.size());
  for (std::size_t done = 0; done < handles.size();) {
    bool patient = true;  // for the last that is not there yet
    for (std::size_t i = handles.size(); i-- > 0;) {
      if (results[i]) continue;
      if (interrupted) return std::nullopt;
      results[i] = handles[i].wait_for(std::exchange(patient, false) ? 100ms : 0ms);
      if (results[i]) ++done;
    }
    show_progress(done, handles.size());
  }
  std::vector<ExecutionResult> all;
  for (auto& result : results) all.push_back(std::move(*result));
  return all;
}

int run(Options const& options) {
  Archive::open(options.data);
  if (options.fresh) delete_database(options.database);
  auto const flights = flights_of(options);
  auto const start = std::chrono::system_clock::now();

  // The services that the coroutines ask would not thank us for more calls than that at a time.
  cloacina::DefaultRunner runner{options.database, {.max_concurrent_async_tasks = 64}};
  std::printf("%zu flights, %s\n", flights.size(), shown(options.database).c_str());
  auto const handles = submit(runner, flights);
  tell_of_others(runner);
  auto const results = wait_for_all(handles);
  if (!results) {
    runner.shutdown();
    std::printf(
        "\nStopped. What is done is stored, and so is the rest: the same command goes on with "
        "it.\n");
    return 130;
  }

  auto const seconds =
      std::chrono::duration<double>(std::chrono::system_clock::now() - start).count();
  auto const earlier = std::count_if(results->begin(), results->end(), [&](auto const& result) {
    return result.completed_at() < start;
  });
  std::printf("\n%zu flights done in %.1f s", results->size() - static_cast<std::size_t>(earlier),
              seconds);
  if (earlier > 0) std::printf("; %td were done by an earlier run (--fresh forgets it)", earlier);
  std::printf("\n");
  print_report(*results);
  write_picture(*results, options.picture);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGINT, on_interrupt);
  try {
    return run(parse_options(count, arguments));
  } catch (std::exception const& error) {
    std::fprintf(stderr, "quickstart: %s\n", error.what());
    return 1;
  }
}
