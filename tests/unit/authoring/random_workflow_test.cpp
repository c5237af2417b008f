// The compiler's checks are constexpr functions, so they also run here: on random workflows,
// against the builder's checks, which share no code with them, and against the rules taken word by
// word.
#include <cstdlib>
#include <deque>
#include <random>
#include <set>

#include <cloacina/detail/check_keys.hpp>
#include <cloacina/detail/check_tasks.hpp>
#include <cloacina/detail/sentences.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using cloacina::detail::Fault;

namespace {

void nothing(TaskContext<>&) {}

constexpr int key_count = 3;

struct RandomTask {
  std::string id;
  std::vector<int> after;  // positions, and -1 for a name that does not exist
  std::set<int> reads, writes, merges;
  int rule_about = -1;
};

struct RandomWorkflow {
  std::vector<RandomTask> tasks;
  std::set<int> inputs;
};

RandomWorkflow random_workflow(std::mt19937& random) {
  auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  RandomWorkflow workflow;
  int const count = 1 + below(9);
  int const density = 10 + below(60);
  bool const may_loop = chance(10);
  std::vector<int> rank(static_cast<std::size_t>(count));
  for (auto& r : rank) r = below(1000);
  for (int i = 0; i < count; ++i) {
    RandomTask task;
    task.id = chance(1) ? "t0" : "t" + std::to_string(i);
    for (int j = 0; j < count; ++j) {
      bool const earlier = std::pair{rank[static_cast<std::size_t>(j)], j} <
                           std::pair{rank[static_cast<std::size_t>(i)], i};
      if ((earlier || (may_loop && chance(10))) && chance(density)) task.after.push_back(j);
    }
    if (chance(1)) task.after.push_back(-1);
    for (int k = 0; k < key_count; ++k) {
      if (chance(12)) task.reads.insert(k);
      if (chance(20)) task.writes.insert(k);
      if (chance(30)) task.merges.insert(k);
    }
    if (chance(10)) task.rule_about = below(count);
    workflow.tasks.push_back(task);
  }
  for (int k = 0; k < key_count; ++k)
    if (chance(60)) workflow.inputs.insert(k);
  return workflow;
}

char const* const key_names[] = {"k0", "k1", "k2"};
detail::KeyInfo const keys[] = {{"k0", detail::number_of("k0"), 1},
                                {"k1", detail::number_of("k1"), 1},
                                {"k2", detail::number_of("k2"), 1}};

// ---- as the compiler sees it
// -----------------------------------------------------------------------------------------

KeyRef key_ref(int k) {
  KeyRef ref;
  ref.info = &keys[k];
  return ref;
}

Fault compiler_says(RandomWorkflow const& workflow) {
  std::deque<TaskOptions> options;
  std::deque<detail::TaskInfo> infos;
  WorkflowOptions made;
  for (auto const& task : workflow.tasks) {
    TaskOptions& o = options.emplace_back();
    for (int j : task.after)
      o.after.push_back(j < 0 ? TaskRef("nowhere")
                              : TaskRef(workflow.tasks[static_cast<std::size_t>(j)].id.c_str()));
    for (int k : task.reads) o.reads.push_back(key_ref(k));
    for (int k : task.merges) o.merges.push_back(key_ref(k));
    for (int k : task.writes) {
      WriteRef ref;
      ref.info = &keys[k];
      o.writes.push_back(ref);
    }
    if (task.rule_about >= 0)
      o.trigger_rule =
          when::task_failed(workflow.tasks[static_cast<std::size_t>(task.rule_about)].id);
    detail::TaskInfo& info = infos.emplace_back();
    info.name = task.id;
    info.options = &o;
    TaskRef ref;
    ref.name = task.id;
    ref.info = &info;
    ref.is_symbol = true;
    made.tasks.push_back(ref);
  }
  for (int k : workflow.inputs) made.inputs.push_back(key_ref(k));

  auto const graph = detail::check_structure(made);
  if (graph.found.fault != Fault::none) return graph.found.fault;
  if (auto const found = detail::check_tasks(made, graph); found.fault != Fault::none)
    return found.fault;
  constexpr std::size_t room = 256;  // more than these workflows mention
  auto const mentions = detail::sorted_mentions<room>(made);
  return detail::check_keys(made, graph, mentions.data(), detail::count_mentions(made)).fault;
}

// ---- as the builder sees it
// ------------------------------------------------------------------------------------------

std::string builder_says(RandomWorkflow const& workflow) {
  WorkflowBuilder builder{"random"};
  for (auto const& task : workflow.tasks) {
    TaskSettings settings;
    for (int j : task.after)
      settings.after.push_back(j < 0 ? "nowhere" : workflow.tasks[static_cast<std::size_t>(j)].id);
    for (int k : task.reads) settings.reads.emplace_back(key_names[k]);
    for (int k : task.writes) settings.writes.emplace_back(key_names[k]);
    for (int k : task.merges) settings.merges.emplace_back(key_names[k]);
    if (task.rule_about >= 0)
      settings.trigger_rule =
          when::task_failed(workflow.tasks[static_cast<std::size_t>(task.rule_about)].id);
    builder.task(task.id, std::move(settings), nothing);
  }
  for (int k : workflow.inputs) builder.input(key_names[k]);
  try {
    static_cast<void>(builder.build());
    return "";
  } catch (ValidationError const& error) {
    return error.what();
  }
}

// ---- the rules, word by word
// -----------------------------------------------------------------------------------------

class Reference {
 public:
  explicit Reference(RandomWorkflow const& workflow)
      : w_(workflow), n_(static_cast<int>(workflow.tasks.size())) {}

