#include "backend/postgres/listener.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "backend/postgres/pqxx_compat.hpp"
#include "core/sabotage.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Notices are hints: what comes of an outage waits for the slow poll, and a process does not storm
// a server that comes back.
constexpr auto first_pause = 250ms;
constexpr std::chrono::milliseconds longest_pause = 5s;

// A dead connection is noticed by the keepalives of the socket; this is for proxies that answer
// them.
constexpr std::chrono::milliseconds proof_of_life = 30s;

// Who is idle is told at once; of those that are busy anyway, what comes together is one notice.
constexpr std::chrono::milliseconds between_notices = 10ms;

// Of what takes a millisecond: a server that has not answered by then does not.
constexpr std::chrono::milliseconds longest_call = 5s;

// To say UNLISTEN, and to end.
constexpr auto farewell = 250ms;

constexpr std::size_t longest_name = 63;  // of a channel; two that are the same are two hints

/// Hears what others say, and not what comes back of its own words.
class Receiver final : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection, std::string const& channel, std::function<void()> heard)
      : notification_receiver(connection, channel),
        self_(connection.backendpid()),
        heard_(std::move(heard)) {}
  void operator()(std::string const&, int sender) override {
    if (sender != self_) heard_();
  }

 private:
  int self_;
  std::function<void()> heard_;
};

}  // namespace

/// What the thread does, and what it needs for that.
class Listener::Conversation {
 public:
  Conversation(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog);
  ~Conversation() { ::close(bell_); }
  Conversation(Conversation const&) = delete;
  Conversation& operator=(Conversation const&) = delete;

  void on_change(std::function<void()> heard);
  void announce() noexcept;
  /// Until `end`.
  void work();
  /// Whether the thread is at its end, or comes to it soon.
  [[nodiscard]] bool end();

 private:
  /// Until the connection is lost, or this ends.
  void listen();
  void wait(int socket, std::chrono::milliseconds longest) noexcept;
  void heard();
  void ring() noexcept;

  std::shared_ptr<Settings const> settings_;
  std::shared_ptr<Watchdog> watchdog_;
  std::string channel_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  std::function<void()> on_heard_;
  bool over_ = false;
  int bell_;  // an eventfd
  std::atomic<bool> announced_{false};
  std::atomic<bool> stop_{false};
};

Listener::Listener(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog)
    : conversation_(std::make_shared<Conversation>(std::move(settings), std::move(watchdog))),
      thread_([conversation = conversation_] { conversation->work(); }) {}

Listener::~Listener() {
  if (conversation_->end()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Listener::on_change(std::function<void()> heard) {
  conversation_->on_change(std::move(heard));
}

void Listener::announce() noexcept { conversation_->announce(); }

Listener::Conversation::Conversation(std::shared_ptr<Settings const> settings,
                                     std::shared_ptr<Watchdog> watchdog)
    : settings_(std::move(settings)),
      watchdog_(std::move(watchdog)),
      channel_(("cloacina_" + settings_->schema).substr(0, longest_name)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

bool Listener::Conversation::end() {
  stop_ = true;
  ring();
  std::unique_lock lock{mutex_};
  return over_changed_.wait_for(lock, farewell, [this] { return over_; });
}

void Listener::Conversation::on_change(std::function<void()> heard) {
  std::lock_guard lock{mutex_};
  on_heard_ = std::move(heard);
}

void Listener::Conversation::announce() noexcept {
  if (!announced_.exchange(true)) ring();
}

void Listener::Conversation::ring() noexcept {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(bell_, &one, sizeof one);
}

void Listener::Conversation::heard() {
  static bool const deaf = is_sabotaged("deaf_to_hints");  // what the trial wake_up must notice
  if (deaf) return;
  std::lock_guard lock{mutex_};
  if (on_heard_) on_heard_();
}

void Listener::Conversation::work() {
  std::chrono::milliseconds pause = first_pause;
  while (!stop_) {
    auto const begun = Clock::now();
    try {
      listen();
    } catch (std::exception const&) {
      // Sessions say what they meet; of hints nobody needs to hear that they are late.
    }
    if (Clock::now() - begun > longest_pause) pause = first_pause;
    if (!stop_) wait(-1, pause);
    pause = std::min(pause * 2, longest_pause);
  }
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  over_changed_.notify_all();
}

void Listener::Conversation::listen() {
  pqxx::connection connection{settings_->connection};
  compat::stay_lost(connection);
  auto const watched = [&](auto&& call) {
    Watchdog::Watch const watch{*watchdog_, connection.sock(), longest_call};
    return call();
  };
  std::optional<Receiver> receiver;
  watched([&] { receiver.emplace(connection, channel_, [this] { heard(); }); });  // says LISTEN
  auto const say = [&](std::string const& sql) {
    watched([&] { pqxx::nontransaction{connection}.exec(sql); });
  };
  auto const notify = "NOTIFY " + as_identifier(channel_);
  heard();  // what was said meanwhile
  auto last = Clock::now() - between_notices;
  while (!stop_ || announced_) {
    connection.get_notifs();
    auto const since_last = Clock::now() - last;
    bool const due = since_last >= between_notices || stop_;
    if (!announced_) {
      if (since_last > proof_of_life) {
        say("SELECT 1");
        last = Clock::now();
      }
      wait(connection.sock(), proof_of_life);
    } else if (due) {
      announced_ = false;
      say(notify);
      last = Clock::now();
    } else {
      wait(connection.sock(),
           std::chrono::ceil<std::chrono::milliseconds>(between_notices - since_last));
    }
  }
  watched([&] { receiver.reset(); });  // says UNLISTEN
}

void Listener::Conversation::wait(int socket, std::chrono::milliseconds longest) noexcept {
  std::array<pollfd, 2> watched{pollfd{.fd = bell_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = socket, .events = POLLIN, .revents = 0}};
  ::poll(watched.data(), socket < 0 ? 1 : 2, static_cast<int>(longest.count()));
  std::uint64_t rung = 0;
  [[maybe_unused]] auto const read = ::read(bell_, &rung, sizeof rung);
}

}  // namespace cloacina::backend::postgres
