#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <cloacina/task_options.hpp>

namespace cloacina {

/// A label of a workflow.
struct Tag {
  std::string_view key;
  std::string_view value;
};

/// Tags as a designated initialiser writes them: `.tags = {{"team", "billing"}, {"tier", "1"}}`.
class TagList {
 public:
  constexpr TagList() = default;
  constexpr TagList(std::initializer_list<Tag> tags) {
    if (tags.size() > capacity) throw "too many tags: a workflow takes 16";
    for (auto const& tag : tags) items_[size_++] = tag;
  }

  [[nodiscard]] constexpr Tag const* begin() const { return items_; }
  [[nodiscard]] constexpr Tag const* end() const { return items_ + size_; }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t capacity = 16;
  Tag items_[capacity]{};
  std::size_t size_ = 0;
};

/// The options of `CLOACINA_WORKFLOW`, filled by designated initialisers in this order. Fields are
/// only ever appended.
struct WorkflowOptions {
  /// Keys that every call must give.
  BoundedList<KeyRef, max_listed> inputs{};
  /// Symbols of the tasks. Their order breaks ties where the graph leaves the order open.
  BoundedList<TaskRef, max_listed> tasks{};
  std::string_view description{};
  TagList tags{};
  /// Part of the content version: raise it to tell two otherwise equal workflows apart.
  std::uint32_t version = 1;
  /// Limit of one execution from its first start, up to 100 years; absent: the runner's; 0: none.
  std::optional<std::chrono::milliseconds> timeout{};
  detail::durable_callbacks_option durable_callbacks{};
};

}  // namespace cloacina
