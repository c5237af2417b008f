#include "fleet.hpp"

#include <algorithm>
#include <chrono>

#include <cloacina/error.hpp>

#include "support/raw_database.hpp"

namespace cloacina::trial {
namespace {

using namespace std::chrono_literals;
using backend::Failure;
using backend::SessionError;

constexpr int most_events = 40;
constexpr auto lease = 3s;
constexpr auto longest_life = 1h;  // simulated, after the last fault

}  // namespace

/// One place of the fleet: a process, and after its death the next one.
struct Fleet::Member {
  std::string slot;
  std::string process;  // of the one that lives
  int lives = 0;
  bool stopped = false;
  std::unique_ptr<test::SimulatedRunner> runner;
  int errors_left = 0;  // calls of the database that will fail
};

Fleet::Fleet(std::uint64_t seed, std::filesystem::path database)
    : dice_(seed),
      database_(std::move(database)),
      plans_(random_plans(dice_)),
      simulation_(dice_()) {
  for (auto const& plan : plans_) workflows_.push_back(build(plan, witness_));
  auto const size = draw(dice_, 2, 5);
  for (std::uint64_t i = 0; i < size; ++i) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->slot = std::to_string(i);
  }
}

Fleet::~Fleet() {
  open_.clear();
  members_.clear();
}

std::string Fleet::history() const {
  std::string text;
  for (auto const& line : simulation_.history()) text += line + "\n";
  return text + count(database_).rows;
}

std::vector<std::string> Fleet::run() {
  for (auto& member : members_) start(*member);
  watch_history(database_);
  for (int i = 0; i < most_events; ++i) {
    one_event();
    simulation_.run_for(std::chrono::milliseconds{draw(dice_, 0, 3) * draw(dice_, 0, 900)});
    note_answers();
  }
  return settle();
}

void Fleet::start(Member& member) {
  member.process = member.slot + "." + std::to_string(member.lives++);
  member.stopped = false;
  member.errors_left = 0;
  DefaultRunnerConfig config;
  config.lease = lease;
  config.max_concurrent_tasks = 2;
  config.max_active_executions = draw(dice_, 0, 2) == 0 ? 2 : 100;
  member.runner = std::make_unique<test::SimulatedRunner>(
      simulation_, workflows_,
      test::SimulatedRunnerOptions{
          .url = "sqlite://" + database_.string() + "?_synchronous=NORMAL",
          .process = member.process,
          .config = config,
          .fault = [this, &member](std::string_view point) { at_point(member, point); }});
}

void Fleet::kill(Member& member) {
  ++happened_.kills;
  note_answers();
  simulation_.kill(member.process);
  std::erase_if(open_, [&](Submission const& open) {
    return open.told.key.starts_with(member.process + ".");
  });
  member.runner.reset();
}

Fleet::Member& Fleet::any(bool running) {
  std::vector<Member*> chosen;
  for (auto& member : members_)
    if (running == (member->runner && !member->stopped)) chosen.push_back(member.get());
  if (chosen.empty()) return *members_[dice_() % members_.size()];
  return *chosen[dice_() % chosen.size()];
}

void Fleet::one_event() {
  auto const chance = draw(dice_, 0, 99);
  if (chance < 55) return submit(any(true));
  if (chance < 75) {
    auto& member = any(false);
    if (!member.runner) return start(member);
    if (member.stopped) simulation_.resume(member.process);
    member.stopped = false;
    return;
  }
  auto& member = any(true);
  if (!member.runner || member.stopped) return;
  if (chance < 82) return kill(member);
  if (chance < 88) {
    ++happened_.stalls;
    member.stopped = true;
    return simulation_.stop(member.process);
  }
  if (chance < 93) {
    member.errors_left = static_cast<int>(draw(dice_, 1, 6));
    return;
  }
  if (chance < 95) {  // dies in the middle of a transaction, or before it learns how one ended
    member.errors_left = static_cast<int>(draw(dice_, 1, 3));
    simulation_.run_for(std::chrono::milliseconds{draw(dice_, 1, 2'000)});
    return kill(member);
  }
  if (chance < 97) {
    ++happened_.jumps;
    return simulation_.set_clock(std::chrono::seconds{draw(dice_, 0, 60)} - 30s);
  }
  cancel(member);
}

void Fleet::at_point(Member& member, std::string_view point) {
  if (calm_ || member.lives == 0 || !member.runner) return;  // a first boot is trial 22's
  bool const commit = point.starts_with("commit.");
  if (member.errors_left == 0 || draw(dice_, 0, 3) != 0) return;
  --member.errors_left;
  ++happened_.errors;
  auto const failure = commit                   ? Failure::unknown
                       : draw(dice_, 0, 1) == 0 ? Failure::again
                                                : Failure::broken;
  throw SessionError{failure, "injected at " + std::string{point}, "SQLITE_IOERR"};
}

void Fleet::submit(Member& member) {
  if (!member.runner || member.stopped) return;
  ++happened_.submissions;
  auto const& workflow = plans_[dice_() % plans_.size()].name;
  auto const key = member.process + "." + std::to_string(next_key_++);
  open_.push_back(
      {member.runner->begin(workflow, {}, {.idempotency_key = key}), {{}, workflow, key}});
}

/// What was acknowledged by now must be there for ever, and what was refused must not.
void Fleet::note_answers() {
  std::erase_if(open_, [this](Submission& open) {
    if (!open.pending.acceptance->signal().is_set()) return false;
    open.told.refused = open.pending.acceptance->error() != nullptr;
    happened_.refusals += open.told.refused ? 1 : 0;
    if (!open.told.refused) open.told.execution = open.pending.handle.id();
    told_.push_back(open.told);
    return true;
  });
}

void Fleet::cancel(Member& member) {
  if (told_.empty()) return;
  auto& told = told_[dice_() % told_.size()];
  if (told.refused) return;
  told.asked_to_cancel = true;
  try {
    member.runner->machine().cancel(told.execution, "enough");
    told.cancelled = true;
    ++happened_.cancels;
  } catch (Error const&) {
    // It had ended, or the database did not answer in time: both are honest answers.
  }
}

bool Fleet::all_ended() const {
  return test::RawDatabase{database_}.integer(
             "SELECT count(*) FROM workflow_executions WHERE status NOT IN ('Completed', 'Failed', "
             "'Cancelled')") == 0;
}

std::vector<std::string> Fleet::settle() {
  calm_ = true;
  for (auto& member : members_) {
    if (!member->runner) start(*member);
    if (member->stopped) simulation_.resume(member->process);
    member->stopped = false;
  }
  auto const give_up = simulation_.monotonic() + longest_life;
  while (simulation_.monotonic() < give_up) {
    simulation_.run_for(2s);
    note_answers();
    if (open_.empty() && all_ended()) break;
  }
  simulation_.run_for(3 * lease);  // who died last is declared dead too
  std::vector<std::string> problems;
  if (!open_.empty())
    problems.push_back("silent: " + open_.front().told.key + " was never answered");
  for (auto& member : members_) member->runner->shutdown();
  auto const found = judge(database_, plans_, told_, witness_);
  problems.insert(problems.end(), found.begin(), found.end());
  return problems;
}

}  // namespace cloacina::trial
