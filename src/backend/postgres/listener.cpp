#include "backend/postgres/listener.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

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

// Who has little to say says it at once. Of what comes in a stream, most is one notice: each of
// them makes every runner look around.
constexpr std::chrono::milliseconds moment = 10ms;
constexpr std::uint32_t few = 4;  // announcements in a moment

// Of what takes a millisecond: a server that has not answered by then does not.
constexpr std::chrono::milliseconds longest_answer = 5s;

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

struct Listener::Channel::State {
  explicit State(std::string_view schema)
      : name(("cloacina_" + std::string{schema}).substr(0, longest_name)) {}

  std::string const name;
  std::function<void()> heard;  // guarded by the conversation
  std::atomic<bool> announced{false};
  std::atomic<std::uint32_t> announcements{0};  // ever
};

namespace {

/// When the next notice of a channel is due. Used by one thread.
class Pace {
 public:
  [[nodiscard]] Clock::time_point due(std::uint32_t announcements, Clock::time_point now) {
    if (auto const passed = now - begun_; passed >= moment) {
      stream_ = passed < 2 * moment && announcements - counted_ > few;
      begun_ = now;
      counted_ = announcements;
    }
    return stream_ || announcements - counted_ > few ? last_notice_ + moment : now;
  }
  void said(Clock::time_point now) { last_notice_ = now; }

 private:
  Clock::time_point begun_{};  // of the moment
  std::uint32_t counted_ = 0;  // announcements before it
  bool stream_ = false;        // in the moment before
  Clock::time_point last_notice_{};
};

}  // namespace

/// What the thread does, and what it needs for that.
class Listener::Conversation {
 public:
  using State = Channel::State;

  Conversation(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog);
  ~Conversation() { ::close(bell_); }
  Conversation(Conversation const&) = delete;
  Conversation& operator=(Conversation const&) = delete;

  void open(std::shared_ptr<State> channel);
  void close(State const& channel);
  void on_change(State& channel, std::function<void()> heard);
  void announce(State& channel) noexcept;
  /// Until `end`.
  void work();
  /// Whether the thread is at its end, or comes to it soon.
  [[nodiscard]] bool end();

 private:
  /// A channel under way on the connection.
  struct Heard {
    std::shared_ptr<State> channel;
    std::unique_ptr<Receiver> receiver;
    Pace pace{};
  };
  /// Until the connection is lost, or this ends.
  void listen();
  /// LISTEN and UNLISTEN, for what was opened and closed meanwhile.
  void follow(pqxx::connection& connection, std::vector<Heard>& all);
  /// Says what was announced and is due; returns when the rest is.
  [[nodiscard]] std::optional<Clock::time_point> tell(pqxx::connection& connection,
                                                      std::vector<Heard>& all);
  [[nodiscard]] static std::string notice_of(State const& channel);
  void say(pqxx::connection& connection, std::string const& sql);
  [[nodiscard]] Watchdog::Watch watched(pqxx::connection& connection) {
    return Watchdog::Watch{*watchdog_, connection.sock(), longest_answer};
  }
  void wait(int socket, std::chrono::milliseconds longest) noexcept;
  void heard(State const& channel);
  void ring() noexcept;

