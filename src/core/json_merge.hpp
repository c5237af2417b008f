#pragma once

#include <cstddef>
#include <memory>

#include <cloacina/detail/json_value.hpp>

namespace cloacina {

/// Folds what concurrent writers left of one key, in topological order, into one value.
///
/// Equal values stay, objects merge key by key, arrays become the first followed by those elements
/// of the second that are not in it, of anything else the later wins. An empty `SharedJson` stands
/// for a removal: "absent", which loses against what comes later and wins over what came before.
/// Linear in all values together, also for arrays and objects that many writers each added to.
class ValueFold {
 public:
  ValueFold();
  ~ValueFold();
  ValueFold(ValueFold&&) = delete;

  void add(detail::SharedJson const& later);
  /// Empty if the key is absent.
  [[nodiscard]] detail::SharedJson take();

 private:
  struct Accumulated;

  detail::SharedJson shared_;                 ///< as long as one writer's value is the result
  std::unique_ptr<Accumulated> accumulated_;  ///< from the first real merge on
};

}  // namespace cloacina
