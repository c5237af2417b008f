#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>

#include <asio/use_future.hpp>

#include "life.hpp"

extern char** environ;

namespace cloacina::life {
namespace {

using namespace std::chrono_literals;

constexpr unsigned child_seconds = 10;  // a child that waits for threads that it has not got

/// The exit code of a child that does this; negative if a signal ended it.
int in_child(std::function<int()> const& work) {
  pid_t const child = ::fork();
  expect(child >= 0, "cannot fork");
  if (child == 0) {
    ::alarm(child_seconds);
    int code = 100;
    try {
      code = work();
    } catch (std::exception const& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
    }
    std::exit(code);  // not _exit: what is static must bear its end, too
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int refused = 0;
void expect_refused(char const* what, std::function<void()> const& call) {
  try {
    call();
    std::fprintf(stderr, "child: %s was not refused\n", what);
  } catch (StateError const& error) {
    bool const clear = std::string_view{error.what()}.find("forked") != std::string_view::npos;
    if (clear) ++refused;
    if (!clear) std::fprintf(stderr, "child: %s: %s\n", what, error.what());
  }
}

int use_everything(DefaultRunner& runner, Client& client, ExecutionHandle const& handle) {
  auto const id = handle.id();
  expect_refused("submit", [&] { (void)runner.submit("steps", Context{}); });
  expect_refused("submit_many", [&] { (void)runner.submit_many("steps", {Context{}, Context{}}); });
  expect_refused("execute", [&] { (void)runner.execute("steps", Context{}); });
  expect_refused("async_submit",
                 [&] { (void)runner.async_submit("steps", Context{}, asio::use_future).get(); });
  expect_refused("status", [&] { (void)runner.status(id); });
  expect_refused("result", [&] { (void)runner.result(id); });
  expect_refused("list", [&] { (void)runner.list(); });
  expect_refused("runners", [&] { (void)runner.runners(); });
  expect_refused("handle", [&] { (void)runner.handle(id); });
  expect_refused("cancel", [&] { runner.cancel(id); });
  expect_refused("wait", [&] { (void)handle.wait(); });
  expect_refused("wait_for", [&] { (void)handle.wait_for(1s); });
  expect_refused("async_wait", [&] { (void)handle.async_wait(asio::use_future).get(); });
  expect_refused("handle.status", [&] { (void)handle.status(); });
  expect_refused("handle.cancel", [&] { handle.cancel(); });
  expect_refused("client.submit", [&] { (void)client.submit("steps", Context{}); });
  expect_refused("client.status", [&] { (void)client.status(id); });
  expect_refused("client.list", [&] { (void)client.list(); });
  expect_refused("client.cancel", [&] { client.cancel(id); });
  runner.shutdown(1s);
  return refused == 19 ? 0 : 1;
}

/// A child that uses all that it inherits, and ends as a program does.
int use(Setting& setting) {
  static auto runner = make_runner(setting);
  static Client client{setting.url, workflows()};
  auto handles = submit(runner, setting, 20);
  int const code = in_child([&] { return use_everything(runner, client, handles.back()); });
  expect(code == 0, "the child ended with " + std::to_string(code));
  expect_completed(handles);
  expect_completed(submit(runner, setting, 20));
  return 0;
}

/// A child that opens what its parent has open: a file is refused, a server has room for both.
int open(Setting& setting) {
  auto runner = make_runner(setting);
  auto handles = submit(runner, setting, 20);
  int const code = in_child([&] {
    if (setting.on_server()) {
      auto another = make_runner(setting);
      expect_completed(submit(another, setting, 20));
      return 0;
    }
    try {
      auto another = make_runner(setting);
      return 1;
    } catch (ConfigurationError const& error) {
      return std::string_view{error.what()}.find("fork") != std::string_view::npos ? 0 : 2;
    }
  });
  expect(code == 0, "the child that opened the database ended with " + std::to_string(code));
  expect_completed(handles);
  return 0;
}

/// Bodies that fork; their children return from nothing, or end at once.
int in_body(Setting& setting) {
  Registry registry = workflows();
  registry.add(WorkflowBuilder{"forks"}
                   .task("fork", {},
                         [](TaskContext<>& context) {
                           pid_t const child = ::fork();
                           if (child == 0) {
                             ::alarm(child_seconds);
                             std::exit(7);
                           }
                           int status = 0;
                           ::waitpid(child, &status, 0);
                           context.put("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
                         })
                   .build());
  static auto runner = make_runner(setting, std::move(registry));
  auto handles = submit(runner, setting, 20);
  for (int i = 0; i < 20; ++i) {
    auto const result = runner.execute("forks", Context{});
    expect(result.context().get("status") == 7, "a body's child did not end as it was told");
  }
  expect_completed(handles);
  return 0;
}

int spawn_looker() {
  char program[] = "/proc/self/exe";
  char look[] = "look";
  char* const arguments[] = {program, look, nullptr};
  pid_t child = 0;
  if (::posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Bodies that start other programs, which inherit nothing of the database's.
int spawn(Setting& setting) {
  Registry registry = workflows();
  registry.add(
      WorkflowBuilder{"spawns"}
          .task("spawn", {}, [](TaskContext<>& context) { context.put("status", spawn_looker()); })
          .build());
  auto runner = make_runner(setting, std::move(registry));
  auto handles = submit(runner, setting, 20);
  for (auto const& handle : runner.submit_many("spawns", std::vector<Context>(30)))
    expect(handle.wait().context().get("status") == 0, "a program inherited the database");
  expect_completed(handles);
  return 0;
}

/// Another thread forks without end while the runner works.
int storm(Setting& setting) {
  auto runner = make_runner(setting);
  std::atomic<bool> stop{false};
  auto forker = keep_forking(stop);
  auto const handles = submit(runner, setting, 200);
  expect_completed(handles);
  stop = true;
  forker.join();
  return 0;
}

}  // namespace

std::thread keep_forking(std::atomic<bool> const& stop, std::chrono::microseconds pause) {
  return std::thread{[&stop, pause] {
    while (!stop) {
      pid_t const child = ::fork();
      if (child == 0) ::_exit(0);
      while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
      std::this_thread::sleep_for(pause);
    }
  }};
}

int look_for_descriptors() {
  for (auto const& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    auto const target = std::filesystem::read_symlink(entry.path(), gone).string();
    bool const of_a_file = target.find(".db") != std::string::npos;
    bool const of_a_server =
        target.starts_with("socket:") && std::stoi(entry.path().filename().string()) > 2;
    if (of_a_file || of_a_server) return 1;
  }
  return 0;
}

int fork(Setting& setting, std::string const& how) {
  if (how == "use") return use(setting);
  if (how == "open") return open(setting);
  if (how == "in_body") return in_body(setting);
  if (how == "spawn") return spawn(setting);
  if (how == "storm") return storm(setting);
  throw std::runtime_error{"no such fork: " + how};
}

}  // namespace cloacina::life
