#include "targets.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <cloacina/cloacina.hpp>

#include "core/database_url.hpp"
#include "core/duration.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace cloacina::fuzz {

std::map<std::string, Target> const& targets() {
  static std::map<std::string, Target> const all{{"url", try_url},   {"context", try_context},
                                                 {"rule", try_rule}, {"identifier", try_identifier},
                                                 {"row", try_row},   {"duration", try_duration}};
  return all;
}

void expect(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void may_refuse(std::function<void()> const& call) {
  try {
    call();
  } catch (Error const& error) {
    std::string_view const text = error.what();
    if (text.empty() || !is_valid_utf8(text) || text.size() >= 16'384)
      expect(false, "an error is text that can be read: " + to_storable_utf8(text, 500));
  }
}

void try_url(std::string_view input) {
  may_refuse([&] {
    auto const url = DatabaseUrl::parse(input);
    expect(is_valid_utf8(url.display()), "a URL can be shown");
    if (url.backend != DatabaseUrl::Backend::sqlite) return;
    expect(url.memory == url.path.empty(), "a path, or memory");
    expect(url.path.find('\0') == std::string::npos, "a path without NUL");
    expect(url.busy_timeout.count() >= 0, "a time to wait");
  });
}

void try_context(std::string_view input) {
  may_refuse([&] {
    auto const context = Context::from_json(input);
    auto const written = context.to_json();
    expect(is_valid_utf8(written), "what is stored is UTF-8");
    auto const again = Context::from_json(written);
    expect(again.to_json() == written, "a context is read as it was written");
  });
}

void try_rule(std::string_view input) {
  may_refuse([&] {
    auto const rule = TriggerRule::from_json(parse_json(input, "rule"));
    auto const written = rule.to_json();
    expect(TriggerRule::from_json(written).to_json() == written,
           "a rule is read as it was written");
  });
}

void try_identifier(std::string_view input) {
  may_refuse([&] {
    auto const id = ExecutionId::parse(input);
    expect(ExecutionId::parse(id.to_string()) == id, "an id is read as it was written");
  });
  may_refuse([&] {
    auto const name = TaskNamespace::parse(input);
    expect(TaskNamespace::parse(name.to_string()).to_string() == name.to_string(),
           "a full name is read as it was written");
  });
  may_refuse([&] { expect(to_string(workflow_status_from(input)) == input, "a status"); });
  may_refuse([&] {
    auto const workflow =
        WorkflowBuilder{std::string{input}}.task(std::string{input}, [](TaskContext<>&) {}).build();
    expect(is_valid_utf8(workflow.name()) && workflow.name() == input, "a name is kept");
    expect(!workflow.to_mermaid().empty() && !workflow.to_dot().empty(), "it can be drawn");
  });
}

void try_duration(std::string_view input) {
  may_refuse([&] {
    auto const duration = parse_duration(input);
    expect(duration.count() >= 0, "a duration is not negative");
    expect(parse_duration(format_duration(duration)) == duration,
           "a duration is read as it was written");
  });
}

}  // namespace cloacina::fuzz
