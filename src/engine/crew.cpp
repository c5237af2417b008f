#include "engine/crew.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <string>
#include <utility>

#include <cloacina/error.hpp>

#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "engine/stuck.hpp"
#include "engine/thread_name.hpp"

namespace cloacina::engine {
namespace {

// How long a thread stays where it is while others wait: long enough for the way to be worth it.
constexpr std::chrono::milliseconds turn{1};

}  // namespace

std::shared_ptr<Crew> Crew::make(std::size_t threads) {
  std::shared_ptr<Crew> crew{new Crew{threads}};
  std::size_t refused = 0;
  for (std::size_t i = 0; i < threads; ++i) refused += crew->add() ? 0 : 1;
  if (refused == 0) return crew;
  crew->shut_down(Clock::now() + stuck_after);
  throw ConfigurationError{"the system refuses " + std::to_string(refused) + " of " +
                               std::to_string(threads) +
                               " worker threads; lower max_concurrent_tasks, or raise its limit of "
                               "threads",
                           "max_concurrent_tasks"};
}

// A thread that the system refuses is missing until it is asked again.
bool Crew::add() {
  std::vector<std::thread> ended;
  bool started = true;
  {
    std::lock_guard lock{mutex_};
    if (stop_) return true;
    ended = take_ended();
    auto member = std::make_shared<Member>();
    auto thread = start_thread([self = shared_from_this(), member] { self->work(*member); });
    if (thread) {
      member->thread = std::move(*thread);
      members_.push_back(std::move(member));
    } else {
      ++missing_;
      started = false;
    }
  }
  for (auto& thread : ended) thread.join();
  return started;
}

std::vector<std::thread> Crew::take_ended() {
  std::vector<std::thread> ended;
  std::erase_if(members_, [&](auto const& member) {
    if (!member->ended || member->thread.get_id() == std::this_thread::get_id()) return false;
    ended.push_back(std::move(member->thread));
    return true;
  });
  return ended;
}

void Crew::work(Member& member) {
  name_thread("cloacina-worker");
  auto const ended = [&] {
    std::lock_guard lock{mutex_};
    member.ended = true;
    if (member.abandoned) --left_behind_;
    thread_ended_.notify_all();
  };
  try {
    while (!member.abandoned) {
      auto const site = next();
      if (!site) break;
      site->work(member);
    }
  } catch (abi::__forced_unwind const&) {
    log_warning("cloacina: a body or a callback ended its thread, which is replaced");
    if (!member.abandoned) (void)add();
    ended();
    throw;  // swallowing it would end the process
  }
  ended();
}

std::shared_ptr<Crew::Site> Crew::next() {
  std::vector<std::shared_ptr<Site>> unlisted;  // may be the last to hold them: without the lock
  std::unique_lock lock{mutex_};
  for (;;) {
    if (surplus_ > 0) {
      --surplus_;
      return nullptr;
    }
    while (!sites_.empty()) {
      auto site = std::move(sites_.front());
      sites_.pop_front();
      if (site->has_work()) {
        sites_.push_back(site);  // until one more thread would find nothing
        return site;
      }
      site->listed_ = false;
      listed_ = sites_.size();
      unlisted.push_back(std::move(site));
    }
    if (!unlisted.empty()) {
      lock.unlock();
      unlisted.clear();
      lock.lock();
      continue;
    }
    if (stop_) return nullptr;
    ++idle_;
    work_there_.wait(lock);
    --idle_;
  }
}

void Crew::call(std::shared_ptr<Site> const& site, std::size_t threads) {
  std::size_t wake = 0;
  bool missing = false;
  {
    std::lock_guard lock{mutex_};
    if (over_) return;
    missing = missing_ > 0;
    if (!site->listed_.exchange(true)) sites_.push_back(site);
    listed_ = sites_.size();
    wake = std::min(threads, idle_);
  }
  if (wake > 1) {
    work_there_.notify_all();
  } else if (wake == 1) {
    work_there_.notify_one();
  }
  if (missing) (void)start_missing(Clock::now());
}

bool Crew::is_wanted_elsewhere_now(Clock::time_point arrived) const {
  return surplus_ > 0 || Clock::now() - arrived >= turn;
}

bool Crew::lend() {
  {
    std::lock_guard lock{mutex_};
    if (surplus_ > 0) {
      --surplus_;  // one that was about to end goes on instead
      return true;
    }
  }
  return add();
}

void Crew::take_back() {
  {
    std::lock_guard lock{mutex_};
    ++surplus_;
  }
  work_there_.notify_one();
}

bool Crew::leave_behind(Member& member) {
  std::lock_guard lock{mutex_};
  if (member.abandoned || left_behind_ >= threads_) return false;
  member.abandoned = true;
  ++left_behind_;
  ++missing_;
  return true;
}

std::optional<Crew::Clock::time_point> Crew::start_missing(Clock::time_point now) {
  std::size_t missing = 0;
  {
    std::lock_guard lock{mutex_};
    missing = std::exchange(missing_, 0);
  }
  for (; missing > 0; --missing) (void)add();
  std::lock_guard lock{mutex_};
  if (missing_ == 0) return std::nullopt;
  return now + stuck_after;
}

void Crew::shut_down(Clock::time_point deadline) {
  std::vector<std::shared_ptr<Member>> members;
  std::deque<std::shared_ptr<Site>> sites;  // they hold this crew
  {
    std::unique_lock lock{mutex_};
    stop_ = true;
    work_there_.notify_all();
    thread_ended_.wait_until(lock, deadline, [this] {
      return std::all_of(members_.begin(), members_.end(), [](auto const& m) { return m->ended; });
    });
    members.swap(members_);
    over_ = true;
    sites.swap(sites_);
  }
  for (auto const& member : members) {
    bool ended = false;
    {
      std::lock_guard lock{mutex_};
      ended = member->ended;
    }
    // A thread that joins itself would never return: a runner may be destroyed by one of its own
    // bodies.
    if (ended && member->thread.get_id() != std::this_thread::get_id()) {
      member->thread.join();
    } else {
      member->thread.detach();
    }
  }
}

}  // namespace cloacina::engine