  bool duplicate() const {
    std::set<std::string> ids;
    for (auto const& task : w_.tasks)
      if (!ids.insert(task.id).second) return true;
    return false;
  }
  bool unknown() const {
    for (auto const& task : w_.tasks)
      for (int j : task.after)
        if (j < 0) return true;
    return false;
  }
  bool upstream(int earlier, int later) const {
    std::set<int> seen;
    return reaches(later, earlier, seen);
  }
  bool cycle() const {
    for (int i = 0; i < n_; ++i)
      if (upstream(i, i)) return true;
    return false;
  }
  bool wrong_rule() const {
    for (int i = 0; i < n_; ++i)
      if (task(i).rule_about >= 0 && !upstream(task(i).rule_about, i)) return true;
    return false;
  }
  bool missing_input() const {
    for (int i = 0; i < n_; ++i)
      for (int k : task(i).reads) {
        bool found = w_.inputs.contains(k);
        for (int j = 0; j < n_; ++j)
          found = found || (upstream(j, i) && task(j).writes.contains(k));
        if (!found) return true;
      }
    return false;
  }
  /// Somewhere, or at the end of the workflow, values of writers meet that are not ordered, and
  /// neither that task nor one before it that comes after all of them says that it merges.
  bool write_conflict() const {
    for (int k = 0; k < key_count; ++k)
      for (int i = 0; i <= n_; ++i) {
        auto const latest = latest_before(i, k);
        if (latest.size() > 1 && !(i < n_ && task(i).merges.contains(k)) &&
            !merged_before(i, k, latest))
          return true;
      }
    return false;
  }

 private:
  RandomTask const& task(int i) const { return w_.tasks[static_cast<std::size_t>(i)]; }
  bool reaches(int from, int to, std::set<int>& seen) const {
    for (int j : task(from).after) {
      if (j == to) return true;
      if (seen.insert(j).second && reaches(j, to, seen)) return true;
    }
    return false;
  }
  bool is_before(int j, int i) const { return i == n_ || upstream(j, i); }
  bool merged_before(int i, int k, std::set<int> const& writers) const {
    for (int j = 0; j < n_; ++j) {
      bool merges_all = is_before(j, i) && task(j).merges.contains(k);
      for (int writer : writers) merges_all = merges_all && upstream(writer, j);
      if (merges_all) return true;
    }
    return false;
  }
  /// Writers of a key upstream of a task (of the end: all) that have no later one upstream of it.
  std::set<int> latest_before(int i, int k) const {
    std::set<int> latest;
    for (int a = 0; a < n_; ++a) {
      bool is_latest = is_before(a, i) && task(a).writes.contains(k);
      for (int b = 0; b < n_; ++b)
        if (is_before(b, i) && task(b).writes.contains(k) && upstream(a, b)) is_latest = false;
      if (is_latest) latest.insert(a);
    }
    return latest;
  }

  RandomWorkflow const& w_;
  int n_;
};

Fault reference_says(RandomWorkflow const& workflow) {
  Reference const reference{workflow};
  if (reference.duplicate()) return Fault::listed_twice;
  if (reference.unknown()) return Fault::unknown_dependency;
  if (reference.cycle()) return Fault::cycle;
  if (reference.wrong_rule()) return Fault::rule_not_upstream;
  if (reference.missing_input()) return Fault::missing_input;
  if (reference.write_conflict()) return Fault::write_conflict;
  return Fault::none;
}

std::string sentence(Fault fault) {
  switch (fault) {
    case Fault::listed_twice:
      return CLOACINA_DETAIL_SAY_LISTED_TWICE;
    case Fault::unknown_dependency:
      return CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY;
    case Fault::cycle:
      return CLOACINA_DETAIL_SAY_CYCLE;
    case Fault::rule_not_upstream:
      return CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM;
    case Fault::missing_input:
      return CLOACINA_DETAIL_SAY_MISSING_INPUT;
    case Fault::write_conflict:
      return CLOACINA_DETAIL_SAY_WRITE_CONFLICT;
    default:
      return "";
  }
}

}  // namespace

TEST_CASE("compiler, builder and rules agree on random workflows", "[authoring][random]") {
  auto const* given = std::getenv("CLOACINA_TEST_SEED");
  unsigned const seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20130208u;
  std::map<Fault, int> seen;
  for (unsigned i = 0; i < 4000; ++i) {
    std::mt19937 random{seed + i};
    auto const workflow = random_workflow(random);
    auto const expected = reference_says(workflow);
    ++seen[expected];
    CAPTURE(seed + i, sentence(expected));
    REQUIRE(static_cast<int>(compiler_says(workflow)) == static_cast<int>(expected));
    auto const problem = builder_says(workflow);
    if (expected == Fault::none)
      REQUIRE(problem == "");
    else
      REQUIRE_THAT(problem, Catch::Contains(sentence(expected)));
  }
  for (auto fault : {Fault::none, Fault::listed_twice, Fault::unknown_dependency, Fault::cycle,
                     Fault::rule_not_upstream, Fault::missing_input, Fault::write_conflict}) {
    CAPTURE(sentence(fault));
    CHECK(seen[fault] >= 20);  // the generator reaches every rule
  }
}
