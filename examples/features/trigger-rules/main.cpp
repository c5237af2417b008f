// Branches that are taken by rule, a failure that is handled, and a clean-up that always runs.
//
//   charge ──> invoice ─┬─> express ──┬──> notify ──> clean_up
//                       └─> standard ─┘
#include <cloacina/cloacina.hpp>
#include <cstdio>

namespace keys {
CLOACINA_KEY(amount, int);
CLOACINA_KEY(country, std::string);
}  // namespace keys
using namespace keys;
namespace when = cloacina::when;

CLOACINA_TASK(charge, .reads = {amount}) {
  if (context.get(amount) > 500) throw cloacina::PermanentError{"card declined"};
}

// Naming task_failed(charge) makes this task the one that handles the failure: if it Completes, the
// execution does.
CLOACINA_TASK(invoice, .after = {charge}, .reads = {amount},
              .trigger_rule = when::task_failed(charge)) {
  if (context.get(amount) > 5000) throw cloacina::PermanentError{"no credit above 5000"};
}

constexpr auto paid = when::any(when::task_success(charge), when::task_success(invoice));

CLOACINA_TASK(express, .after = {charge, invoice}, .reads = {country},
              .trigger_rule = when::all(paid, when::context_value(country, when::equals, "FR"))) {}

CLOACINA_TASK(standard, .after = {charge, invoice}, .reads = {country},
              .trigger_rule = when::all(paid, when::none(when::context_value(country, when::equals,
                                                                             "FR")))) {}

CLOACINA_TASK(notify, .after = {express, standard},
              .trigger_rule = when::any(when::task_success(express),
                                        when::task_success(standard))) {}

// `always` runs whatever happened, and handles nothing: it cannot hide a failure.
CLOACINA_TASK(clean_up, .after = {notify}, .trigger_rule = when::always()) {}

CLOACINA_WORKFLOW(order, .inputs = {amount, country},
                  .tasks = {charge, invoice, express, standard, notify, clean_up});

void show(cloacina::ExecutionResult const& result) {
  std::printf("%s, %d: %s\n", result.context().get_as<std::string>("country").c_str(),
              result.context().get_as<int>("amount"),
              std::string{to_string(result.status())}.c_str());
  for (auto const& task : result.tasks())
    std::printf("  %-9s %-9s %s%s\n", task.id.c_str(), std::string{to_string(task.status)}.c_str(),
                task.error.c_str(), task.skip_reason.c_str());
  if (!result.error().empty()) std::printf("  %s\n", result.error().c_str());
}

int main() {
  cloacina::DefaultRunner runner{"sqlite://trigger-rules.db"};
  show(runner.execute(order(amount = 42, country = "FR")));
  show(runner.execute(order(amount = 42, country = "JP")));
  show(runner.execute(order(amount = 900, country = "FR")));   // declined, then invoiced
  show(runner.execute(order(amount = 9000, country = "JP")));  // declined, and no credit
  std::printf("\nthe rule of 'express' as it is stored:\n%s\n",
              cloacina::TriggerRule{express.options.trigger_rule}.to_json().dump(2).c_str());
}
