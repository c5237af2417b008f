#include "support/simulation.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/uuid7.hpp"

namespace cloacina::test {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

// Far more than any honest run needs between two moments.
constexpr std::size_t most_events_at_once = 200'000;
constexpr Instant beginning{std::chrono::seconds{1'767'225'600}};  // 2026-01-01

char const* name_of(Conductor::Role role) {
  switch (role) {
    case Conductor::Role::worker:
      return "worker";
    case Conductor::Role::io:
      return "io";
    case Conductor::Role::reader:
      return "reader";
  }
  return "?";
}

}  // namespace

/// What one runner has for an operating system.
struct Simulation::Process final : Conductor {
  Process(Simulation& its_world, std::string its_name)
      : world(its_world), name(std::move(its_name)) {}

  void post(Role role, std::function<void()> work) override {
    if (!killed) world.ready_.push_back({this, role, std::move(work)});
  }
  void post_at(Nanoseconds due, Role role, std::function<void()> work) override {
    if (!killed) world.timers_.emplace(due, Work{this, role, std::move(work)});
  }
  void add_engine(void const* its_owner, std::function<bool()> its_step,
                  std::function<Nanoseconds()> its_next_due) override {
    if (owner)
      throw std::logic_error{"process '" + name + "' has a runner already; name another one"};
    owner = its_owner;
    step = std::move(its_step);
    next_due = std::move(its_next_due);
  }
  void remove_engine(void const* its_owner) noexcept override {
    if (owner == its_owner) owner = nullptr;
  }
  bool run_until(std::function<bool()> const& done, Nanoseconds give_up) override {
    return killed ? done() : world.conduct(done, give_up);
  }

  [[nodiscard]] bool is_running() const noexcept { return !stopped && !killed; }
  /// An engine that waits inside its own turn cannot take another one.
  [[nodiscard]] bool may_step() const noexcept {
    return owner && ended != owner && !stepping && is_running();
  }

  Simulation& world;
  std::string name;
  void const* owner = nullptr;
  void const* ended = nullptr;  // the engine whose last turn is over
  std::function<bool()> step;
  std::function<Nanoseconds()> next_due;
  std::size_t turns = 0;
  bool stepping = false;
  bool stopped = false;
  bool killed = false;
};

Simulation::Simulation(std::uint64_t seed) : order_(seed), values_(seed ^ 0x9e3779b97f4a7c15ull) {}
Simulation::~Simulation() = default;

Instant Simulation::now() const noexcept {
  return beginning + ahead_ + std::chrono::duration_cast<std::chrono::microseconds>(clock_);
}

Environment Simulation::environment(std::string const& process) {
  auto& place = processes_[process];
  if (!place || place->killed) place = std::make_shared<Process>(*this, process);
  Environment environment;
  environment.now = [this] { return now(); };
  environment.monotonic = [this] { return clock_; };
  environment.random = [this] { return std::uniform_real_distribution<double>{0.0, 1.0}(values_); };
  environment.new_id = [this, ids = std::make_shared<Uuid7Generator>()] {
    auto const time =
        std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
    auto const high = values_();
    return ids->next(static_cast<std::uint64_t>(time), high, values_());
  };
  environment.conductor = place;
  return environment;
}

bool Simulation::run_until(std::function<bool()> const& done, Nanoseconds limit) {
  return conduct(done, clock_ + limit);
}

void Simulation::run_for(Nanoseconds time) {
  (void)conduct([] { return false; }, clock_ + time);
}

bool Simulation::conduct(std::function<bool()> const& done, Nanoseconds give_up) {
  std::size_t events = 0;
  for (;;) {
    if (done()) return true;
    if (let_one_happen()) {
      if (++events > most_events_at_once)
        throw std::logic_error{"events without end at one moment of the simulation"};
      continue;
    }
    events = 0;
    auto const next = next_event();
    if (next > give_up || next == Nanoseconds::max()) {
      if (give_up == Nanoseconds::max())
        throw std::logic_error{"nothing will ever happen, and somebody waits for it"};
      clock_ = std::max(clock_, give_up);
      return done();
    }
    clock_ = std::max(clock_, next);
  }
}

bool Simulation::let_one_happen() {
  take_due_timers();
  std::vector<std::size_t> works;
  for (std::size_t i = 0; i < ready_.size(); ++i)
    if (ready_[i].process->is_running()) works.push_back(i);
  std::vector<Process*> engines;
  for (auto const& [name, process] : processes_)
    if (process->may_step() && process->next_due() <= clock_) engines.push_back(process.get());
  auto const choices = works.size() + engines.size();
  if (choices == 0) return false;
  auto const chosen = std::uniform_int_distribution<std::size_t>{0, choices - 1}(order_);
  if (chosen < works.size()) {
    run_work(works[chosen]);
  } else {
    run_engine(*engines[chosen - works.size()]);
  }
  return true;
}

void Simulation::take_due_timers() {
  while (!timers_.empty() && timers_.begin()->first <= clock_) {
    ready_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
}

Nanoseconds Simulation::next_event() {
  auto next = Nanoseconds::max();
  for (auto const& [due, work] : timers_) {
    if (!work.process->is_running()) continue;
    next = due;
    break;
  }
  for (auto const& [name, process] : processes_)
    if (process->may_step()) next = std::min(next, process->next_due());
  return next;
}

void Simulation::run_work(std::size_t index) {
  auto work = std::move(ready_[index]);
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  note(*work.process, name_of(work.role));
  work.run();
}

void Simulation::run_engine(Process& process) {
  struct Turn {
    explicit Turn(bool& flag) : stepping(flag) { stepping = true; }
    ~Turn() { stepping = false; }
    bool& stepping;
  };
  note(process, "engine");
  ++process.turns;
  Turn const turn{process.stepping};
  auto const* const owner = process.owner;
  if (!process.step()) process.ended = owner;
}

void Simulation::note(Process const& process, char const* kind) {
  history_.push_back(std::to_string(clock_.count()) + " " + process.name + " " + kind);
}

Simulation::Process& Simulation::process_named(std::string const& name) {
  auto const found = processes_.find(name);
  if (found == processes_.end())
    throw std::logic_error{"no process '" + name + "' in this simulation"};
  return *found->second;
}

void Simulation::stop(std::string const& process) { process_named(process).stopped = true; }
void Simulation::resume(std::string const& process) { process_named(process).stopped = false; }

void Simulation::kill(std::string const& name) {
  auto& process = process_named(name);
  process.killed = true;
  // Closures may hold the last of something that posts again: they die after the lists are in
  // order.
  std::vector<Work> gone;
  std::erase_if(ready_, [&](Work& work) {
    if (work.process != &process) return false;
    gone.push_back(std::move(work));
    return true;
  });
  for (auto it = timers_.begin(); it != timers_.end();) {
    if (it->second.process == &process) {
      gone.push_back(std::move(it->second));
      it = timers_.erase(it);
    } else {
      ++it;
    }
  }
}

std::size_t Simulation::turns(std::string const& process) const {
  return processes_.at(process)->turns;
}

}  // namespace cloacina::test
