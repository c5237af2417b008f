#include "stage.hpp"

#include <chrono>
#include <stdexcept>

namespace cloacina::lifecycle {
namespace {

using namespace std::chrono_literals;

/// A runner within a body of another one.
void nest() {
  Registry registry;
  registry.add(WorkflowBuilder{"inner"}.task("inner", {}, [](TaskContext<>&) {}).build());
  auto inner = DefaultRunner::builder()
                   .database_url("sqlite::memory:")
                   .registry(std::move(registry))
                   .build();
  (void)inner.execute("inner", Context{});
}

}  // namespace

void Stage::meddle() {
  ++totals.from_inside;
  auto const alive = runner();
  if (!alive) return;
  attempt([&] {
    switch (roll(8)) {
      case 0:
        return alive->async_submit("quick", Context{}, handler());
      case 1:
        return (void)alive->list({.limit = 5});
      case 2:
        return keep(alive->submit("quick", Context{}));
      case 3:
        return (void)alive->execute("quick", Context{});
      case 4:
        return alive->shutdown(0ms);
      case 5:
        if (auto const handle = any_handle()) handle->cancel("meddled with");
        return;
      case 6:
        if (auto const handle = any_handle()) handle->async_wait(handler());
        return;
      default:
        // The last owner may be this thread: the runner is destroyed from inside.
        if (take_runner()) ++totals.destroyed_inside;
    }
  });
}

Registry Stage::workflows() {
  // Weak: a body that was left behind keeps nothing of its round.
  auto const with_stage = [weak = weak_from_this()](auto const& use) {
    return [weak, use](auto const&...) {
      if (auto const stage = weak.lock()) use(*stage);
    };
  };
  auto const body = [](TaskContext<>& context) { context.put("ran", true); };
  auto const meddles = with_stage([](Stage& stage) { stage.meddle(); });
  Registry registry;
  registry.add(WorkflowBuilder{"quick"}.task("only", {}, body).build());
  registry.add(WorkflowBuilder{"chain"}
                   .task("a", {.on_success = meddles}, body)
                   .task("b", {.after = {"a"}}, body)
                   .task("c", {.after = {"b"}, .on_success = meddles}, body)
                   .build());
  registry.add(WorkflowBuilder{"sleepy"}
                   .task("sleep", {}, [](TaskContext<>& context) { context.sleep_for(10ms); })
                   .build());
  registry.add(WorkflowBuilder{"waits"}
                   .task("wait", {},
                         [](TaskContext<>& context) -> asio::awaitable<void> {
                           co_await context.async_sleep_for(5ms);
                         })
                   .build());
  registry.add(WorkflowBuilder{"fails"}
                   .task("fail", {.retry = RetryPolicy{.max_attempts = 2, .initial_delay = 1ms}},
                         [](TaskContext<>&) { throw std::runtime_error{"as always"}; })
                   .build());
  registry.add(WorkflowBuilder{"meddles"}
                   .task("meddle", {}, [meddles](TaskContext<>&) { meddles(); })
                   .build());
  registry.add(
      WorkflowBuilder{"nests"}
          .task("nest", {},
                [nested = with_stage([](Stage& stage) { ++stage.totals.nested; })](TaskContext<>&) {
                  nest();
                  nested();
                })
          .build());
  return registry;
}

Json Totals::to_json() const {
  return {{"rounds", rounds.load()},
          {"submitted", submitted.load()},
          {"completed", completed.load()},
          {"refused", refused.load()},
          {"handlers", handlers.load()},
          {"observed", observed.load()},
          {"nested", nested.load()},
          {"from_inside", from_inside.load()},
          {"destroyed_inside", destroyed_inside.load()}};
}

}  // namespace cloacina::lifecycle
