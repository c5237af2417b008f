// A runner with triggers that look for new files in a directory, synchronous and as a coroutine.
//   arrivals URL INBOX LOCKS OVERLAPS     until it is killed, or told to end by SIGTERM
// A poll that meets another one of its trigger under way writes a line to OVERLAPS: a poll holds a
// lock on a file in LOCKS, which its process loses only with its life.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

using namespace cloacina;
using namespace std::chrono_literals;

namespace {

/// Held by one poll of a trigger at a time.
class PollLock {
 public:
  PollLock(std::filesystem::path const& file, std::filesystem::path const& overlaps)
      : file_(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (file_ < 0) throw std::runtime_error{"cannot open " + file.string()};
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
    auto const line = file.filename().string() + "\n";
    int const log = ::open(overlaps.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    (void)!::write(log, line.data(), line.size());
    ::close(log);
  }
  PollLock(PollLock const&) = delete;
  PollLock& operator=(PollLock const&) = delete;
  ~PollLock() { ::close(file_); }

 private:
  int file_;
};

/// Names of files come in their order: those after the last one are new. At most `most`.
std::vector<std::string> names_after(std::string const& last, std::filesystem::path const& inbox,
                                     std::size_t most) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator{inbox})
    if (auto name = entry.path().filename().string(); name > last && name.front() != '.')
      names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  if (names.size() > most) names.resize(most);
  return names;
}

TriggerResult look(TriggerContext& trigger, std::filesystem::path const& inbox) {
  auto const* const last = trigger.state.find("last");
  std::string const after = last == nullptr ? "" : last->get<std::string>();
  auto const seen = names_after(after, inbox, 3);
  if (seen.empty()) return TriggerResult::skip();
  trigger.state.put("last", seen.back());
  std::vector<Context> found;
  // A directory is not read in one moment: a look may miss one that came before the last it sees.
  for (auto const& name : names_after(after, inbox, SIZE_MAX))
    if (name <= seen.back()) found.push_back({{"trigger", trigger.name()}, {"file", name}});
  return TriggerResult::fire_all(std::move(found));
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 5) throw std::runtime_error{"usage: arrivals URL INBOX LOCKS OVERLAPS"};
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &terminate, nullptr);
  std::filesystem::path const inbox = arguments[2], locks = arguments[3], overlaps = arguments[4];

  Registry registry;
  registry.add(WorkflowBuilder{"imported"}.task("only", [](TaskContext<>&) {}).build());
  registry.add_trigger({.name = "sync",
                        .workflow = "imported",
                        .poll_interval = 5ms,
                        .poll = [&](TriggerContext& trigger) {
                          PollLock const lock{locks / "sync", overlaps};
                          return look(trigger, inbox);
                        }});
  registry.add_trigger({.name = "coroutine",
                        .workflow = "imported",
                        .poll_interval = "7ms",
                        .co_poll = [&](TriggerContext& trigger) -> asio::awaitable<TriggerResult> {
                          PollLock const lock{locks / "coroutine", overlaps};
                          co_await trigger.async_sleep_for(1ms);
                          co_return look(trigger, inbox);
                        }});
  DefaultRunnerConfig config;
  config.lease = 2s;  // longer than a busy machine holds a process up
  config.scheduler_poll_interval = 20ms;
  config.max_crashes = 100;
  auto runner = DefaultRunner::builder()
                    .database_url(arguments[1])
                    .registry(std::move(registry))
                    .config(config)
                    .build();
  int received = 0;
  sigwait(&terminate, &received);
  runner.shutdown();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "arrivals: %s\n", error.what());
  return 4;
}
