#include "runner.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>

#include <pybind11/stl.h>

#include "bindings.hpp"
#include "config.hpp"
#include "context.hpp"
#include "conversions.hpp"
#include "delivery.hpp"
#include "errors.hpp"
#include "handle.hpp"
#include "life.hpp"
#include "results.hpp"
#include "runner/check_config.hpp"
#include "schedules.hpp"
#include "trigger.hpp"
#include "waiting.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::DefaultRunner;
using cloacina::ExecutionHandle;
using cloacina::ExecutionId;
using cloacina::ExecutionResult;
using cloacina::SubmitOptions;

std::string const failed = "Workflow execution failed: ";

/// What an asynchronous submission on the main thread answers.
struct Accepted {
  asio::io_context context{1};
  std::exception_ptr error;
  std::optional<ExecutionHandle> handle;
};

/// Runs the answer on this thread, so that signals may come between.
ExecutionHandle submit_on_main_thread(DefaultRunner& runner, std::string const& workflow,
                                      Context input, SubmitOptions const& options) {
  auto const accepted = std::make_shared<Accepted>();
  {
    Released const released;
    runner.async_submit(
        workflow, std::move(input), options,
        asio::bind_executor(accepted->context.get_executor(),
                            [accepted](std::exception_ptr error, ExecutionHandle handle) {
                              accepted->error = std::move(error);
                              accepted->handle = std::move(handle);
                            }));
  }
  wait_patiently(std::nullopt, [&accepted](cloacina::WaitTime at_most) {
    accepted->context.run_for(at_most.value());
    return accepted->handle.has_value();
  });
  if (accepted->error) std::rethrow_exception(accepted->error);
  return std::move(*accepted->handle);
}

ExecutionHandle submit(DefaultRunner& runner, std::string const& workflow, Context input,
                       SubmitOptions const& options) {
  if (is_main_thread()) return submit_on_main_thread(runner, workflow, std::move(input), options);
  Released const released;
  return runner.submit(workflow, std::move(input), options);
}

ExecutionResult execute(DefaultRunner& runner, std::string const& workflow, Context input,
                        SubmitOptions const& options, std::optional<double> timeout) {
  refuse_to_block_event_loop("execute()");
  if (timeout || is_main_thread())
    return wait_for(submit(runner, workflow, std::move(input), options), timeout);
  Released const released;
  return runner.execute(workflow, std::move(input), options);
}

/// The options as Python gives them; the key must live as long as they.
SubmitOptions options_of(std::string const& idempotency_key, int priority,
                         std::int64_t start_after_ms) {
  if (priority < INT16_MIN || priority > INT16_MAX)
    throw py::value_error("priority is " + std::to_string(priority) + "; expected -32768 to 32767");
  return {.idempotency_key = idempotency_key,
          .priority = static_cast<std::int16_t>(priority),
          .start_after = std::chrono::milliseconds{start_after_ms}};
}

using Answer = void(Kept const& future, std::exception_ptr const& error,
                    ExecutionHandle const& handle);

void answer_with_result(Kept const& future, std::exception_ptr const& error,
                        ExecutionHandle const& handle) {
  if (error) return settle(future, error, {});
  settle_when_final(handle, future);
}

void answer_with_handle(Kept const& future, std::exception_ptr const& error,
                        ExecutionHandle const& handle) {
  settle(future, error, [&handle] { return py::cast(handle); });
}

/// Waits for nothing: the answer is called once it is stored, or refused.
template <Answer answer>
void submit_later(Runner& runner, std::string const& workflow, py::handle context,
                  std::string const& key, int priority, std::int64_t start_after_ms,
                  py::object future) {
  auto input = context_of("context", context);
  auto const options = options_of(key, priority, start_after_ms);
  Kept kept{std::move(future)};
  Released const released;
  (*runner).async_submit(
      workflow, std::move(input), options,
      asio::bind_executor(
          delivery().get_executor(),
          [kept = std::move(kept)](std::exception_ptr const& error, ExecutionHandle const& handle) {
            answer(kept, error, handle);
          }));
}

py::list list(DefaultRunner const& runner, std::string const& workflow,
              std::optional<std::string> const& status, std::size_t limit,
              std::optional<std::string> const& after) {
  cloacina::ListOptions options;
  options.workflow = workflow;
  if (status) options.status = cloacina::workflow_status_from(*status);
  options.limit = limit;
  if (after) options.after = ExecutionId::parse(*after);
  auto const infos = [&] {
    Released const released;
    return runner.list(options);
  }();
  py::list list;
  for (auto const& info : infos) list.append(info_of(info));
  return list;
}

