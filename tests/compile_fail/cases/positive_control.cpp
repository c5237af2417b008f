// compiles
// Everything that the other cases do wrong, done right.
using namespace std::chrono_literals;

CLOACINA_KEY(weight, float);

CLOACINA_CO_TASK(extract, .reads = {order_id}, .writes = {lines, optional(note)},
                 .retry = {.max_attempts = 5, .initial_delay = 250ms}, .timeout = 5s) {
  co_await context.sleep_for(5ms);
  context.put(lines, {{1, 10.0}, {2, 2.5}});
  context.put(note, "as text");
}
CLOACINA_TASK(cheap, .after = {extract}, .reads = {lines}, .writes = {total},
              .trigger_rule = when::task_success(extract)) {
  context.put(total, 1);
}
CLOACINA_TASK(dear, .after = {"extract"}, .reads = {lines}, .writes = {total},
              .on_success = [](std::string_view, cloacina::Context const&) {}) {
  context.put(total, static_cast<double>(context.get(lines).size()));
}
CLOACINA_DECLARE_TASK(report, .after = {cheap, dear}, .reads = {total, order_id}, .merges = {total},
                      .priority = 3, .execution = cloacina::at_most_once, .version = 2);
CLOACINA_TASK(bare) { context.insert("left", context.get_as<int>("right")); }
CLOACINA_DEFINE_TASK(report) {
  if (auto const* known = context.find(total)) static_cast<void>(*known + static_cast<double>(context.get(order_id)));
}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id, weight}, .tasks = {report, dear, cheap, extract, bare},
                  .description = "orders", .tags = {{"team", "billing"}, {"tier", "1"}}, .timeout = 1min);

void use() {
  auto const job = order_pipeline(weight = 2, order_id = 42);
  static_cast<void>(job.input.get_as<double>("weight"));
  cloacina::detail::check_output<order_pipeline_workflow, total_key>();
  static_cast<void>(cloacina::WorkflowBuilder{"built"}
                        .task("a", [](cloacina::TaskContext<>& context) { context.put(total, 3.0); })
                        .task("b", {"a"}, [](cloacina::TaskContext<>&) -> asio::awaitable<void> { co_return; })
                        .task(extract)
                        .build());
}
