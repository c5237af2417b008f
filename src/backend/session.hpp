#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cloacina/error.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

namespace cloacina::backend {

struct Array;

/// One bound value. Text is not copied: it must live until the call returns; it is UTF-8 and holds
/// no NUL byte. NaN and a NUL byte are refused as `Failure::data`; minus zero is stored as zero.
/// Arrays are PostgreSQL's alone.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, ExecutionId,
                           Instant, Array const*>;

/// One bound parameter of many rows.
using Column = std::vector<Value>;

/// Many values as one parameter; the values live until the call returns.
struct Array {
  std::span<Value const> values;
};

/// A statement in both dialects; `sqlite` serves both where `postgres` is empty. Parameters are
/// `$1`…, bound by name; a table is written `{s}.table`. Identified by its address: define each as
/// a named constant.
///
/// For `apply`, which runs it for many rows, the dialects differ. SQLite's is run once a row; where
/// every row surely changes one row of the table, as in `INSERT … VALUES {($1, $2)}` without DO
/// NOTHING, braces around the tuple let it write several rows at once, and all parameters are in
/// the tuple then. PostgreSQL's is run once for all of them: each parameter is an array
/// (`unnest($1::uuid[], $2::text[]) WITH ORDINALITY`), and what it returns is one integer for each
/// row that it changed: the number, from 1, of the row of parameters that did it. Without a result
/// each row of parameters has changed one.
struct Statement {
  std::string_view name;
  std::string_view sqlite;
  std::string_view postgres{};
};

/// The result of a query; owns its values. Reading another type than is stored throws
/// `BackendError`.
class Rows {
 public:
  using Cell = std::variant<std::nullptr_t, std::int64_t, double,
                            std::string>;  // a UUID is 16 bytes of text
  Rows(std::size_t columns, std::vector<Cell> cells)
      : cells_(std::move(cells)), columns_(columns) {}

  [[nodiscard]] std::size_t size() const noexcept {
    return columns_ == 0 ? 0 : cells_.size() / columns_;
  }
  [[nodiscard]] bool empty() const noexcept { return cells_.empty(); }
  [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;
  /// Of 64 bits in the database, of fewer with us: beyond `least` to `most` is no number of ours.
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column, std::int64_t least,
                                     std::int64_t most) const;
  /// What is counted has 31 bits with us.
  [[nodiscard]] std::uint32_t count(std::size_t row, std::size_t column,
                                    std::int64_t least = 0) const;
  [[nodiscard]] double real(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::string const& text(std::size_t row, std::size_t column) const;
  [[nodiscard]] ExecutionId uuid(std::size_t row, std::size_t column) const;
  /// Of the years 1 to 9999: two of them can be subtracted.
  [[nodiscard]] Instant instant(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::optional<std::string> text_or_null(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::optional<Instant> instant_or_null(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::optional<ExecutionId> uuid_or_null(std::size_t row, std::size_t column) const;

 private:
  [[nodiscard]] Cell const& cell(std::size_t row, std::size_t column) const;
  std::vector<Cell> cells_;
  std::size_t columns_;
};

/// What became of a statement or a commit that failed; decides what the engine does next (R8, R16).
enum class Failure : unsigned char {
  data,     ///< the error names the data: the batch is split, the row's execution fails
  again,    ///< busy, full, I/O, read-only: the same batch again, later
  unknown,  ///< the answer of a commit was lost: read `commit_seq`
  broken,   ///< the session is of no more use: open another one, then as `again`
  damaged,  ///< so is the database: nothing helps but a backup
};

/// What every session call throws when the database refuses; secrets are redacted.
class SessionError : public BackendError {
 public:
  SessionError(Failure failure, std::string const& message, std::string sqlstate,
               std::string where = {})
      : BackendError(message, std::move(sqlstate), std::move(where),
                     failure != Failure::data && failure != Failure::damaged),
        failure_(failure) {}
  [[nodiscard]] Failure failure() const noexcept { return failure_; }

 private:
  Failure failure_;
};

/// One connection, used by one thread at a time. Knows no table.
class Session {
 public:
  virtual ~Session() = default;
  /// Starts a transaction that may write (SQLite: BEGIN IMMEDIATE, waiting its turn up to the busy
  /// timeout; PostgreSQL: READ COMMITTED, whatever the server's default). Without one each call is
  /// a transaction of its own.
  virtual void begin() = 0;
  /// Throws `SessionError` with `Failure::unknown` when the outcome is not known, another failure
  /// when it was not committed.
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  [[nodiscard]] virtual Rows query(Statement const& statement,
                                   std::span<Value const> parameters = {}) = 0;
  /// Runs the statement for each row of the columns (all of one length; column i is `$i+1`), in
  /// their order where they are run one by one; returns the rows changed by each. No two of them
  /// concern the same row of the table.
  virtual std::vector<std::size_t> apply(Statement const& statement,
                                         std::span<Column const> columns) = 0;
  /// One row of parameters; returns the rows changed.
  virtual std::size_t execute(Statement const& statement,
                              std::span<Value const> parameters = {}) = 0;
  /// A query that writes and is a transaction of its own: one journey to a server instead of three.
  /// Throws as it and `commit` do.
  [[nodiscard]] virtual Rows write_alone(Statement const& statement,
                                         std::span<Value const> parameters);
  /// Whether others have written since the last call; the first call says no. A hint (R13),
  /// asked outside a transaction; cheap.
  [[nodiscard]] virtual bool changed() = 0;
  /// Whether a call failed in a way that makes it of no more use.
  [[nodiscard]] virtual bool broken() const noexcept = 0;
};

}  // namespace cloacina::backend
