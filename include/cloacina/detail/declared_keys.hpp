#pragma once

#include <cloacina/detail/value_check.hpp>
#include <cloacina/refs.hpp>

namespace cloacina::detail {

/// Whether a list holds this key with this type.
constexpr bool lists(auto const& list, KeyInfo const& key) noexcept {
  for (auto const& item : list)
    if (item.info->number == key.number && item.info->type == key.type) return true;
  return false;
}

template <class Task>
inline constexpr bool declares_no_keys =
    Task::options.reads.empty() && Task::options.writes.empty();

// The names of these constants and their arguments are what a user reads under the error.
template <class Task, class Key>
inline constexpr bool task_reads = lists(Task::options.reads, Key::info) ||
                                   lists(Task::options.writes, Key::info);
template <class Task, class Key>
inline constexpr bool task_writes = lists(Task::options.writes, Key::info);
template <class Task, class Key, class Value>
inline constexpr bool task_puts_the_type_of = value_fits<Value, typename Key::value_type>;

template <class Task, class Key>
constexpr void check_read() {
  static_assert(task_reads<Task, Key>, "undeclared read: add the key to this task's .reads");
}

template <class Task, class Key>
constexpr void check_write() {
  static_assert(task_writes<Task, Key>, "undeclared write: add the key to this task's .writes");
}

template <class Task, class Key, class Value>
constexpr void check_value() {
  static_assert(task_puts_the_type_of<Task, Key, Value>,
                "wrong value type: the key that is put does not hold values of this type");
}

}  // namespace cloacina::detail