py::list runners(DefaultRunner const& runner) {
  auto const infos = [&] {
    Released const released;
    return runner.runners();
  }();
  py::list list;
  for (auto const& info : infos) {
    using namespace py::literals;
    list.append(py::dict("id"_a = info.id.to_string(), "name"_a = info.name, "host"_a = info.host,
                         "pid"_a = info.pid, "library_version"_a = info.library_version,
                         "state"_a = std::string{to_string(info.state)},
                         "executions"_a = info.executions,
                         "started_at"_a = iso_8601(info.started_at)));
  }
  return list;
}

/// A trigger that is polled, or that the clock fires.
void add_to(cloacina::Registry& registry, py::dict const& trigger) {
  if (trigger.contains("cron"))
    registry.add_cron(cron_of(trigger));
  else
    registry.add_trigger(trigger_of(trigger));
}

}  // namespace

Runner::Runner(std::string const& url, std::optional<std::string> const& schema,
               py::dict const& config, std::vector<cloacina::Workflow> const& workflows,
               py::list const& triggers) {
  if (is_ending()) raise("StateError", "the interpreter is ending: no runner can be made any more");
  auto settings = config_of(config);
  cloacina::Registry registry;
  for (auto const& workflow : workflows) registry.add(workflow);
  for (auto const& trigger : triggers) add_to(registry, py::reinterpret_borrow<py::dict>(trigger));
  Released const released;
  auto builder = DefaultRunner::builder();
  builder.database_url(url).config(std::move(settings)).registry(std::move(registry));
  if (schema) builder.schema(*schema);
  runner_.emplace(builder.build());
}

// Bodies may need the lock to end.
Runner::~Runner() {
  Released const released;
  runner_.reset();
}

void bind_runner(py::module_& module) {
  using Strings = std::optional<std::string>;
  py::class_<Runner> bound(module, "Runner");
  bound
      .def(py::init<std::string const&, Strings const&, py::dict const&,
                    std::vector<cloacina::Workflow> const&, py::list const&>(),
           py::arg("url"), py::arg("schema"), py::arg("config"), py::arg("workflows"),
           py::arg("triggers"))
      .def("execute",
           [](Runner& runner, std::string const& workflow, py::handle context,
              std::string const& key, int priority, std::int64_t start_after_ms,
              std::optional<double> timeout) {
             auto const options = options_of(key, priority, start_after_ms);
             return saying(failed, [&] {
               return execute(*runner, workflow, context_of("context", context), options, timeout);
             });
           })
      .def("submit",
           [](Runner& runner, std::string const& workflow, py::handle context,
              std::string const& key, int priority, std::int64_t start_after_ms) {
             auto const options = options_of(key, priority, start_after_ms);
             return saying(failed, [&] {
               return submit(*runner, workflow, context_of("context", context), options);
             });
           })
      .def("submit_many",
           [](Runner& runner, std::string const& workflow, py::list const& contexts, int priority,
              std::int64_t start_after_ms) {
             std::vector<Context> inputs;
             for (auto const& context : contexts) inputs.push_back(context_of("contexts", context));
             std::string const no_key;
             auto const options = options_of(no_key, priority, start_after_ms);
             return saying(failed, [&] {
               Released const released;
               return (*runner).submit_many(workflow, std::move(inputs), options);
             });
           })
      .def("execute_later", &submit_later<answer_with_result>)
      .def("submit_later", &submit_later<answer_with_handle>)
      .def("add_workflow",
           [](Runner& runner, cloacina::Workflow workflow) {
             Released const released;
             (*runner).add_workflow(std::move(workflow));
           })
      .def("workflows", [](Runner const& runner) { return (*runner).workflows(); })
      .def("handle",
           [](Runner const& runner, std::string const& id) {
             Released const released;
             return (*runner).handle(ExecutionId::parse(id));
           })
      .def("status",
           [](Runner const& runner, std::string const& id) {
             Released const released;
             return std::string{to_string((*runner).status(ExecutionId::parse(id)))};
           })
      .def("result",
           [](Runner const& runner, std::string const& id) {
             Released const released;
             return (*runner).result(ExecutionId::parse(id));
           })
      .def("tasks",
           [](Runner const& runner, std::string const& id) {
             Released const released;
             return (*runner).tasks(ExecutionId::parse(id));
           })
      .def("cancel",
           [](Runner& runner, std::string const& id, std::string const& reason) {
             Released const released;
             (*runner).cancel(ExecutionId::parse(id), reason);
           })
      .def("list",
           [](Runner const& runner, std::string const& workflow, Strings const& status,
              std::size_t limit,
              Strings const& after) { return list(*runner, workflow, status, limit, after); })
      .def("runners", [](Runner const& runner) { return runners(*runner); })
      .def("shutdown", [](Runner& runner, double seconds) { shut_down(*runner, seconds); });
  bind_schedules(bound);
  bind_trigger_schedules(bound);
  module.def(
      "check_config",
      [](py::dict const& config) { cloacina::detail::check_config(config_of(config)); },
      py::arg("config"));
}

}  // namespace cloaca
