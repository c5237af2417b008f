#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <asio/awaitable.hpp>

#include <cloacina/context.hpp>
#include <cloacina/detail/declared_keys.hpp>
#include <cloacina/detail/task_run.hpp>
#include <cloacina/detail/value_check.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/key.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// What a body sees of its run whatever its keys are. Used by one thread at a time; valid until the
/// body returns.
class TaskContextBase {
 public:
  explicit TaskContextBase(detail::TaskRun& run) noexcept : run_(&run) {}

  [[nodiscard]] ExecutionId execution_id() const noexcept { return run_->execution; }
  [[nodiscard]] std::string const& task_id() const noexcept;
  /// 1 for the first one. An attempt that a crash or a shutdown cut short does not count.
  [[nodiscard]] std::uint32_t attempt() const noexcept { return run_->attempt; }
  /// "execution/task": the same for every attempt, so that a service can recognise a repetition.
  [[nodiscard]] std::string idempotency_key() const;
  /// Stop is requested when the attempt times out, when its execution is cancelled, and when the
  /// runner shuts down.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return run_->stop; }
  /// When the attempt times out; absent: never.
  [[nodiscard]] std::optional<Instant> deadline() const noexcept { return run_->deadline; }

  /// Waits in a coroutine, without a thread. Throws `TaskError` as soon as stop is requested.
  [[nodiscard]] asio::awaitable<void> async_sleep_for(WaitTime duration) {
    return run_->sleeper->sleep(duration.value(), run_->stop);
  }

 protected:
  /// Blocks the calling worker; `TaskError` in a coroutine, whose thread all coroutines share.
  void block_for(WaitTime duration);

  [[nodiscard]] detail::TaskRun& run() const noexcept { return *run_; }

 private:
  detail::TaskRun* run_;
};

template <class Task = void>
class TaskContext;

/// The untyped context: JSON values by name, for bodies that are given to `WorkflowBuilder` and for
/// tasks without
/// `.reads` and `.writes`. Keys declared by `CLOACINA_KEY` work here too, typed but not checked by
/// the compiler.
///
/// Reads see what the dependencies left, overlaid by what this body changed. Only changes are
/// stored.
template <>
class TaskContext<void> : public TaskContextBase {
 public:
  using TaskContextBase::TaskContextBase;

  /// Null if there is no such key. Valid until the key changes.
  [[nodiscard]] Json const* find(std::string_view key) const noexcept { return run().find(key); }
  [[nodiscard]] bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// Throws `ContextError` if there is no such key. Valid until the key changes.
  [[nodiscard]] Json const& get(std::string_view key) const { return run().get(key); }
  /// The value as a C++ type; `ContextError` if it is missing, of another type, or does not fit.
  template <class T>
  [[nodiscard]] T get_as(std::string_view key) const {
    return detail::decode<T>(key, get(key));
  }
  /// Adds a key; `ContextError` if it exists. Values that cannot be stored are a `ValidationError`,
  /// here and below.
  template <class T>
  void insert(std::string_view key, T&& value) {
    run().check_absent(key);
    run().put(key, std::forward<T>(value));
  }
  /// Replaces a value; `ContextError` if the key is missing.
  template <class T>
  void update(std::string_view key, T&& value) {
    run().check_present(key);
    run().put(key, std::forward<T>(value));
  }
  /// Adds or replaces.
  template <class T>
  requires(!KeySymbol<std::remove_cvref_t<T>>) void put(std::string_view key, T&& value) {
    run().put(key, std::forward<T>(value));
  }
  /// True if the key was there.
  bool remove(std::string_view key) { return run().remove(key); }
  /// What this body sees now, as one JSON object, and as a copy.
  [[nodiscard]] std::string to_json() const { return context().to_json(); }
  [[nodiscard]] Context context() const { return run().merged(); }

