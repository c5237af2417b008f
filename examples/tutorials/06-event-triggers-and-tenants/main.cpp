#include <cloacina/cloacina.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>

using cloacina::TriggerContext;
using cloacina::TriggerResult;
using namespace std::chrono_literals;

namespace keys {
CLOACINA_KEY(shop, std::string);
CLOACINA_KEY(file, std::string);
CLOACINA_KEY(orders, int);
}  // namespace keys
using namespace keys;

std::filesystem::path inbox_of(std::string const& name) { return "inbox/" + name; }

CLOACINA_TASK(count, .reads = {shop, file}, .writes = {orders}) {
  std::ifstream stream{inbox_of(context.get(shop)) / context.get(file)};
  if (!stream) throw std::runtime_error{"cannot read " + context.get(file)};
  int lines = 0;
  for (std::string line; std::getline(stream, line);) ++lines;
  context.put(orders, lines);
  std::cout << context.get(shop) + ": " + context.get(file) + '\n' << std::flush;
}

CLOACINA_WORKFLOW(import_file, .inputs = {shop, file}, .tasks = {count});

/// A file that no poll has found yet; of several the first by name.
std::optional<std::string> new_file(TriggerContext& trigger, std::string const& name) {
  std::set<std::string> seen;
  if (trigger.state.contains("seen")) seen = trigger.state.get_as<std::set<std::string>>("seen");
  std::optional<std::string> next;
  for (auto const& entry : std::filesystem::directory_iterator{inbox_of(name)}) {
    auto const found = entry.path().filename().string();
    if (!found.starts_with("orders-") || seen.contains(found)) continue;
    if (!next || found < *next) next = found;
  }
  if (!next) return std::nullopt;
  seen.insert(*next);
  trigger.state.put("seen", seen);
  return next;
}

CLOACINA_TRIGGER(new_files, .workflow = import_file, .poll_interval = 100ms) {
  auto const next = new_file(trigger, "lyon");
  if (!next) return skip();
  return fire(import_file(shop = "lyon", file = *next));
}

std::string utc(cloacina::Instant instant) {
  auto const time = std::chrono::system_clock::to_time_t(instant);
  std::ostringstream text;
  text << std::put_time(std::gmtime(&time), "%d %b %H:%M:%S UTC");
  return text.str();
}

void print_history(cloacina::DefaultRunner const& runner) {
  std::cout << "it keeps " << runner.get_trigger_schedule("new_files").state.to_json() << '\n';
  for (auto const& line : runner.get_trigger_execution_history("new_files", 10)) {
    std::cout << "  " << utc(line.polled_at) << ": " << to_string(line.outcome);
    if (line.execution) {
      auto const result = runner.handle(*line.execution).wait();
      std::cout << ", " << result.context().get_as<std::string>("file");
      if (result.status() == cloacina::WorkflowStatus::completed)
        std::cout << " with " << result.get(orders) << " orders\n";
      else
        std::cout << ", and its import is not done: " << result.error() << '\n';
    } else {
      std::cout << ", " << line.reason << '\n';
    }
  }
}

void import_for_lyon() {
  create_directories(inbox_of("lyon"));
  cloacina::DefaultRunner runner{"sqlite://lyon.db"};
  for (std::string word; std::cin >> word && word != "stop";) {
    if (word == "pause") runner.set_trigger_enabled("new_files", false);
    if (word == "resume") runner.set_trigger_enabled("new_files", true);
    if (word == "history") print_history(runner);
    std::cout << "(" << word << ")" << std::endl;
  }
}

void import_for(std::vector<std::string> const& shops) {
  cloacina::Registry registry;
  registry.add(import_file.workflow());

  std::filesystem::create_directory("shops");
  cloacina::TenantHost host{"sqlite://shops", cloacina::TenantHost::default_config(), registry};
  for (auto const& name : shops) {
    create_directories(inbox_of(name));
    host.tenant(name)->add_trigger({.name = "new_files",
                                    .workflow = "import_file",
                                    .poll_interval = "100ms",
                                    .poll = [name](TriggerContext& trigger) {
                                      auto const next = new_file(trigger, name);
                                      if (!next) return TriggerResult::skip();
                                      return TriggerResult::fire({{"shop", name}, {"file", *next}});
                                    }});
  }
  for (std::string word; std::cin >> word && word != "stop";) {
    for (auto const& name : shops) {
      std::cout << name << ": ";
      print_history(*host.tenant(name));
    }
    std::cout << "(" << word << ")" << std::endl;
  }
}

int main(int argc, char** argv) {
  if (argc == 1)
    import_for_lyon();
  else
    import_for({argv + 1, argv + argc});
}
