// Bodies that throw whatever C++ can throw, one workflow for each kind and each way of being a
// body.
//   foreign_exceptions DIRECTORY     prints the kinds; an innocent execution follows each of them
#include <asio/error.hpp>
#include <asio/system_error.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

struct Plain {
  int value = 7;
};
struct NullText final : std::exception {
  char const* what() const noexcept override { return nullptr; }
};
struct EmptyText final : std::exception {
  char const* what() const noexcept override { return ""; }
};
/// Derived from std::exception twice: `catch (std::exception const&)` does not catch it.
struct Left : std::runtime_error {
  Left() : std::runtime_error{"left"} {}
};
struct Right : std::runtime_error {
  Right() : std::runtime_error{"right"} {}
};
struct Ambiguous final : Left, Right {};
/// Throws again while it goes: what it throws must not get further than its own destructor.
struct Noisy final : std::exception {
  char const* what() const noexcept override { return "noisy"; }
  ~Noisy() override {
    try {
      throw std::runtime_error{"from a destructor"};
    } catch (std::runtime_error const&) {}
  }
};
enum class Colour { red };

void nested(int depth) {
  try {
    if (depth == 0) throw Plain{};
    nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error{"level " + std::to_string(depth)});
  }
}

struct Kind {
  std::string name;
  std::function<void()> thrower;
};

std::vector<Kind> const& kinds() {
  static std::vector<Kind> const all{
      {"runtime_error", [] { throw std::runtime_error{"plain"}; }},
      {"logic_error", [] { throw std::logic_error{"logic"}; }},
      {"out_of_range", [] { (void)std::vector<int>{}.at(3); }},
      {"bad_alloc", [] { throw std::bad_alloc{}; }},
      {"bad_cast", [] { throw std::bad_cast{}; }},
      {"bad_function_call", [] { std::function<void()>{}(); }},
      {"bad_optional", [] { (void)std::optional<int>{}.value(); }},
      {"bad_variant", [] { (void)std::get<int>(std::variant<int, char>{'c'}); }},
      {"bad_weak_ptr", [] { (void)std::shared_ptr<int>{std::weak_ptr<int>{}}; }},
      {"future_error", [] { (void)std::future<int>{}.get(); }},
      {"regex_error", [] { (void)std::regex{"("}; }},
      {"ios_failure", [] { throw std::ios_base::failure{"stream"}; }},
      {"system_error", [] { throw std::system_error{std::make_error_code(std::errc::io_error)}; }},
      {"filesystem_error", [] { (void)std::filesystem::file_size("/no/such/file"); }},
      {"error_code", [] { throw std::make_error_code(std::errc::timed_out); }},
      {"asio_aborted", [] { throw asio::system_error{asio::error::operation_aborted}; }},
      {"nested", [] { nested(3); }},
      {"nested_deep", [] { nested(200); }},
      {"not_utf8", [] { throw std::runtime_error{"bytes \xff\xfe\xc0\x80"}; }},
      {"huge", [] { throw std::runtime_error{std::string(4'000'000, 'x')}; }},
      {"null_text", [] { throw NullText{}; }},
      {"empty_text", [] { throw EmptyText{}; }},
      {"ambiguous", [] { throw Ambiguous{}; }},
      {"noisy", [] { throw Noisy{}; }},
      {"integer", [] { throw 42; }},
      {"null_pointer", [] { throw nullptr; }},
      {"null_characters", [] { throw static_cast<char const*>(nullptr); }},
      {"characters", [] { throw "characters"; }},
      {"string",
       [] {
         throw std::string{"string with \0 inside", 20};
       }},
      {"structure", [] { throw Plain{}; }},
      {"pointer", [] { throw new int{1}; }},  // leaks: nobody can know who should delete it
      {"enumeration", [] { throw Colour::red; }},
      {"exception_ptr", [] { throw std::make_exception_ptr(Plain{}); }},
      {"lambda", [] { throw [] {}; }},
      {"own_permanent", [] { throw PermanentError{"permanent"}; }},
      {"own_configuration", [] { DefaultRunner{"no url"}; }},
  };
  return all;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error{"usage: foreign_exceptions DIRECTORY"};
  Registry registry;
  registry.add(WorkflowBuilder{"innocent"}
                   .task("only", [](TaskContext<>& context) { context.put("value", 1); })
                   .build());
  RetryPolicy const once{.max_attempts = 1};
  for (auto const& kind : kinds()) {
    registry.add(WorkflowBuilder{"sync_" + kind.name}
                     .task("throws", {.retry = once}, [&kind](TaskContext<>&) { kind.thrower(); })
                     .build());
    registry.add(WorkflowBuilder{"coroutine_" + kind.name}
                     .task("throws", {.retry = once},
                           [&kind](TaskContext<>& context) -> asio::awaitable<void> {
                             co_await context.async_sleep_for(1ms);
                             kind.thrower();
                           })
                     .build());
  }
  auto runner = DefaultRunner::builder()
                    .database_url("sqlite://" + std::string{arguments[1]} + "/exceptions.db")
                    .registry(std::move(registry))
                    .build();
  for (auto const& kind : kinds()) {
    for (auto const* way : {"sync_", "coroutine_"}) {
      (void)runner.execute(way + kind.name, {});
      (void)runner.execute("innocent", {});
    }
    std::printf("%s\n", kind.name.c_str());
  }
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "foreign_exceptions: %s\n", error.what());
  return 4;
}
