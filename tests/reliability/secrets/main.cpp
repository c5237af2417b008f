// Opens whatever URL it is given in every way that the library has, and prints all that it is told.
//   secrets URL LOG < CASES    a case: the URL in hexadecimal; the last one is never secret
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <cloacina/cloacina.hpp>

#include "core/database_url.hpp"
#include "core/url_text.hpp"

namespace {

using namespace cloacina;

std::string from_hexadecimal(std::string_view text) {
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned byte = 0;
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, byte, 16);
    bytes[i] = static_cast<char>(byte);
  }
  return bytes;
}

/// All that an exception tells, those nested in it too.
std::string texts_of(std::exception const& error) {
  std::string texts = error.what();
  if (auto const* own = dynamic_cast<Error const*>(&error)) texts += " | " + own->where();
  if (auto const* backend = dynamic_cast<BackendError const*>(&error))
    texts += " | " + backend->sqlstate();
  try {
    std::rethrow_if_nested(error);
  } catch (std::exception const& nested) {
    texts += " | " + texts_of(nested);
  } catch (...) {}
  return texts;
}

template <class Open>
void attempt(char const* way, Open const& open) {
  try {
    open();
    std::printf("%s: opened\n", way);
  } catch (std::exception const& error) {
    std::printf("%s: %s\n", way, texts_of(error).c_str());
  }
}

/// As drivers do: quotes the part that it could not read, from any sign to any other.
void quote_parts(std::string_view url) {
  auto const parsed = DatabaseUrl::parse(url);
  std::printf("display: %s\n", parsed.display().c_str());
  if (parsed.secret_text().empty()) return;
  constexpr std::string_view signs = ":/@?&=#;, []%";
  std::vector<std::size_t> ends{0};
  for (std::size_t i = 0; i < url.size(); ++i)
    if (signs.find(url[i]) != std::string_view::npos) ends.insert(ends.end(), {i, i + 1});
  ends.push_back(url.size());
  for (auto const from : ends) {
    for (auto const to : ends) {
      if (to <= from) continue;
      auto const part = url.substr(from, to - from);
      for (auto const& quoted : {std::string{part}, percent_decoded(part).value_or("")})
        std::printf("driver: %s\n", parsed.redact("invalid part \"" + quoted + "\"").c_str());
    }
  }
}

void open_everywhere(DefaultRunner& runner, std::size_t number, std::string const& url) {
  std::printf("case %zu\n", number);
  attempt("url", [&] { quote_parts(url); });
  attempt("runner", [&] { DefaultRunner{url}; });
  attempt("builder", [&] { (void)DefaultRunner::builder().database_url(url).build(); });
  attempt("client", [&] { Client{url}; });
  attempt("admin", [&] { (void)DatabaseAdmin{url}.list_tenants(); });
  Context input;
  input.put("number", number);
  attempt("body", [&] {
    auto const result = runner.execute("opens", std::move(input));
    std::printf("body: %s\n", result.error().c_str());
  });
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error{"usage: secrets URL LOG < CASES"};
  auto log = std::make_shared<spdlog::logger>(
      "cloacina", std::make_shared<spdlog::sinks::basic_file_sink_mt>(arguments[2]));
  log->set_level(spdlog::level::trace);
  spdlog::register_logger(log);

  std::vector<std::string> urls;
  for (std::string line; std::getline(std::cin, line);) urls.push_back(from_hexadecimal(line));

  // A body and a callback that let fly what they are told: it lands in rows and in the log.
  auto const open = [&urls](auto const& context) {
    Client{urls.at(context.template get_as<std::size_t>("number"))};
  };
  RetryPolicy const twice{.max_attempts = 2, .initial_delay = std::chrono::milliseconds{1}};
  Registry registry;
  registry.add(WorkflowBuilder{"opens"}
                   .task("open",
                         {.retry = twice,
                          .on_failure = [open](std::string_view, std::string_view,
                                               Context const& context) { open(context); }},
                         [open](TaskContext<>& context) { open(context); })
                   .build());
  auto runner =
      DefaultRunner::builder().database_url(arguments[1]).registry(std::move(registry)).build();
  for (std::size_t i = 0; i < urls.size(); ++i) open_everywhere(runner, i, urls[i]);
  for (char** variable = environ; *variable != nullptr; ++variable)
    std::printf("environment: %s\n", *variable);
  runner.shutdown();
  log->flush();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "secrets: %s\n", error.what());
  return 4;
}
