#include "trigger.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <cloacina/duration.hpp>
#include <cloacina/error.hpp>

#include "async_call.hpp"
#include "bindings.hpp"
#include "context.hpp"
#include "conversions.hpp"
#include "errors.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::TriggerContext;
using cloacina::TriggerDefinition;
using cloacina::TriggerResult;

/// What the function of a trigger is given. Python's, and dies under the lock.
struct PollHandle {
  std::string name;
  py::object state;  ///< a Context
  std::stop_token stop;
};

/// A poll, as Python gave it. Immutable; shared by all that run it.
struct PythonPoll {
  std::string trigger;
  Kept function;
  bool wants_context = false;

  // With the lock held.

  [[nodiscard]] py::object call(py::handle handle) const {
    return wants_context ? function.get()(handle) : function.get()();
  }
  /// Raises TypeError for what it must not return.
  [[nodiscard]] TriggerResult found(py::handle returned) const {
    auto const type = py::module_::import("cloaca._triggers").attr("TriggerResult");
    if (!py::isinstance(returned, type))
      throw py::type_error("trigger '" + trigger + "' must return TriggerResult, not " +
                           type_name(returned));
    std::vector<Context> contexts;
    for (auto const& context : returned.attr("_contexts"))
      contexts.push_back(py::cast<Context const&>(context));
    return TriggerResult::fire_all(std::move(contexts));
  }
  [[nodiscard]] static Context state_in(py::handle handle) {
    return py::cast<Context const&>(py::cast<PollHandle const&>(handle).state);
  }
  [[nodiscard]] static std::exception_ptr failure(py::error_already_set& error) {
    auto const raised = describe(error);
    auto text = "Python trigger failed: " + raised.summary;
    if (!raised.traceback.empty()) text += "\n" + raised.traceback;
    return std::make_exception_ptr(cloacina::TaskError{text});
  }
};

TriggerResult poll(PythonPoll const& python, TriggerContext& context) {
  auto result = TriggerResult::skip();
  auto const failure = [&] {
    Gil const gil;
    return until_the_end([&] {
      return caught(
          [&] {
            auto const handle = py::cast(PollHandle{std::string{context.name()},
                                                    py::cast(context.state), context.stop_token()});
            auto const returned = python.call(handle);
            result = python.found(returned);
            context.state = PythonPoll::state_in(handle);
          },
          &PythonPoll::failure);
    });
  }();
  if (failure) std::rethrow_exception(failure);
  return result;
}

class AsyncPoll : public AsyncCall {
 public:
  AsyncPoll(std::shared_ptr<PythonPoll const> python, TriggerContext const& context)
      : python_(std::move(python)),
        name_(context.name()),
        stop_(context.stop_token()),
        state_(context.state) {}

  /// Once it has ended.
  TriggerResult hand_over(TriggerContext& context) {
    context.state = std::move(state_);
    return std::move(result_);
  }

  std::exception_ptr failure_of(py::error_already_set& error) const override {
    return PythonPoll::failure(error);
  }

 private:
  py::object argument() override { return py::cast(PollHandle{name_, py::cast(state_), stop_}); }
  py::object call(py::handle handle) override { return python_->call(handle); }
  void take(py::handle handle, py::handle value) override {
    result_ = python_->found(value);
    state_ = PythonPoll::state_in(handle);
  }

  std::shared_ptr<PythonPoll const> python_;
  std::string name_;
  std::stop_token stop_;
  Context state_;
  TriggerResult result_ = TriggerResult::skip();
};

asio::awaitable<TriggerResult> co_poll(std::shared_ptr<PythonPoll const> python,
                                       TriggerContext& context) {
  auto const call = std::make_shared<AsyncPoll>(std::move(python), context);
  co_await end_of(call, context.stop_token());
  co_return call->hand_over(context);
}

}  // namespace

TriggerDefinition trigger_of(py::dict const& plain) {
  auto python = std::make_shared<PythonPoll>();
  python->trigger = plain["name"].cast<std::string>();
  python->function = Kept{plain["function"]};
  python->wants_context = plain["wants_context"].cast<bool>();
  TriggerDefinition trigger;
  trigger.name = python->trigger;
  trigger.workflow = plain["workflow"].cast<std::string>();
  trigger.poll_interval = std::chrono::milliseconds{plain["poll_interval_ms"].cast<std::int64_t>()};
  trigger.allow_concurrent = plain["allow_concurrent"].cast<bool>();
  if (plain["is_async"].cast<bool>())
    trigger.co_poll = [python](TriggerContext& context) { return co_poll(python, context); };
  else
    trigger.poll = [python](TriggerContext& context) { return poll(*python, context); };
  return trigger;
}

cloacina::CronRegistration cron_of(py::dict const& plain) {
  cloacina::CronRegistration schedule;
  schedule.workflow = plain["workflow"].cast<std::string>();
  schedule.expression = plain["cron"].cast<std::string>();
  schedule.options.name = plain["name"].cast<std::string>();
  schedule.options.timezone = plain["timezone"].cast<std::string>();
  return schedule;
}

void bind_trigger(py::module_& module) {
  py::class_<PollHandle>(module, "TriggerContext",
                         R"(What the function of a trigger is given, if it takes a parameter.

`state` is a `Context`, empty at first: what the trigger keeps from poll to poll, so how far it has come. What is
changed in it is stored once the function returns, by the transaction that stores what it fires; after an exception, or a
timeout, it is as before.

>>> with WorkflowBuilder("doc_trigger_context") as builder:
...     @task()
...     def show(number: int, trigger_name: str):
...         return {"text": f"{trigger_name}: {number}"}
>>> def count(trigger: TriggerContext):
...     if trigger.state.get("last") == 3:
...         return TriggerResult.skip()
...     trigger.state["last"] = trigger.state.get("last", 0) + 1
...     return TriggerResult.fire({"number": trigger.state["last"]})
>>> with DefaultRunner("sqlite::memory:") as runner:
...     runner.add_trigger(count, "doc_trigger_context", poll_interval="5ms")
...     while len(history := runner.get_trigger_execution_history("count")) < 3:
...         pass
...     runner.handle(history[0]["workflow_execution_id"]).result().final_context["text"]
'count: 3'
)")
      .def_readonly("name", &PollHandle::name, "Of the trigger.")
      .def_readonly("state", &PollHandle::state, "A Context.")
      .def(
          "is_stop_requested",
          [](PollHandle const& handle) { return handle.stop.stop_requested(); },
          "Whether the poll timed out, or its runner shuts down.");
  module.def(
      "read_duration",
      [](std::string const& text) {
        return cloacina::Duration{std::string_view{text}}.value().count();
      },
      py::arg("text"));
}

}  // namespace cloaca
