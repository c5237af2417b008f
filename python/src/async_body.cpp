// A body that is an `async def`.
#include <optional>
#include <utility>

#include "async_call.hpp"
#include "body.hpp"
#include "context.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::TaskContext;

class AsyncAttempt : public AsyncCall {
 public:
  AsyncAttempt(std::shared_ptr<PythonBody const> body, TaskContext<> const& context)
      : body_(std::move(body)), handle_(body_->handle(context)), given_(context.context()) {}

  /// Once it has ended.
  void hand_over(TaskContext<>& context) { ChangesWriter{context}.write(std::move(changes_)); }

  std::exception_ptr failure_of(py::error_already_set& error) const override {
    return body_->failure(error);
  }

 private:
  py::object argument() override { return py::cast(given_); }
  py::object call(py::handle passed) override { return body_->call(passed, std::move(handle_)); }
  void take(py::handle passed, py::handle value) override {
    changes_ = body_->changes(given_, passed, value);
  }

  std::shared_ptr<PythonBody const> body_;
  std::optional<TaskHandle> handle_;
  Context given_;
  cloacina::detail::ContextDelta changes_;
};

asio::awaitable<void> attempt(std::shared_ptr<PythonBody const> body, TaskContext<>& context) {
  auto const call = std::make_shared<AsyncAttempt>(std::move(body), context);
  co_await end_of(call, context.stop_token());
  call->hand_over(context);
}

}  // namespace

cloacina::TaskFunction asynchronous_body(std::shared_ptr<PythonBody const> body) {
  return [body = std::move(body)](TaskContext<>& context) { return attempt(body, context); };
}

}  // namespace cloaca