  /// The same by typed keys. References are decoded once, and valid until the body returns.
  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const& get(Key) const {
    return run().template decode_once<typename Key::value_type>(Key::name, Key::info.type,
                                                                run().get(Key::name));
  }
  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const* find(Key) const {
    Json const* stored = run().find(Key::name);
    if (!stored) return nullptr;
    return &run().template decode_once<typename Key::value_type>(Key::name, Key::info.type,
                                                                 *stored);
  }
  template <KeySymbol Key, class Value = typename Key::value_type>
  void put(Key, Value&& value) {
    run().put(Key::name, detail::bind<Key>(std::forward<Value>(value)).value());
  }

  /// Blocks the calling worker; `TaskError` as soon as stop is requested. In a coroutine use
  /// `co_await context.async_sleep_for(duration)`.
  void sleep_for(WaitTime duration) { block_for(duration); }
};

namespace detail {

/// The checked context: only keys that the task declares, with their types.
template <class Task>
class CheckedTaskContext : public TaskContextBase {
 public:
  using TaskContextBase::TaskContextBase;

  /// The value, decoded once; valid until the body returns, also when the key is put again. Throws
  /// `ContextError` if there is none, saying why: for instance that its writer was Skipped.
  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const& get(Key) const {
    check_read<Task, Key>();
    return run().template decode_once<typename Key::value_type>(Key::name, Key::info.type,
                                                                run().get(Key::name));
  }
  /// The same, but null if there is none.
  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const* find(Key) const {
    check_read<Task, Key>();
    Json const* stored = run().find(Key::name);
    if (!stored) return nullptr;
    return &run().template decode_once<typename Key::value_type>(Key::name, Key::info.type,
                                                                 *stored);
  }
  template <KeySymbol Key>
  [[nodiscard]] bool contains(Key) const {
    check_read<Task, Key>();
    return run().find(Key::name) != nullptr;
  }
  /// Adds or replaces. Throws `ValidationError`, changing nothing, for a value that cannot be
  /// stored (NaN, text that is not UTF-8, …).
  template <KeySymbol Key, class Value = typename Key::value_type>
  void put(Key, Value&& value) {
    check_write<Task, Key>();
    check_value<Task, Key, Value>();
    if constexpr (value_fits<Value, typename Key::value_type>) {
      if constexpr (std::same_as<std::remove_cvref_t<Value>, typename Key::value_type>)
        run().put(Key::name, std::forward<Value>(value));
      else
        run().put(Key::name,
                  value_as<typename Key::value_type>(Key::name, std::forward<Value>(value)));
    }
  }
};

/// A task without declared keys: text names, and an error for key symbols, which are proved only
/// when declared.
template <class Task>
class UndeclaredTaskContext : public TaskContext<void> {
 public:
  using TaskContext<void>::TaskContext;
  using TaskContext<void>::find;
  using TaskContext<void>::get;
  using TaskContext<void>::put;

  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const& get(Key key) const {
    check_read<Task, Key>();
    return TaskContext<void>::get(key);
  }
  template <KeySymbol Key>
  [[nodiscard]] typename Key::value_type const* find(Key key) const {
    check_read<Task, Key>();
    return TaskContext<void>::find(key);
  }
  template <KeySymbol Key, class Value = typename Key::value_type>
  void put(Key, Value&&) {
    check_write<Task, Key>();
  }
};

template <class Task>
using TaskContextOf = std::conditional_t<declares_no_keys<Task>, UndeclaredTaskContext<Task>,
                                         CheckedTaskContext<Task>>;

}  // namespace detail

/// What the body of a task sees: `get`, `find`, `contains` and `put` of the keys that the task
/// declares, checked by the compiler; the untyped surface of `TaskContext<>` if it declares none.
template <class Task>
class TaskContext : public detail::TaskContextOf<Task> {
 public:
  using detail::TaskContextOf<Task>::TaskContextOf;

  /// In a coroutine: `co_await context.sleep_for(5ms)`, without a thread. In a synchronous body it
  /// blocks the worker. Either throws `TaskError` as soon as stop is requested.
  auto sleep_for(WaitTime duration) {
    if constexpr (Task::is_coroutine)
      return this->async_sleep_for(duration);
    else
      this->block_for(duration);
  }
};

}  // namespace cloacina
