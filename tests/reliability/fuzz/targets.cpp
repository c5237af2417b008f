#include "targets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <cloacina/cloacina.hpp>

#include "core/cron.hpp"
#include "core/database_url.hpp"
#include "core/duration.hpp"
#include "core/json_text.hpp"
#include "core/utf8.hpp"
#include "core/zone_file.hpp"

namespace cloacina::fuzz {
namespace {

/// From the first eight bytes, which are taken off: an instant of the years 1600 to 2400.
std::chrono::sys_seconds take_instant(std::string_view& input) {
  std::uint64_t bits = 0;
  auto const size = std::min(input.size(), sizeof bits);
  std::memcpy(&bits, input.data(), size);
  input.remove_prefix(size);
  constexpr std::int64_t span = 800LL * 365 * 86'400;
  auto const second = static_cast<std::int64_t>(bits % span) - span * 37 / 80;
  return std::chrono::sys_seconds{std::chrono::seconds{second}};
}

}  // namespace

std::map<std::string, Target> const& targets() {
  static std::map<std::string, Target> const all{{"url", try_url},   {"context", try_context},
                                                 {"rule", try_rule}, {"identifier", try_identifier},
                                                 {"row", try_row},   {"duration", try_duration},
                                                 {"cron", try_cron}, {"zone", try_zone}};
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

void try_cron(std::string_view input) {
  constexpr std::array<std::string_view, 4> zones{"UTC", "Europe/Paris", "Australia/Lord_Howe",
                                                  "America/St_Johns"};
  auto const from = take_instant(input);
  auto const zone =
      zones[input.empty() ? 0 : static_cast<unsigned char>(input.front()) % zones.size()];
  if (!input.empty()) input.remove_prefix(1);
  may_refuse([&] {
    expect(CronExpression::parse(input).text() == input, "an expression is kept as it is");
    auto last = Instant{from};
    for (auto const at : next_firings(input, zone, from, 4)) {
      expect(at > last, "each firing comes after the one before");
      auto const again = next_firings(input, zone, at - std::chrono::seconds{1}, 1);
      expect(again.size() == 1 && again.front() == at, "what fires is found from just before it");
      last = at;
    }
  });
}

void try_zone(std::string_view input) {
  auto const from = take_instant(input);
  may_refuse([&] {
    auto const zone = read_zone_file(input);
    auto at = from;
    for (int i = 0; i < 8 && at < from + std::chrono::years{1'000}; ++i) {
      auto const period = zone->period_at(at);
      expect(period.begin <= at && at < period.end, "an instant lies in its period");
      expect(zone->period_at(period.begin).begin == period.begin, "a period begins with itself");
      at = period.end;
    }
  });
}

}  // namespace cloacina::fuzz
