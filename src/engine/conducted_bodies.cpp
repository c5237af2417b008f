#include "engine/conducted_bodies.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>
#include <vector>

#include <asio/async_result.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/error.hpp>

#include "engine/user_call.hpp"

namespace cloacina::engine {
namespace {

using Role = Conductor::Role;

/// Waits on the conductor's clock.
class ConductedSleeper final : public detail::Sleeper {
 public:
  ConductedSleeper(Environment environment, asio::io_context& context)
      : environment_(std::move(environment)), context_(context) {}

  asio::awaitable<void> sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    auto const due = environment_.monotonic() + duration;
    auto initiate = [this, due](auto handler) {
      auto const waiting = std::make_shared<decltype(handler)>(std::move(handler));
      auto const number = next_number_++;
      waiting_[number] = waiting;
      // The conductor may keep this longer than there is a sleeper: it finds nobody then.
      auto wake = [this, number, weak = std::weak_ptr{waiting}] {
        auto const due_now = weak.lock();
        if (!due_now) return;
        waiting_.erase(number);
        asio::post(context_, [due_now] { std::move (*due_now)(); });
        context_.restart();
        context_.poll();
      };
      environment_.conductor->post_at(due, Role::io, std::move(wake));
    };
    auto const token = asio::use_awaitable;
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void()>(initiate, token);
    if (stop.stop_requested()) throw_stopped();
  }

  void block(std::chrono::nanoseconds duration, std::stop_token stop) override {
    environment_.conductor->run_until([&] { return stop.stop_requested(); },
                                      environment_.monotonic() + duration);
    if (stop.stop_requested()) throw_stopped();
  }

  /// Before the context dies, to which the coroutines that wait belong.
  void drop_all() { waiting_.clear(); }

 private:
  Environment environment_;
  asio::io_context& context_;
  std::map<std::uint64_t, std::shared_ptr<void>> waiting_;  // what each wait resumes
  std::uint64_t next_number_ = 0;
};

}  // namespace

/// One body from its hand-over to its answer.
struct ConductedBodies::Running {
  ReadyTask ready;
  detail::TaskRun run;
  std::stop_source stop;
  asio::cancellation_signal cancel;
  bool started = false;
  bool answered = false;
};

struct ConductedBodies::Shared {
  Shared(BodySettings its_settings, Environment its_environment, std::shared_ptr<Inbox> its_inbox)
      : settings(its_settings),
        environment(std::move(its_environment)),
        inbox(std::move(its_inbox)) {}

  BodySettings settings;
  Environment environment;
  std::shared_ptr<Inbox> inbox;
  Inbox::Lane* lane = nullptr;
  std::list<std::shared_ptr<Running>> bodies;
  std::shared_ptr<asio::io_context> context = std::make_shared<asio::io_context>(1);
  ConductedSleeper sleeper{environment, *context};
  bool ended = false;

  void answer(std::shared_ptr<Running> const& body, FinishedTask&& finished) {
    bodies.remove(body);
    if (std::exchange(body->answered, true) || ended) return;
    inbox->push(*lane, std::move(finished));
  }

  void begin(std::shared_ptr<Shared> const& self, std::shared_ptr<Running> const& body) {
    if (ended || body->answered) return;
    if (body->ready.stopped->load()) return answer(body, dropped(body->ready));
    body->started = true;
    std::optional<Instant> deadline;
    if (auto const limit = time_limit(body->ready.definition(), settings)) {
      deadline = environment.now() + *limit;
      environment.conductor->post_at(environment.monotonic() + *limit, Role::io,
                                     [self, body, limit = *limit] {
                                       if (body->answered) return;
                                       self->answer(body, timed_out(body->ready, limit));
                                       body->stop.request_stop();
                                       body->cancel.emit(asio::cancellation_type::all);
                                     });
    }
    body->run = make_run(body->ready, body->stop.get_token(), deadline, sleeper);
    auto const& what = *body->ready.definition().body;
    if (!what.co_run) {
      auto error = run_body(body->ready, body->run);
      return answer(body, came_to_end(body->ready, std::move(body->run), error, settings));
    }
    auto done = [self, body](std::exception_ptr error) {
      self->answer(body, came_to_end(body->ready, std::move(body->run), error, self->settings));
    };
    asio::co_spawn(*context, what.co_run(body->run),
                   asio::bind_cancellation_slot(body->cancel.slot(), std::move(done)));
    context->restart();
    context->poll();
  }
};

ConductedBodies::ConductedBodies(BodySettings settings, Environment environment,
                                 std::shared_ptr<Inbox> inbox)
    : shared_(std::make_shared<Shared>(settings, std::move(environment), std::move(inbox))) {
  shared_->lane = &shared_->inbox->add_lane();
}

ConductedBodies::~ConductedBodies() {
  shared_->ended = true;
  shared_->bodies.clear();
  shared_->sleeper.drop_all();
  auto const context = std::move(shared_->context);  // destroys the bodies that are suspended
}

void ConductedBodies::start(std::vector<ReadyTask>&& ready) {
  for (auto& task : ready) {
    auto body = std::make_shared<Running>();
    body->ready = std::move(task);
    shared_->bodies.push_back(body);
    shared_->environment.conductor->post(Role::worker,
                                         [shared = shared_, body] { shared->begin(shared, body); });
  }
}

void ConductedBodies::start_beside(ReadyTask&& ready) {
  std::vector<ReadyTask> one;
  one.push_back(std::move(ready));
  start(std::move(one));
}

void ConductedBodies::call(std::function<void()> callback) {
  shared_->environment.conductor->post(Role::worker, [callback = std::move(callback)] {
    call_user(callback, "a callback or a handler");
  });
}

void ConductedBodies::stop_execution(ExecutionId id) {
  auto const bodies = shared_->bodies;
  for (auto const& body : bodies) {
    if (body->ready.id != id || !body->started) continue;
    body->stop.request_stop();
    body->cancel.emit(asio::cancellation_type::all);
  }
}

void ConductedBodies::stop_all() {
  auto const bodies = shared_->bodies;
  for (auto const& body : bodies) {
    body->stop.request_stop();
    body->cancel.emit(asio::cancellation_type::all);
  }
}

void ConductedBodies::close() {
  stop_all();
  for (auto const& ready : take_back()) shared_->inbox->push(*shared_->lane, dropped(ready));
}

std::vector<ReadyTask> ConductedBodies::take_back() {
  std::vector<ReadyTask> taken;
  auto const bodies = shared_->bodies;
  for (auto const& body : bodies) {
    if (body->started) continue;
    body->answered = true;
    taken.push_back(std::move(body->ready));
    shared_->bodies.remove(body);
  }
  return taken;
}

std::size_t ConductedBodies::without_worker() const {
  return static_cast<std::size_t>(std::count_if(
      shared_->bodies.begin(), shared_->bodies.end(),
      [](auto const& body) { return body->started && body->ready.definition().body->co_run; }));
}

void ConductedBodies::set_lease_end(std::chrono::nanoseconds) {}

}  // namespace cloacina::engine
