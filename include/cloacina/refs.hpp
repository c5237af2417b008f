#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace cloacina {

/// Base of what `CLOACINA_KEY` declares; here, not in `detail`, so that `optional(key)` is found by
/// its argument.
struct KeyBase {};
/// Base of what `CLOACINA_TASK` declares.
struct TaskBase {};

template <class T>
concept KeySymbol = std::derived_from<T, KeyBase>;
template <class T>
concept TaskSymbol = std::derived_from<T, TaskBase>;

namespace detail {

struct TaskInfo;  // detail/task_info.hpp

/// FNV-1a. Names are compared by number, because compilers bound the steps of a constant
/// expression.
constexpr std::uint64_t number_of(std::string_view text) noexcept {
  std::uint64_t hash = 14695981039346656037ull;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

/// Equal for equal types within programs of one compiler; never 0, which means "not typed".
template <class T>
constexpr std::uint64_t type_number() noexcept {
  return number_of(__PRETTY_FUNCTION__) | 1;
}

struct KeyInfo {
  std::string_view name;
  std::uint64_t number = 0;
  std::uint64_t type = 0;
};

}  // namespace detail

/// A key whose writer may return without writing it: `.writes = {optional(discount)}`.
template <KeySymbol Key>
struct OptionalKey {};

/// Marks a written key as one that its task may leave out.
template <KeySymbol Key>
[[nodiscard]] constexpr OptionalKey<Key> optional(Key) noexcept {
  return {};
}

/// A key as `.reads`, `.merges` and `.inputs` list it.
struct KeyRef {
  detail::KeyInfo const* info = nullptr;

  constexpr KeyRef() = default;
  template <KeySymbol Key>
  constexpr KeyRef(Key) noexcept : info(&Key::info) {}  // NOLINT: a symbol is a reference to itself
};

/// A key as `.writes` lists it.
struct WriteRef {
  detail::KeyInfo const* info = nullptr;
  bool optional = false;

  constexpr WriteRef() = default;
  template <KeySymbol Key>
  constexpr WriteRef(Key) noexcept : info(&Key::info) {}  // NOLINT
  template <KeySymbol Key>
  constexpr WriteRef(OptionalKey<Key>) noexcept : info(&Key::info), optional(true) {}  // NOLINT
};

/// A task as `.after`, `.tasks` and rules name it: its symbol, or its id where the symbol is not
/// declared yet.
struct TaskRef {
  std::string_view name;
  detail::TaskInfo const* info = nullptr;
  bool is_symbol = false;  ///< else an id, and `info` is null; g++ 12 compares no pointers in
                           ///< constants under UBSan

  constexpr TaskRef() = default;
  constexpr TaskRef(char const* id) noexcept : name(id) {}  // NOLINT
  template <TaskSymbol Task>
  constexpr TaskRef(Task) noexcept
      : name(Task::name), info(&Task::info), is_symbol(true) {}  // NOLINT
};

}  // namespace cloacina