  std::shared_ptr<Settings const> settings_;
  std::shared_ptr<Watchdog> watchdog_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable over_changed_;
  std::vector<std::shared_ptr<State>> channels_;
  std::string farewells_;  // notices of channels that were closed
  bool over_ = false;
  int bell_;  // an eventfd
  std::atomic<bool> channels_changed_{false};
  std::atomic<bool> announced_{false};  // some channel is
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

Listener::Channel::Channel(Listener& listener, std::string_view schema)
    : listener_(listener), state_(std::make_shared<State>(schema)) {
  listener_.conversation_->open(state_);
}

Listener::Channel::~Channel() { listener_.conversation_->close(*state_); }

void Listener::Channel::on_change(std::function<void()> heard) {
  listener_.conversation_->on_change(*state_, std::move(heard));
}

void Listener::Channel::announce() noexcept { listener_.conversation_->announce(*state_); }

Listener::Conversation::Conversation(std::shared_ptr<Settings const> settings,
                                     std::shared_ptr<Watchdog> watchdog)
    : settings_(std::move(settings)),
      watchdog_(std::move(watchdog)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (bell_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

bool Listener::Conversation::end() {
  stop_ = true;
  ring();
  std::unique_lock lock{mutex_};
  return over_changed_.wait_for(lock, farewell, [this] { return over_; });
}

void Listener::Conversation::open(std::shared_ptr<State> channel) {
  {
    std::lock_guard lock{mutex_};
    channels_.push_back(std::move(channel));
  }
  channels_changed_ = true;
  ring();
}

// What it has announced last is said all the same.
void Listener::Conversation::close(State const& channel) {
  {
    std::lock_guard lock{mutex_};
    if (channel.announced) farewells_ += notice_of(channel);
    std::erase_if(channels_, [&](auto const& open) { return open.get() == &channel; });
  }
  channels_changed_ = true;
  ring();
}

void Listener::Conversation::on_change(State& channel, std::function<void()> heard) {
  std::lock_guard lock{mutex_};
  channel.heard = std::move(heard);
}

void Listener::Conversation::announce(State& channel) noexcept {
  channel.announcements.fetch_add(1, std::memory_order_relaxed);
  if (channel.announced.exchange(true)) return;
  if (!announced_.exchange(true)) ring();
}

void Listener::Conversation::ring() noexcept {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(bell_, &one, sizeof one);
}

void Listener::Conversation::heard(State const& channel) {
  static bool const deaf = is_sabotaged("deaf_to_hints");  // what the trial wake_up must notice
  if (deaf) return;
  std::lock_guard lock{mutex_};
  if (channel.heard) channel.heard();
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
  std::vector<Heard> all;
  channels_changed_ = true;
  auto last_proof = Clock::now();
  while (!stop_) {
    if (channels_changed_.exchange(false)) follow(connection, all);
    connection.get_notifs();
    auto const due = tell(connection, all);
    auto const now = Clock::now();
    if (now - last_proof > proof_of_life) {
      say(connection, "SELECT 1");
      last_proof = now;
    }
    auto const until = std::min(due.value_or(now + proof_of_life), now + proof_of_life);
    // A negative time would be for ever.
    wait(connection.sock(),
         std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(until - now)));
  }
  follow(connection, all);
  auto const watch = watched(connection);
  all.clear();  // says UNLISTEN
}

void Listener::Conversation::follow(pqxx::connection& connection, std::vector<Heard>& all) {
  std::vector<std::shared_ptr<State>> open;
  std::string farewells;
  {
    std::lock_guard lock{mutex_};
    open = channels_;
    farewells.swap(farewells_);
  }
  (void)tell(connection, all);
  if (!farewells.empty()) say(connection, farewells);
  std::vector<Heard> followed;
  for (auto const& channel : open) {
    auto const known = std::find_if(all.begin(), all.end(),
                                    [&](Heard const& one) { return one.channel == channel; });
    if (known != all.end()) {
      followed.push_back(std::move(*known));
      continue;
    }
    auto const watch = watched(connection);
    followed.push_back(
        {channel, std::make_unique<Receiver>(connection, channel->name,
                                             [this, here = channel.get()] { heard(*here); })});
    heard(*channel);  // what was said meanwhile
  }
  for (auto& closed : all) {
    if (!closed.receiver) continue;
    auto const watch = watched(connection);
    closed.receiver.reset();
  }
  all = std::move(followed);
}

std::optional<Clock::time_point> Listener::Conversation::tell(pqxx::connection& connection,
                                                              std::vector<Heard>& all) {
  announced_ = false;
  std::string notices;
  std::vector<State*> told;
  std::optional<Clock::time_point> next;
  auto const now = Clock::now();
  for (auto& one : all) {
    if (!one.channel->announced) continue;
    if (auto const due = one.pace.due(one.channel->announcements, now); due > now && !stop_) {
      next = std::min(next.value_or(due), due);
      continue;
    }
    one.channel->announced = false;
    told.push_back(one.channel.get());
    one.pace.said(now);
    notices += notice_of(*one.channel);
  }
  if (notices.empty()) return next;
  try {
    say(connection, notices);
  } catch (...) {
    for (auto* channel : told) channel->announced = true;  // over the next connection
    throw;
  }
  return next;
}

std::string Listener::Conversation::notice_of(State const& channel) {
  return "NOTIFY " + as_identifier(channel.name) + ";";
}

void Listener::Conversation::say(pqxx::connection& connection, std::string const& sql) {
  auto const watch = watched(connection);
  pqxx::nontransaction{connection}.exec(sql);
  connection.get_notifs();  // what came with the answer: the socket will not say so
}

void Listener::Conversation::wait(int socket, std::chrono::milliseconds longest) noexcept {
  std::array<pollfd, 2> watched{pollfd{.fd = bell_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = socket, .events = POLLIN, .revents = 0}};
  ::poll(watched.data(), socket < 0 ? 1 : 2, static_cast<int>(longest.count()));
  std::uint64_t rung = 0;
  [[maybe_unused]] auto const read = ::read(bell_, &rung, sizeof rung);
}

}  // namespace cloacina::backend::postgres
