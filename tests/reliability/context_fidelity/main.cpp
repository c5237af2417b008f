// Values on the whole way through the library: submitted, given to a body, put by it, stored.
//   context_fidelity DATABASE < CASES     for each case one line: `ID accepted` or `ID refused WHY`
// A case is a line `KIND HEX`: `json` and the bytes of a text, which is the input and which the
// body copies; or what C++ puts under the key "probe", `input_` as an input, `body_` in a body:
// `text` and its bytes, `key` and the bytes of a key, `double` and the 8 bytes of a number, `depth`
// and a number of arrays in each other.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/use_future.hpp>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;

struct Case {
  std::string kind, bytes;
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  return bytes;
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (std::string kind, hex; std::cin >> kind && std::getline(std::cin, hex);)
    cases.push_back({kind, from_hex(std::string_view{hex}.substr(1))});
  return cases;
}

double as_double(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (char const byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return std::bit_cast<double>(bits);
}

void put(Context& context, std::string_view kind, std::string const& bytes) {
  if (kind == "text") return context.put("probe", bytes);
  if (kind == "key") return context.put(bytes, 1);
  if (kind == "double") return context.put("probe", as_double(bytes));
  if (kind != "depth") throw std::runtime_error{"no such kind: " + std::string{kind}};
  Json value = 1;
  for (int level = std::stoi(bytes); level > 0; --level) {
    Json around = Json::array();
    around.push_back(std::move(value));
    value = std::move(around);
  }
  context.put("probe", std::move(value));
}

std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

Registry workflows(std::vector<Case> const& cases) {
  RetryPolicy const once{.max_attempts = 1};
  Registry registry;
  registry.add(WorkflowBuilder{"copy"}
                   .task("copies", {.retry = once},
                         [](TaskContext<>& context) {
                           Context const given = context.context();
                           for (auto const& [key, value] : given)
                             context.put("copy of " + key, value);
                         })
                   .build());
  registry.add(WorkflowBuilder{"put"}
                   .task("puts", {.retry = once},
                         [&cases](TaskContext<>& context) {
                           auto const& [kind, bytes] =
                               cases.at(context.get_as<std::size_t>("case"));
                           Context made;
                           put(made, kind.substr(5), bytes);
                           for (auto const& [key, value] : made) context.put(key, value);
                         })
                   .build());
  return registry;
}

std::future<ExecutionHandle> submit(DefaultRunner& runner, std::size_t number, Case const& made) {
  std::string_view const kind = made.kind;
  bool const by_body = kind.starts_with("body_");
  try {
    Context input = kind == "json" ? Context::from_json(made.bytes) : Context{};
    if (by_body) input.put("case", number);
    if (kind.starts_with("input_")) put(input, kind.substr(6), made.bytes);
    return runner.async_submit(by_body ? "put" : "copy", std::move(input),
                               SubmitOptions{.idempotency_key = std::to_string(number)},
                               asio::use_future);
  } catch (Error const&) {
    std::promise<ExecutionHandle> refused;
    refused.set_exception(std::current_exception());
    return refused.get_future();
  }
}

std::string why_refused(std::future<ExecutionHandle>& submitted) {
  try {
    return on_one_line(submitted.get().wait().error());
  } catch (Error const& error) {
    return on_one_line(error.what());
  }
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error{"usage: context_fidelity URL < CASES"};
  auto const cases = read_cases();
  auto runner =
      DefaultRunner::builder().database_url(arguments[1]).registry(workflows(cases)).build();
  std::vector<std::future<ExecutionHandle>> submitted;
  for (std::size_t i = 0; i < cases.size(); ++i) submitted.push_back(submit(runner, i, cases[i]));
  for (std::size_t i = 0; i < submitted.size(); ++i) {
    auto why = why_refused(submitted[i]);
    std::replace(why.begin(), why.end(), '\n', ' ');  // of a key that is named
    std::printf("%zu %s\n", i, why.empty() ? "accepted" : ("refused " + why).c_str());
  }
  runner.shutdown();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "context_fidelity: %s\n", error.what());
  return 4;
}
