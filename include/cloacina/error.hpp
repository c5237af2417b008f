#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cloacina {

/// What an `Error` is about; one value per class below.
enum class ErrorKind : unsigned char {
  validation,           ///< a definition, an argument or a value is not acceptable
  context,              ///< a key is missing, exists already, or holds another type
  task,                 ///< thrown by a task's body
  workflow_not_found,   ///< no workflow of this name is registered
  execution_not_found,  ///< no execution with this id is stored
  execution_failed,     ///< the value of a run that Failed was asked for
  execution_cancelled,  ///< the value of a run that was Cancelled was asked for
  state,                ///< the execution is in a state that does not allow this
  runner_stopped,       ///< the runner is shut down
  configuration,        ///< a database URL or a configuration field is wrong
  backend,              ///< the database refused or failed
  timeout,              ///< a deadline passed
  schedule_not_found,   ///< no schedule or trigger with this id or name is stored
};

/// "validation", "context", …: for logs and for other languages.
[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;

/// Root of everything this library throws on purpose.
///
/// `what()` says what was wrong, what was expected and what to do, in valid UTF-8 whatever it was
/// about, and never holds a password.
class Error : public std::runtime_error {
 public:
  /// U+FFFD stands for what is not UTF-8 in either text.
  Error(ErrorKind kind, std::string const& message, std::string where = {}, bool retryable = false);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  /// Whether the same call may succeed later without a change by the caller.
  [[nodiscard]] bool is_retryable() const noexcept { return retryable_; }
  /// What the error is about: a task, a key, a file, a configuration field; empty if `what()` says
  /// all.
  [[nodiscard]] std::string const& where() const noexcept { return where_; }

 private:
  std::string where_;
  ErrorKind kind_;
  bool retryable_;
};

/// A definition, an argument or a value is not acceptable.
class ValidationError : public Error {
 public:
  explicit ValidationError(std::string const& message, std::string where = {})
      : Error(ErrorKind::validation, message, std::move(where)) {}
};

/// A context key is missing, exists already, or does not hold the type that was asked for.
class ContextError : public Error {
 public:
  explicit ContextError(std::string const& message, std::string key = {})
      : Error(ErrorKind::context, message, std::move(key)) {}
};

/// Thrown by task bodies; whether it is worth a retry is the task's retry policy's decision.
class TaskError : public Error {
 public:
  explicit TaskError(std::string const& message, bool retryable = false)
      : Error(ErrorKind::task, message, {}, retryable) {}
};

/// Thrown by a task body: worth another attempt, as long as attempts are left, whatever the retry
/// condition (except `never`).
class TransientError : public TaskError {
 public:
  explicit TransientError(std::string const& message) : TaskError(message, true) {}
};

/// Thrown by a task body: no further attempt, whatever the retry policy.
class PermanentError : public TaskError {
 public:
  explicit PermanentError(std::string const& message) : TaskError(message, false) {}
};

/// No workflow of this name is registered; the message lists the nearest names.
class WorkflowNotFound : public Error {
 public:
  explicit WorkflowNotFound(std::string const& message, std::string workflow = {})
      : Error(ErrorKind::workflow_not_found, message, std::move(workflow)) {}
};

/// No execution with this id is stored in this database.
class ExecutionNotFound : public Error {
 public:
  explicit ExecutionNotFound(std::string const& message, std::string id = {})
      : Error(ErrorKind::execution_not_found, message, std::move(id)) {}
};

/// No schedule with this id, or no trigger of this name, is stored in this database.
class ScheduleNotFound : public Error {
 public:
  explicit ScheduleNotFound(std::string const& message, std::string id = {})
      : Error(ErrorKind::schedule_not_found, message, std::move(id)) {}
};

/// The value of an execution that ended as Failed was asked for.
class ExecutionFailed : public Error {
 public:
  explicit ExecutionFailed(std::string const& message, std::string id = {})
      : Error(ErrorKind::execution_failed, message, std::move(id)) {}
};

/// The value of an execution that ended as Cancelled was asked for.
class ExecutionCancelled : public Error {
 public:
  explicit ExecutionCancelled(std::string const& message, std::string id = {})
      : Error(ErrorKind::execution_cancelled, message, std::move(id)) {}
};

/// The execution is in a state that does not allow the request; the message names it and the
/// allowed ones.
class StateError : public Error {
 public:
  explicit StateError(std::string const& message, std::string id = {})
      : Error(ErrorKind::state, message, std::move(id)) {}
};

/// The runner is shut down, or is being shut down, and takes no more requests.
class RunnerStopped : public Error {
 public:
  explicit RunnerStopped(std::string const& message) : Error(ErrorKind::runner_stopped, message) {}
};

/// A database URL or a configuration field is wrong; one error names every offending field.
class ConfigurationError : public Error {
 public:
  explicit ConfigurationError(std::string const& message, std::string field = {})
      : Error(ErrorKind::configuration, message, std::move(field)) {}
};

/// The database refused a statement, or could not be reached.
class BackendError : public Error {
 public:
  BackendError(std::string const& message, std::string sqlstate, std::string where = {},
               bool retryable = false)
      : Error(ErrorKind::backend, message, std::move(where), retryable),
        sqlstate_(std::move(sqlstate)) {}

  /// Five characters of SQLSTATE (PostgreSQL), or SQLite's symbolic code such as "SQLITE_FULL".
  [[nodiscard]] std::string const& sqlstate() const noexcept { return sqlstate_; }

 private:
  std::string sqlstate_;
};

/// A deadline passed before the answer was there; the run itself goes on.
class TimeoutError : public Error {
 public:
  explicit TimeoutError(std::string const& message)
      : Error(ErrorKind::timeout, message, {}, true) {}
};

}  // namespace cloacina
