#include "engine/messages.hpp"

namespace cloacina::engine {
namespace {

struct Refusal {
  std::exception_ptr const& error;

  void operator()(Submission& submission) const {
    if (submission.completion) submission.completion->fail(error);
    if (submission.acceptance) submission.acceptance->refused(error);
  }
  void operator()(CancelRequest& request) const { request.answer->refused(error); }
  void operator()(WatchRequest& request) const { request.completion->fail(error); }
  template <class Other>
  void operator()(Other&) const {}  // nobody waits for it
};

}  // namespace

std::string ReadyTask::to_string() const {
  if (is_poll()) return "trigger '" + definition().id + "'";
  return "task '" + definition().id + "' of execution " + id.to_string();
}

void decline(Request&& request, std::exception_ptr const& error) {
  std::visit(Refusal{error}, request);
}

}  // namespace cloacina::engine
