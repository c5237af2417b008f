#include "round.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace cloacina::lifecycle {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

class Spectator final : public Observer {
 public:
  using See = std::function<void()>;
  explicit Spectator(See see) : see_(std::move(see)) {}
  void on_execution(ExecutionId, std::string_view, WorkflowStatus, Instant) override { see_(); }
  void on_takeover(std::size_t, Instant) override { see_(); }
  void on_task(ExecutionId, std::string_view, std::string_view, TaskStatus, std::uint32_t,
               std::string_view, Instant) override {
    see_();
  }

 private:
  See see_;
};

}  // namespace

Round::Round(std::string const& where, std::uint64_t seed, Totals& totals)
    : dice_(seed), totals_(totals), stage_(std::make_shared<Stage>(totals)) {
  stage_->inside.seed(seed + 1);
  auto const place = pick(dice_, 4);
  url_ = where.find("://") != std::string::npos ? where
         : place == 0                           ? "sqlite::memory:"
         : place == 1 ? "sqlite://" + where + "/own" + std::to_string(seed) + ".db"
                      : "sqlite://" + where + "/shared.db";
}

void Round::run() {
  DefaultRunnerConfig config;
  config.max_concurrent_tasks = std::size_t{1} << pick(dice_, 3);
  config.max_concurrent_async_tasks = 1 + pick(dice_, 8);
  config.db_pool_size = 1 + pick(dice_, 2);
  config.lease = std::chrono::seconds{1 + pick(dice_, 10)};
  config.scheduler_poll_interval = std::chrono::milliseconds{10 + pick(dice_, 200)};
  auto builder = DefaultRunner::builder();
  builder.database_url(url_).config(config).registry(stage_->workflows());
  if (pick(dice_, 2) == 0)
    builder.observer(std::make_shared<Spectator>([stage = stage_] {
      if (stage->destroyed) violated("an observer was called after the destruction of its runner");
      ++stage->totals.observed;
      auto const what = stage->roll(60);
      if (what == 0) stage->meddle();
      if (what == 1) throw std::runtime_error{"an observer's"};
    }));
  {
    auto made = std::make_shared<DefaultRunner>(builder.build());
    std::lock_guard lock{stage_->mutex};
    stage_->one = std::move(made);
  }
  std::vector<std::thread> others;
  for (auto i = pick(dice_, 3); i > 0; --i)
    others.emplace_back([this, seed = dice_()] { play(seed, 4); });
  play(dice_(), 1 + static_cast<int>(pick(dice_, 8)));
  bool const early = pick(dice_, 3) == 0;  // while the others are still at it
  if (early) destroy();
  for (auto& other : others) other.join();
  if (!early) destroy();
  use_what_is_left();
  ++totals_.rounds;
}

void Round::play(std::uint64_t seed, int actions) {
  std::mt19937_64 dice{seed};
  for (int i = 0; i < actions; ++i) stage_->attempt([&] { act(dice); });
}

void Round::act(std::mt19937_64& dice) {
  static constexpr std::array<char const*, 7> names{"quick", "chain",   "sleepy", "waits",
                                                    "fails", "meddles", "nests"};
  auto const* const name = names[pick(dice, names.size())];
  auto const runner = stage_->runner();
  if (!runner) return;
  switch (pick(dice, 10)) {
    case 0:
      return stage_->keep(runner->submit(name, Context{}));
    case 1:
      for (auto& handle : runner->submit_many(name, std::vector<Context>(1 + pick(dice, 20))))
        stage_->keep(std::move(handle));
      return;
    case 2:
      totals_.completed +=
          runner->execute(name, Context{}).status() == WorkflowStatus::completed ? 1 : 0;
      return;
    case 3:
      return runner->async_submit(name, Context{}, stage_->handler());
    case 4:
      if (auto const handle = stage_->any_handle()) handle->async_wait(stage_->handler());
      return;
    case 5:
      if (auto const handle = stage_->any_handle())
        (void)handle->wait_for(std::chrono::milliseconds{pick(dice, 20)});
      return;
    case 6:
      if (auto const handle = stage_->any_handle()) handle->cancel();
      return;
    case 7:
      return use_client(dice);
    case 8:
      (void)runner->list();
      (void)runner->runners();
      return;
    default:
      if (pick(dice, 3) == 0) runner->shutdown(std::chrono::milliseconds{pick(dice, 50)});
  }
}

void Round::use_client(std::mt19937_64& dice) {
  if (url_ == "sqlite::memory:") return;  // another one has another memory
  Client client{url_, stage_->workflows()};
  auto const id = client.submit("quick", Context{});
  ++totals_.submitted;
  (void)client.status(id);
  if (pick(dice, 2) == 0) client.cancel(id, "by its client");
  (void)client.list({.limit = 10});
}

/// By this thread or another; or by whoever still has it in hand.
void Round::destroy() {
  auto last = stage_->take_runner();
  if (!last) return;  // from inside
  if (pick(dice_, 3) == 0) last->shutdown(std::chrono::milliseconds{pick(dice_, 30)});
  bool const elsewhere = pick(dice_, 3) == 0;
  bool const by_us = last.use_count() == 1;  // nobody can have it any more who has not got it now
  if (elsewhere) {
    std::thread{[mine = std::move(last)]() mutable { mine.reset(); }}.join();
  } else {
    last.reset();
  }
  if (by_us) stage_->destroyed = true;
}

void Round::use_what_is_left() {
  std::vector<ExecutionHandle> handles;
  {
    std::unique_lock lock{stage_->mutex};
    if (!stage_->changed.wait_for(lock, patience,
                                  [&] { return stage_->called == stage_->expected; }))
      violated("a handler was not called");
    handles.swap(stage_->handles);
  }
  for (auto const& handle : handles) {
    stage_->attempt([&] {
      auto const result = handle.wait_for(patience);
      if (!result) violated("a wait did not end with its runner");
      if (result->status() == WorkflowStatus::completed) ++totals_.completed;
    });
    stage_->attempt([&] { (void)handle.status(); });
  }
}

}  // namespace cloacina::lifecycle
