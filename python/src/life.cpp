// How runners end: when they are told to, and with the interpreter.
#include "life.hpp"

#include <chrono>
#include <future>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "bindings.hpp"
#include "delivery.hpp"
#include "runner.hpp"
#include "waiting.hpp"

namespace cloaca {
namespace {

using cloacina::DefaultRunner;

/// On a thread of its own, or here if there can be none.
template <class Call>
std::thread call_beside(Call call) {
  try {
    return std::thread{call};
  } catch (std::system_error const&) {
    call();
    return {};
  }
}

void join_if_started(std::thread& thread) {
  if (thread.joinable()) thread.join();
}

/// All at the same time, with nothing of Python in between that Ctrl-C could leave.
void shut_down_all(std::vector<DefaultRunner*> const& runners) {
  constexpr std::chrono::seconds longest{5};
  Released const released;
  std::vector<std::thread> threads;
  for (auto* runner : runners)
    threads.push_back(call_beside([runner] { runner->shutdown(longest); }));
  for (auto& thread : threads) join_if_started(thread);
}

/// Ctrl-C is one exception; the second time it is called it goes through, but for somebody who
/// does nothing else.
template <class Call>
void insist(std::optional<py::error_already_set>& interrupt, Call&& call) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      return call();
    } catch (py::error_already_set& error) {
      interrupt.emplace(std::move(error));
    }
  }
}

/// Called by `atexit`, without a frame of Python's own: threads that still wanted the lock of an
/// interpreter that is gone would end the process, so nothing may keep `begin_end` from happening.
void end_with_the_interpreter(py::function const& find_runners,
                              py::function const& join_event_loops) {
  std::optional<py::error_already_set> interrupt;
  py::list found;
  insist(interrupt, [&] { found = find_runners(); });
  std::vector<DefaultRunner*> runners;
  for (auto const& one : found) runners.push_back(&*py::cast<Runner&>(one));
  shut_down_all(runners);
  insist(interrupt, [&] { join_event_loops(); });
  {
    Released const released;
    flush_log_delivery();
    begin_end();
    end_delivery();
  }
  if (interrupt) throw std::move(*interrupt);
}

}  // namespace

void shut_down(DefaultRunner& runner, double seconds) {
  std::chrono::duration<double> const timeout{seconds};
  if (!is_main_thread()) {
    Released const released;
    return runner.shutdown(timeout);
  }
  std::promise<void> ended;
  auto const end_of_it = ended.get_future();
  auto thread = call_beside([&] {
    runner.shutdown(timeout);
    ended.set_value();
  });
  try {
    (void)wait_patiently(std::nullopt, [&](cloacina::WaitTime at_most) {
      return end_of_it.wait_for(at_most.value()) == std::future_status::ready;
    });
  } catch (...) {
    // Ctrl-C: what has not ended by now is given back instead.
    Released const released;
    runner.shutdown(std::chrono::seconds{0});
    join_if_started(thread);
    throw;
  }
  Released const released;
  join_if_started(thread);
}

void bind_life(py::module_& module) {
  module.def("end", &end_with_the_interpreter, py::arg("find_runners"), py::arg("join_event_loops"),
             "Called once, when the interpreter ends.");
}

}  // namespace cloaca
