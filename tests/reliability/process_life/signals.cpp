#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "life.hpp"

namespace cloacina::life {
namespace {

using namespace std::chrono_literals;

std::atomic<int> received{0};

void count(int /*signal*/) { ++received; }

/// Without SA_RESTART: system calls of whichever thread it meets return early.
void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

int storm(Setting& setting) {
  auto runner = make_runner(setting);
  std::atomic<bool> stop{false};
  auto sender = send_signals(stop);
  try {
    expect_completed(submit(runner, setting, 200));
    runner.shutdown(5s);
  } catch (...) {
    stop = true;
    sender.join();
    throw;
  }
  stop = true;
  sender.join();
  expect(received > 1'000, "only " + std::to_string(received) + " signals came");
  return 0;
}

/// The way of servers: blocked before there are threads, and waited for.
int wait(Setting& setting) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  auto runner = make_runner(setting);
  submit(runner, setting, 60);
  wait_until_begun(1 + static_cast<int>(setting.dice() % 40));
  ::kill(::getpid(), SIGTERM);
  int signal = 0;
  ::sigwait(&wanted, &signal);
  runner.shutdown(100ms);
  return signal == SIGTERM ? 0 : 1;
}

std::array<int, 2> ends{};
void tell(int signal) {
  auto const byte = static_cast<char>(signal);
  (void)!::write(ends[1], &byte, 1);
}

/// The way of programs with a loop: a handler that writes into a pipe.
int pipe(Setting& setting) {
  expect(::pipe(ends.data()) == 0, "no pipe");
  handle(SIGINT, tell);
  auto runner = make_runner(setting);
  submit(runner, setting, 60);
  wait_until_begun(1 + static_cast<int>(setting.dice() % 40));
  ::kill(::getpid(), SIGINT);
  char byte = 0;
  while (::read(ends[0], &byte, 1) != 1) {}
  runner.shutdown(100ms);
  return byte == SIGINT ? 0 : 1;
}

}  // namespace

std::thread send_signals(std::atomic<bool> const& stop, std::chrono::microseconds pause) {
  for (int const signal : {SIGUSR1, SIGALRM, SIGCHLD}) handle(signal, count);
  itimerval const every_ms{{0, 1'000}, {0, 1'000}};
  ::setitimer(ITIMER_REAL, &every_ms, nullptr);
  return std::thread{[&stop, pause] {
    while (!stop) {
      for (auto const& thread : std::filesystem::directory_iterator{"/proc/self/task"})
        ::tgkill(::getpid(), std::stoi(thread.path().filename().string()), SIGUSR1);
      std::this_thread::sleep_for(pause);
    }
  }};
}

int receive_signals(Setting& setting, std::string const& how) {
  if (how == "storm") return storm(setting);
  if (how == "wait") return wait(setting);
  if (how == "pipe") return pipe(setting);
  throw std::runtime_error{"no such signals: " + how};
}

}  // namespace cloacina::life
