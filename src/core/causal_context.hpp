#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/detail/context_delta.hpp>
#include <cloacina/detail/shared.hpp>
#include <cloacina/detail/task_index.hpp>

#include "core/graph.hpp"

namespace cloacina {

/// A context that knows who wrote each of its keys, so that contexts of different branches can be
/// merged by cause.
///
/// The value of a key is that of its latest writers: of all tasks upstream that wrote or removed
/// it, those of whom no other one is downstream; several of them are folded by `ValueFold` in
/// topological order. The input is a writer upstream of every task.
///
/// A value; copies share their content. Used by one thread at a time: `const` calls, copying from
/// it included, may put the content into order.
class CausalContext {
 public:
  CausalContext() noexcept = default;
  CausalContext(CausalContext const& other);
  CausalContext(CausalContext&&) noexcept = default;
  CausalContext& operator=(CausalContext const& other);
  CausalContext& operator=(CausalContext&&) noexcept = default;
  ~CausalContext() = default;

  /// What a root task is given.
  [[nodiscard]] static CausalContext from_input(Context input);

  /// What `writer`, a task downstream of everything in here, hands on after it was given this.
  /// Proportional to the delta; shared content stays shared until it is read.
  void apply(TaskIndex writer, detail::ContextDelta const& delta);

  /// What a task is given whose dependencies hand on `parents`, in this order; at least one, none
  /// null. `dependencies` is the whole graph, its indexes in topological order. Linear in parents
  /// and in the keys in which they differ.
  [[nodiscard]] static CausalContext merge(std::span<CausalContext const* const> parents,
                                           Edges const& dependencies);

  /// The keys and values themselves. Valid until this object changes.
  [[nodiscard]] Context const& values() const;

 private:
  friend class CausalMerge;

  static constexpr TaskIndex the_input = detail::WriteOrigin::nobody;
  /// Writer of an entry whose versions stand in `several_`.
  static constexpr TaskIndex several = the_input - 1;

  /// What one task left of one key.
  struct Version {
    detail::WriteOrigin origin{};
    detail::SharedJson value;  ///< empty: removed
  };
  using Versions = std::vector<Version>;  // ascending by writer
  struct Change {
    std::string key;
    Version version;
  };
  /// The keys of which the table cannot tell the versions: with several latest writers, or removed.
  /// Ordered, so that walking over it is deterministic.
  struct SeveralVersions : detail::Counted {
    std::map<std::string, Versions, std::less<>> of;
  };

  [[nodiscard]] detail::ContextData& writable_table() const { return settled_.data_.writable(); }
  [[nodiscard]] detail::ContextData const* table() const noexcept { return settled_.data_.get(); }
  [[nodiscard]] Versions const* several_of(std::string_view key) const noexcept;
  void forget_several(std::string_view key) const;
  void write(std::string_view key, Version const& version) const;
  void write(std::string_view key, Versions versions) const;
  void settle() const;

  // Mutable: `settle` moves what is pending into the table, which changes nothing that can be seen.
  mutable Context settled_;
  mutable detail::Shared<SeveralVersions> several_;
  /// Newer than `settled_`, each key once. While others share the table, a change waits here: of
  /// ten thousand tasks that all go on from one context most are merged again before anybody reads
  /// theirs.
  mutable std::vector<Change> pending_;
};

}  // namespace cloacina
