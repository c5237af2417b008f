#include <cloacina/registry.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/error.hpp>

#include "core/loaded_library.hpp"
#include "core/nearest.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

std::string place(SourceLocation const& where) {
  if (*where.file == '\0') return "added at run time";
  return std::string{where.file} + ":" + std::to_string(where.line);
}

/// What a snapshot holds. A runner may outlive the plug-in that its workflows come from: the code
/// is unloaded after them.
struct Kept {
  std::vector<std::shared_ptr<void>> libraries;
  std::map<std::string, Workflow, std::less<>> workflows;
};

struct Entry {
  std::uint64_t ticket = 0;
  std::string name;
  SourceLocation where;
  Registry::Make make = nullptr;       // of a deferred one
  std::optional<Workflow> workflow{};  // made
  std::string failure{};               // why it could not be made; never tried again
};

/// A workflow in a header is registered by every source that includes it: one definition, not a
/// duplicate.
bool is_same_definition(Entry const& a, Entry const& b) {
  return a.make && b.make && a.where.line == b.where.line &&
         std::string_view{a.where.file} == b.where.file;
}

void make(Entry& entry) {
  if (entry.workflow || !entry.failure.empty()) return;
  try {
    entry.workflow = entry.make();
  } catch (std::exception const& error) {
    entry.failure = error.what();
  } catch (...) {
    entry.failure = "workflow '" + entry.name + "' cannot be built: unknown exception";
  }
}

/// A declared trigger, whose library stays loaded for as long as a copy of it may be polled.
TriggerDefinition make_trigger(Registry::MakeTrigger make) {
  auto made = make();
  auto const library = keep_loaded(reinterpret_cast<void const*>(make));
  // The library is the first to come and the last to go: the functions are its code.
  if (made.poll)
    made.poll = [library, poll = std::move(made.poll)](TriggerContext& trigger) {
      return poll(trigger);
    };
  if (made.co_poll)
    made.co_poll = [library, poll = std::move(made.co_poll)](TriggerContext& trigger) {
      return poll(trigger);
    };
  return made;
}

}  // namespace

struct Registry::Impl {
  struct AddedCron {
    std::uint64_t ticket = 0;
    SourceLocation where;
    MakeCron make = nullptr;  // of a declared one
    CronRegistration made{};
  };

  struct AddedTrigger {
    std::uint64_t ticket = 0;
    SourceLocation where;
    MakeTrigger make = nullptr;  // of a deferred one
    TriggerDefinition made{};
  };

  mutable std::recursive_mutex mutex;  // recursive: a workflow being made may register another
  std::vector<std::shared_ptr<Entry>> entries;
  std::vector<AddedCron> crons;
  std::vector<AddedTrigger> triggers;
  std::uint64_t last_ticket = 0;
  bool out_of_memory = false;  // a registrar could not even be recorded

  std::uint64_t add(Entry entry) {
    std::lock_guard const lock{mutex};
    entry.ticket = ++last_ticket;
    entries.push_back(std::make_shared<Entry>(std::move(entry)));
    return last_ticket;
  }

  /// What is wrong with all entries together, and the workflows by name.
  Kept collect(std::string& problems) const {
    Kept kept;
    std::map<std::string_view, std::shared_ptr<Entry>> first;
    auto report = [&](std::string const& sentence) { problems += "\n  - " + sentence; };
    if (out_of_memory) report("memory was short while workflows registered, so some are missing");
    // By index and with a share of the entry: making one may add and remove others.
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto const entry = entries[i];
      auto const [known, is_new] = first.emplace(entry->name, entry);
      if (!is_new && is_same_definition(*known->second, *entry)) continue;
      if (!is_new) {
        report("workflow '" + entry->name +
               "' is registered twice: " + place(known->second->where) + " and " +
               place(entry->where) + "; rename one of them");
        continue;
      }
      make(*entry);
      if (!entry->workflow) {
        report(entry->failure + " (" + place(entry->where) + ")");
        continue;
      }
      kept.workflows.emplace(entry->name, *entry->workflow);
      if (entry->make)
        kept.libraries.push_back(keep_loaded(reinterpret_cast<void const*>(entry->make)));
    }
    return kept;
  }
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}

Registry::Registry(Registry const& other) : Registry() {
  std::lock_guard const lock{other.impl_->mutex};
  for (auto const& entry : other.impl_->entries)
    impl_->entries.push_back(std::make_shared<Entry>(*entry));
  impl_->crons = other.impl_->crons;
  impl_->triggers = other.impl_->triggers;
  impl_->last_ticket = other.impl_->last_ticket;
  impl_->out_of_memory = other.impl_->out_of_memory;
}

Registry& Registry::operator=(Registry const& other) {
  if (this != &other) impl_ = std::move(Registry(other).impl_);
  return *this;
}

Registry::Registry(Registry&& other) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

Registry& Registry::global() noexcept {
  // Never destroyed: registrars of libraries that are unloaded late still reach it.
  static Registry* const registry = new Registry;
  return *registry;
}

