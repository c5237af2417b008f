// The threads that runners share, with places of work that are nothing but that.
#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "engine/crew.hpp"

#include "support/catch.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using engine::Crew;

namespace {

/// Work as functions, one after another on any number of threads.
class Work final : public Crew::Site, public std::enable_shared_from_this<Work> {
 public:
  void add(Crew& crew, std::function<void()> work) {
    {
      std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(work));
      has_work_ = true;
    }
    crew.call(shared_from_this(), 1);
  }
  void work(Crew::Member& member) override {
    auto const arrived = Crew::Clock::now();
    while (!member.abandoned && !(leaves && leaves(arrived))) {
      std::function<void()> next;
      {
        std::lock_guard lock{mutex_};
        has_work_ = !waiting_.empty();
        if (waiting_.empty()) return;
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      here = &member;
      next();
      here = nullptr;
    }
  }
  [[nodiscard]] bool has_work() const noexcept override { return has_work_; }

  std::function<bool(Crew::Clock::time_point)> leaves;
  static thread_local Crew::Member* here;

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> waiting_;
  std::atomic<bool> has_work_{false};
};

thread_local Crew::Member* Work::here = nullptr;

}  // namespace

TEST_CASE("a crew of one thread serves all its sites", "[crew]") {
  auto const crew = Crew::make(1);
  std::vector<std::shared_ptr<Work>> sites;
  Log done;
  for (int i = 0; i < 5; ++i) sites.push_back(std::make_shared<Work>());
  for (int round = 0; round < 3; ++round)
    for (auto const& site : sites) site->add(*crew, [&] { done.add("done"); });
  CHECK(done.wait_for(15).size() == 15);
  crew->shut_down(Clock::now() + patience);
}

TEST_CASE("a thread that has been at a site for a while leaves if another waits", "[crew]") {
  auto const crew = Crew::make(1);
  auto const first = std::make_shared<Work>();
  auto const second = std::make_shared<Work>();
  first->leaves = [&](auto arrived) { return crew->is_wanted_elsewhere(*first, arrived); };
  Gate begun;
  Gate go_on;
  Log order;
  first->add(*crew, [&] {
    CHECK_FALSE(crew->is_wanted_elsewhere(*first, Clock::now() - 1h));
    begun.open();
    go_on.pass();
    CHECK_FALSE(crew->is_wanted_elsewhere(*first, Clock::now() + 1h));
    CHECK(crew->is_wanted_elsewhere(*first, Clock::now() - 1h));
    order.add("first");
  });
  begun.pass();
  for (int i = 0; i < 5; ++i)
    first->add(*crew, [&] {
      std::this_thread::sleep_for(2ms);  // longer than a turn
      order.add("first again");
    });
  second->add(*crew, [&] { order.add("second"); });
  go_on.open();
  auto const lines = order.wait_for(7);
  CHECK(std::find(lines.begin(), lines.end(), "second") < lines.end() - 3);
  crew->shut_down(Clock::now() + patience);
}

TEST_CASE("a thread that is lent out is made good until it comes back", "[crew]") {
  auto const crew = Crew::make(1);
  auto const site = std::make_shared<Work>();
  site->leaves = [&](auto arrived) { return crew->is_wanted_elsewhere(*site, arrived); };
  Gate lent;
  Gate come_back;
  Log done;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  auto const counted = [&] {
    auto const here = ++now;
    std::this_thread::sleep_for(1ms);
    for (auto seen = most.load(); seen < here && !most.compare_exchange_weak(seen, here);) {}
    --now;
    done.add("done");
  };
  site->add(*crew, [&] {
    CHECK(crew->lend());
    lent.open();
    come_back.pass();
    crew->take_back();
    done.add("back");
  });
  lent.pass();
  site->add(*crew, counted);
  (void)done.wait_for(1);  // although the only thread waits
  come_back.open();
  (void)done.wait_for(2);
  for (int i = 0; i < 10; ++i) site->add(*crew, counted);
  (void)done.wait_for(12);  // the one too many has come by and ended
  most = 0;
  for (int i = 0; i < 50; ++i) site->add(*crew, counted);
  (void)done.wait_for(62);
  CHECK(most == 1);
  crew->shut_down(Clock::now() + patience);
}

TEST_CASE("threads that do not come back are replaced, as many as there are threads", "[crew]") {
  auto const crew = Crew::make(2);
  auto const site = std::make_shared<Work>();
  auto const gate = std::make_shared<Gate>();
  std::mutex mutex;
  std::vector<Crew::Member*> stuck;
  auto const get_stuck = [&, gate] {
    {
      std::lock_guard lock{mutex};
      stuck.push_back(Work::here);
    }
    gate->pass();
  };
  Log done;
  for (int i = 1; i <= 4; ++i) {
    site->add(*crew, get_stuck);
    gate->wait_for_arrivals(i);
    std::lock_guard lock{mutex};
    CHECK(crew->leave_behind(*stuck.back()) == (i <= 2));
    (void)crew->start_missing(Clock::now());
    if (i > 3) continue;
    site->add(*crew, [&] { done.add("done"); });
    (void)done.wait_for(static_cast<std::size_t>(i));
  }
  CHECK(time_of([&] { crew->shut_down(Clock::now() + 20ms); }) < patience);
  gate->open();
}
