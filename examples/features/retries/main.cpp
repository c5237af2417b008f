// Which failures are tried again, how often, and after which wait.
//
//   fetch, convert, store, call, slow: five tasks that do not depend on each other, each with its
//   own policy
#include <cloacina/cloacina.hpp>
#include <cstdio>

using cloacina::RetryCondition;
using namespace std::chrono_literals;

// TransientError is always worth another attempt; three attempts are the default.
CLOACINA_TASK(fetch, .retry = {.max_attempts = 4, .initial_delay = 10ms}) {
  if (context.attempt() < 3) throw cloacina::TransientError{"connection reset by peer"};
}

// PermanentError never is, however many attempts the policy has left.
CLOACINA_TASK(convert, .retry = {.max_attempts = 4, .initial_delay = 10ms}) {
  throw cloacina::PermanentError{"'n/a' is not a number, and will not be one tomorrow"};
}

// Any other exception: as the condition says. Here: as long as the text speaks of a lock.
CLOACINA_TASK(store, .retry = {.max_attempts = 4,
                               .initial_delay = 10ms,
                               .condition = RetryCondition::error_pattern("locked")}) {
  throw std::runtime_error{context.attempt() == 1 ? "the table is LOCKED"
                                                  : "the table does not exist"};
}

// A condition may be a function of the exception itself.
struct HttpError : std::runtime_error {
  explicit HttpError(int code) : std::runtime_error{"HTTP " + std::to_string(code)}, status{code} {}
  int status;
};
bool is_overload(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (HttpError const& http) {
    return http.status == 429 || http.status == 503;
  } catch (...) {
    return false;
  }
}
CLOACINA_TASK(call, .retry = {.max_attempts = 4,
                              .initial_delay = 10ms,
                              .condition = {.predicate = is_overload}}) {
  throw HttpError{context.attempt() == 1 ? 503 : 401};
}

// A timeout is an error like others. The body is asked to stop; sleep_for notices by itself.
CLOACINA_TASK(slow,
              .retry = {.max_attempts = 2,
                        .initial_delay = 10ms,
                        .condition = RetryCondition::transient_only()},
              .timeout = 50ms) {
  if (context.attempt() == 1) context.sleep_for(1h);
}

CLOACINA_WORKFLOW(nightly, .tasks = {fetch, convert, store, call, slow});

void print_waits(char const* name, cloacina::RetryPolicy policy) {
  policy.jitter = false;
  std::printf("%-12s", name);
  for (unsigned attempt = 2; attempt <= 6; ++attempt)
    std::printf(" %6lld ms",
                static_cast<long long>(cloacina::delay_before(attempt, policy, 0).count()));
  std::printf("\n");
}

int main() {
  cloacina::DefaultRunner runner{"sqlite://retries.db"};
  auto const result = runner.execute(nightly());

  for (auto const& task : result.tasks())
    std::printf("%-8s %-9s attempts: %u  %s\n", task.id.c_str(),
                std::string{to_string(task.status)}.c_str(), task.attempts, task.error.c_str());
  std::printf("%s: %s\n", std::string{to_string(result.status())}.c_str(), result.error().c_str());

  std::printf("\nwaits before attempts 2 to 6, without jitter:\n");
  print_waits("exponential", {.initial_delay = 100ms, .max_delay = 1s});
  print_waits("linear",
              {.initial_delay = 100ms, .max_delay = 1s, .backoff = cloacina::Backoff::linear});
  print_waits("fixed",
              {.initial_delay = 100ms, .max_delay = 1s, .backoff = cloacina::Backoff::fixed});
}