void Registry::add(Workflow workflow, SourceLocation where) {
  auto name = workflow.name();
  impl_->add({.name = std::move(name), .where = where, .workflow = std::move(workflow)});
}

std::uint64_t Registry::add_deferred(std::string_view name, Make make,
                                     SourceLocation where) noexcept {
  std::lock_guard const lock{impl_->mutex};
  try {
    return impl_->add({.name = std::string{name}, .where = where, .make = make});
  } catch (...) {
    impl_->out_of_memory = true;
    return 0;
  }
}

void Registry::remove(std::uint64_t ticket) noexcept {
  std::lock_guard const lock{impl_->mutex};
  std::erase_if(impl_->entries, [ticket](auto const& entry) { return entry->ticket == ticket; });
  std::erase_if(impl_->crons, [ticket](auto const& cron) { return cron.ticket == ticket; });
  std::erase_if(impl_->triggers, [ticket](auto const& added) { return added.ticket == ticket; });
}

std::uint64_t Registry::add_cron(MakeCron make, SourceLocation where) noexcept {
  std::lock_guard const lock{impl_->mutex};
  try {
    impl_->crons.push_back({++impl_->last_ticket, where, make});
    return impl_->last_ticket;
  } catch (...) {
    impl_->out_of_memory = true;
    return 0;
  }
}

std::uint64_t Registry::add_deferred_trigger(MakeTrigger make, SourceLocation where) noexcept {
  std::lock_guard const lock{impl_->mutex};
  try {
    impl_->triggers.push_back({++impl_->last_ticket, where, make});
    return impl_->last_ticket;
  } catch (...) {
    impl_->out_of_memory = true;
    return 0;
  }
}

void Registry::add_cron(CronRegistration schedule, SourceLocation where) {
  std::lock_guard const lock{impl_->mutex};
  impl_->crons.push_back({++impl_->last_ticket, where, nullptr, std::move(schedule)});
}

void Registry::add_trigger(TriggerDefinition trigger, SourceLocation where) {
  std::lock_guard const lock{impl_->mutex};
  impl_->triggers.push_back({++impl_->last_ticket, where, nullptr, std::move(trigger)});
}

std::vector<TriggerDefinition> Registry::triggers() const {
  std::lock_guard const lock{impl_->mutex};
  std::vector<TriggerDefinition> made;
  std::map<std::string, SourceLocation, std::less<>> places;
  for (auto const& added : impl_->triggers) {
    auto trigger = added.make ? make_trigger(added.make) : added.made;
    auto const [known, is_new] = places.emplace(trigger.name, added.where);
    if (!is_new)
      throw ValidationError("trigger '" + trigger.name +
                                "' is registered twice: " + place(known->second) + " and " +
                                place(added.where) + "; rename one of them",
                            trigger.name);
    made.push_back(std::move(trigger));
  }
  return made;
}

std::vector<CronRegistration> Registry::crons() const {
  std::lock_guard const lock{impl_->mutex};
  std::vector<CronRegistration> made;
  for (auto const& cron : impl_->crons) {
    try {
      made.push_back(cron.make ? cron.make() : cron.made);
    } catch (Error const& error) {
      throw ValidationError(
          std::string{"a schedule cannot be made ("} + place(cron.where) + "): " + error.what(),
          error.where());
    }
  }
  return made;
}

std::vector<std::string> Registry::names() const {
  std::lock_guard const lock{impl_->mutex};
  std::set<std::string> names;
  for (auto const& entry : impl_->entries) names.insert(entry->name);
  return {names.begin(), names.end()};
}

std::optional<Workflow> Registry::find(std::string_view name) const {
  std::lock_guard const lock{impl_->mutex};
  auto const found = std::find_if(impl_->entries.begin(), impl_->entries.end(),
                                  [name](auto const& entry) { return entry->name == name; });
  if (found == impl_->entries.end()) return std::nullopt;
  auto const entry = *found;  // making it may add and remove others
  make(*entry);
  if (!entry->workflow)
    throw ValidationError(entry->failure + " (" + place(entry->where) + ")", entry->name);
  return entry->workflow;
}

Registry::Snapshot Registry::snapshot() const {
  std::lock_guard const lock{impl_->mutex};
  std::string problems;
  auto kept = std::make_shared<Kept>(impl_->collect(problems));
  if (!problems.empty())
    throw ValidationError("the registered workflows cannot be used:" + problems);
  return {kept, &kept->workflows};
}

std::string workflow_not_found_message(std::string_view name,
                                       std::vector<std::string> const& known) {
  auto text = "no workflow named '" + to_storable_utf8(name, 255) + "' is registered";
  if (auto const near = did_you_mean(name, known); !near.empty()) return text + near;
  if (known.empty()) text += "; no workflow is registered at all";
  return text + ". " CLOACINA_DETAIL_SAY_DROPPED_BY_LINKER;
}

}  // namespace cloacina
