#include "engine/trigger_poll.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/detail/task_run.hpp>
#include <cloacina/error.hpp>
#include <cloacina/invocation.hpp>

#include "core/context_limit.hpp"
#include "core/instant_text.hpp"
#include "core/sha256.hpp"
#include "core/utf8.hpp"
#include "core/workflow_inputs.hpp"

namespace cloacina::engine {
namespace {

constexpr std::size_t longest_reason = 2'000;
constexpr std::size_t hash_digits = 32;
constexpr char same_input_unfinished[] = "an execution with the same input was unfinished";

asio::awaitable<void> co_poll(std::shared_ptr<TriggerPoll> poll, detail::TaskRun& run) {
  TriggerContext context{run, poll->trigger->name, poll->state};
  auto result = co_await poll->trigger->co_poll(context);
  poll->result = std::move(result);
  poll->state = std::move(context.state);
}

/// Equal for equal inputs, in whatever order their keys stand.
std::string hash_of(Context const& context) {
  auto const parsed = nlohmann::json::parse(context.to_json());  // sorts the keys
  return sha256_hex(parsed.dump()).substr(0, hash_digits);
}

std::string input_of(TriggerPoll const& poll, Context context, Workflow const& workflow, Instant at,
                     std::size_t max_context_bytes) {
  for (auto const key : detail::given_by_trigger)
    if (context.contains(key))
      throw ValidationError{"input '" + std::string{key} +
                                "' is what each execution of a trigger is given; rename yours",
                            std::string{key}};
  context.put("trigger_name", poll.trigger->name);
  context.put("triggered_at", to_iso_text(at));
  return checked_input(workflow, context, max_context_bytes);
}

}  // namespace

ReadyTask ready_poll(std::shared_ptr<TriggerPoll> poll, std::chrono::milliseconds limit) {
  auto body = std::make_shared<detail::TaskBody>();
  auto const& trigger = *poll->trigger;
  TaskDefinition task;
  task.id = trigger.name;
  task.timeout = limit;
  task.priority = INT16_MAX;
  if (trigger.co_poll) {
    body->co_run = [poll](detail::TaskRun& run) { return co_poll(poll, run); };
  } else {
    body->run = [poll](detail::TaskRun& run) {
      TriggerContext context{run, poll->trigger->name, poll->state};
      poll->result = poll->trigger->poll(context);
      poll->state = std::move(context.state);
    };
  }
  task.body = std::move(body);
  auto workflow = std::make_shared<detail::WorkflowData>();
  workflow->name = trigger.workflow;
  workflow->tasks.push_back(std::move(task));
  return {.execution = {0, poll_generation},
          .epoch = 0,
          .task = 0,
          .attempt = 1,
          .id = {},
          .workflow = std::move(workflow),
          .given = {},
          .missing = {},
          .stopped = std::make_shared<std::atomic<bool>>(false)};
}

FoundByPoll found_by(TriggerPoll const& poll, Workflow const& workflow, Instant at,
                     std::size_t max_context_bytes, std::function<ExecutionId()> const& new_id) {
  FoundByPoll found;
  found.at = at;
  found.workflow = workflow.name();
  found.kept = poll.state;
  found.state = poll.state.to_json();
  if (found.state.size() > max_context_bytes)
    throw ValidationError{too_large("the state of trigger '" + poll.trigger->name + "'", poll.state,
                                    found.state.size(), max_context_bytes),
                          poll.trigger->name};
  auto const& contexts = poll.result.contexts();
  if (contexts.size() > most_fires)
    throw ValidationError{"a poll fires " + std::to_string(contexts.size()) +
                              " executions; at most 10000 are allowed: leave the rest to the next "
                              "poll, and keep in the state how far it is",
                          poll.trigger->name};
  std::size_t bytes = 0;
  std::set<std::string> hashes;
  for (auto const& context : poll.result.contexts()) {
    auto hash = hash_of(context);
    if (!hashes.insert(hash).second && !poll.trigger->allow_concurrent) continue;
    auto& fire = found.fires.emplace_back();
    fire.execution = new_id();
    fire.workflow_version = workflow.version();
    fire.input = input_of(poll, context, workflow, at, max_context_bytes);
    fire.context_hash = std::move(hash);
    bytes += fire.input.size();
    if (bytes > most_fired_bytes)
      throw ValidationError{
          "a poll fires more than 64 MiB of inputs; leave the rest to the next "
          "poll, and keep in the state how far it is",
          poll.trigger->name};
  }
  return found;
}

PollVerdict decide_poll(dal::ScheduleRow&& row, FoundByPoll const& found, bool allow_concurrent,
                        dal::UnfinishedHashes const& unfinished) {
  PollVerdict verdict{{std::move(row), {}, {}}, false};
  auto& stored = verdict.decision.row;
  // R8: of an earlier try, whose answer was lost.
  if (std::any_of(found.fires.begin(), found.fires.end(),
                  [&](auto const& fire) { return stored.last_execution == fire.execution; }))
    return verdict;
  auto& fires = verdict.decision.firings;
  std::set<std::string, std::less<>> waits_for;
  if (!allow_concurrent && !found.fires.empty()) {
    std::vector<std::string_view> hashes;
    for (auto const& fire : found.fires) hashes.push_back(fire.context_hash);
    waits_for = unfinished(hashes);
  }
  for (auto const& fire : found.fires) {
    if (waits_for.contains(fire.context_hash))
      verdict.suppressed = true;
    else
      fires.push_back(fire);
  }
  if (verdict.suppressed && found.state_changed) {
    fires.clear();  // a later poll finds it again, since the state stays
    return verdict;
  }
  // Each has an instant of its own, whatever the clock does.
  auto at = found.at;
  if (stored.last_at) at = std::max(at, *stored.last_at + std::chrono::microseconds{1});
  for (auto& fire : fires) fire.nominal = std::exchange(at, at + std::chrono::microseconds{1});
  stored.state = found.state;
  stored.workflow = found.workflow;
  return verdict;
}

void PollHistory::note(FiringOutcome outcome, std::string_view reason, Instant at) {
  if (outcome == FiringOutcome::skipped) reason = same_input_unfinished;
  auto text = to_storable_utf8(reason, longest_reason);
  if (open_ && lines_.back().outcome == outcome) {
    lines_.back().last = at;
    ++*lines_.back().instants;
    lines_.back().reason = std::move(text);
    return;
  }
  lines_.push_back({at, at, 1, std::move(text), outcome});
  open_ = urgent_ = true;
}

void PollHistory::stored() {
  urgent_ = false;
  // What may grow is kept, to be told again.
  if (lines_.size() > 1) lines_.erase(lines_.begin(), lines_.end() - 1);
  if (!open_) lines_.clear();
}

}  // namespace cloacina::engine
