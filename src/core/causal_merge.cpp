// Merging the contexts of several dependencies: what they differ in, who came last, and what that
// gives.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/causal_context.hpp"
#include "core/latest_writers.hpp"

namespace cloacina {

using detail::ContextData;

/// One merge, from its parents to the result. Keys are views into the parents, which do not change
/// meanwhile.
class CausalMerge {
 public:
  CausalMerge(std::span<CausalContext const* const> parents, Edges const& dependencies)
      : parents_(parents), first_(*parents.front()), latest_(dependencies) {}

  [[nodiscard]] CausalContext run();

 private:
  using Version = CausalContext::Version;
  using Versions = CausalContext::Versions;
  using Entry = ContextData::Entry;

  /// A key in which not all parents agree.
  struct Contested {
    std::string_view key;
    Versions versions;
    /// Whether the version in the first parent's table is one more candidate. Not where changes on
    /// top of that very table are all there is: whoever made one was given the table, so he is
    /// downstream of its writers.
    bool with_first = false;
  };

  void collect(CausalContext const& parent);
  void collect_table(CausalContext const& parent);
  void collect_removed(CausalContext const& parent);
  void contest(std::string_view key, Version const& version, bool with_first);
  [[nodiscard]] bool agrees(CausalContext const& parent, Entry const& entry,
                            std::size_t position) const;
  [[nodiscard]] Entry const* in_first(std::string_view key, std::size_t position) const noexcept;
  void add_first(Contested& contested) const;
  void keep_latest(Contested& contested);
  void put_in_order();
  void write(CausalContext& result) const;
  [[nodiscard]] static bool is_unchanged(CausalContext const& result, Contested const& contested);

  std::span<CausalContext const* const> parents_;
  CausalContext const& first_;
  LatestWriters latest_;
  std::vector<Contested> contested_;
  std::unordered_map<std::string_view, std::size_t> position_of_;
  std::set<std::pair<void const*, void const*>> tables_seen_;
};

CausalContext CausalContext::merge(std::span<CausalContext const* const> parents,
                                   Edges const& dependencies) {
  return CausalMerge{parents, dependencies}.run();
}

CausalContext CausalMerge::run() {
  for (auto const* const parent : parents_) collect(*parent);
  CausalContext result;
  result.settled_ = first_.settled_;
  result.several_ = first_.several_;
  result.pending_ = first_.pending_;
  if (contested_.empty()) return result;
  for (auto& contested : contested_) {
    if (contested.with_first) add_first(contested);
    keep_latest(contested);
  }
  put_in_order();
  write(result);
  return result;
}

void CausalMerge::collect(CausalContext const& parent) {
  bool const has_first_table =
      parent.table() == first_.table() && parent.several_ == first_.several_;
  if (has_first_table && parent.pending_.empty()) return;
  if (!has_first_table && tables_seen_.emplace(parent.table(), parent.several_.get()).second) {
    collect_table(parent);
    collect_removed(parent);
  }
  if (&parent == &first_ && parents_.size() == 1) return;
  for (auto const& change : parent.pending_) contest(change.key, change.version, !has_first_table);
}

void CausalMerge::collect_table(CausalContext const& parent) {
  if (parent.table() == nullptr) return;
  auto const& entries = parent.table()->entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto const& entry = entries[i];
    if (!entry.value || agrees(parent, entry, i)) continue;
    if (entry.origin.writer != CausalContext::several) {
      contest(entry.key, {entry.origin, entry.value}, true);
      continue;
    }
    for (auto const& version : *parent.several_of(entry.key)) contest(entry.key, version, true);
  }
}

void CausalMerge::collect_removed(CausalContext const& parent) {
  if (!parent.several_ || parent.several_ == first_.several_) return;
  for (auto const& [key, versions] : parent.several_->of) {
    if (parent.settled_.contains(key)) continue;  // was found in the table
    for (auto const& version : versions) contest(key, version, true);
  }
}

void CausalMerge::contest(std::string_view key, Version const& version, bool with_first) {
  auto const [found, is_new] = position_of_.emplace(key, contested_.size());
  if (is_new) contested_.push_back({key, {}, false});
  auto& contested = contested_[found->second];
  contested.versions.push_back(version);
  contested.with_first = contested.with_first || with_first;
}

CausalMerge::Entry const* CausalMerge::in_first(std::string_view key,
                                                std::size_t position) const noexcept {
  auto const* const table = first_.table();
  if (table == nullptr) return nullptr;
  // Tables that grew from one have the same keys in the same places: mostly this spares the search.
  if (position < table->entries().size()) {
    auto const& entry = table->entries()[position];
    if (entry.value && entry.key == key) return &entry;
  }
  return table->find(key);
}

bool CausalMerge::agrees(CausalContext const& parent, Entry const& entry,
                         std::size_t position) const {
  auto const* const other = in_first(entry.key, position);
  if (other == nullptr || other->origin != entry.origin) return false;
  if (entry.origin.writer != CausalContext::several || parent.several_ == first_.several_)
    return true;
  auto const& a = *parent.several_of(entry.key);
  auto const& b = *first_.several_of(entry.key);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Version const& x, Version const& y) {
    return x.origin.writer == y.origin.writer;
  });
}

void CausalMerge::add_first(Contested& contested) const {
  if (auto const* const versions = first_.several_of(contested.key)) {
    contested.versions.insert(contested.versions.end(), versions->begin(), versions->end());
  } else if (auto const* const entry =
                 first_.table() == nullptr ? nullptr : first_.table()->find(contested.key)) {
    contested.versions.push_back({entry->origin, entry->value});
  }
}

void CausalMerge::keep_latest(Contested& contested) {
  auto& versions = contested.versions;
  auto const by_writer = [](Version const& a, Version const& b) {
    return a.origin.writer < b.origin.writer;
  };
  auto const same_writer = [](Version const& a, Version const& b) {
    return a.origin.writer == b.origin.writer;
  };
  std::sort(versions.begin(), versions.end(), by_writer);
  versions.erase(std::unique(versions.begin(), versions.end(), same_writer), versions.end());
  // The input, which has the greatest number, is upstream of all tasks.
  if (versions.size() > 1 && versions.back().origin.writer == CausalContext::the_input)
    versions.pop_back();
  if (versions.size() < 2) return;
  std::vector<TaskIndex> writers;
  for (auto const& version : versions) writers.push_back(version.origin.writer);
  auto const& is_latest = latest_.of(writers);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!is_latest[i]) continue;
    if (kept != i) versions[kept] = std::move(versions[i]);
    ++kept;
  }
  versions.resize(kept);
}

/// New keys come in the order of who wrote them first, so that it does not matter which parent
/// still has changes pending.
void CausalMerge::put_in_order() {
  std::stable_sort(contested_.begin(), contested_.end(),
                   [](Contested const& a, Contested const& b) {
                     return a.versions.front().origin < b.versions.front().origin;
                   });
}

bool CausalMerge::is_unchanged(CausalContext const& result, Contested const& contested) {
  if (contested.versions.size() != 1 || !contested.versions.front().value ||
      result.table() == nullptr)
    return false;
  auto const* const entry = result.table()->find(contested.key);
  return entry != nullptr && entry->origin == contested.versions.front().origin;
}

void CausalMerge::write(CausalContext& result) const {
  result.settle();
  for (auto const& contested : contested_) {
    if (!is_unchanged(result, contested)) result.write(contested.key, contested.versions);
  }
}

}  // namespace cloacina
