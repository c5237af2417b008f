#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backend/session.hpp"
#include "core/database_url.hpp"

namespace cloacina::backend {

/// What several databases of one server share: connections, and who listens.
class SharedServer {
 public:
  virtual ~SharedServer() = default;
};

struct OpenOptions {
  /// Replaces `Database::lease_now`, for tests and simulations (R6).
  std::function<std::chrono::microseconds()> lease_clock;
  /// A server ends what takes longer; so does the driver, if the server does not answer.
  std::chrono::milliseconds longest_statement{7'500};
  /// Most reader sessions that are kept open.
  std::size_t max_readers = 10;
  /// Null: nothing is shared. Made by `share_server` of the same URL, but for the schema.
  std::shared_ptr<SharedServer> server{};
  /// Most connections for writing, where they are shared.
  std::size_t max_writers = 4;
  /// For tests: called before each statement and commit with its name; may throw `SessionError`, or
  /// after a commit that really happened turn it into an unknown one.
  std::function<void(std::string_view point)> fault;
};

/// For databases that are opened with it. Connects to nothing yet. Null for SQLite, where each
/// database is a file. Throws `ConfigurationError` as `Database::open` does for the URL.
[[nodiscard]] std::shared_ptr<SharedServer> share_server(DatabaseUrl const& url,
                                                         OpenOptions const& options);

/// An opened, migrated database: makes sessions. Thread-safe.
class Database {
 public:
  virtual ~Database() = default;

  /// Opens, checks and migrates. Throws `ConfigurationError` (URL, directory, not a database,
  /// read-only, newer schema) or `BackendError`; a file that is refused is left as it was.
  [[nodiscard]] static std::unique_ptr<Database> open(DatabaseUrl const& url,
                                                      OpenOptions options = {});

  /// A session for one writer: an engine, or a `Client`. Throws `SessionError`.
  [[nodiscard]] virtual std::unique_ptr<Session> open_writer() = 0;
  /// A reader from the pool; waits while all are in use. Returned to the pool when the pointer
  /// dies. Throws `SessionError`.
  using Reader = std::unique_ptr<Session, std::function<void(Session*)>>;
  [[nodiscard]] virtual Reader reader() = 0;

  /// Now, on the clock that decides over leases, as the statements want it: SQLite's take
  /// CLOCK_MONOTONIC in µs, PostgreSQL's what is to be added to the server's clock, 0.
  [[nodiscard]] virtual std::chrono::microseconds lease_now() = 0;
  /// Identity of the running kernel; empty where the server's clock decides.
  [[nodiscard]] virtual std::string boot_id() = 0;
  /// Moves what the writers logged into the main file, without holding them up; returns the length
  /// of the log in bytes. When all of it is moved and nobody reads from it, the next writer begins
  /// it again; under constant writing that does not come by itself: `force` keeps writers out until
  /// it has (then 0 is returned), or for 250 ms if readers stay. Does nothing where the server does
  /// it. Blocks. Throws `SessionError`.
  virtual std::uint64_t checkpoint(bool force) = 0;
  /// How long the log was after the last commit of a session of this object, in bytes; 0 where a
  /// checkpoint does nothing. Shorter than before: the log was begun again.
  [[nodiscard]] virtual std::uint64_t log_bytes() const noexcept = 0;
  /// How often `Session::changed` is worth asking. 0: never, because nobody else can write, or
  /// because `on_change` tells.
  [[nodiscard]] virtual std::chrono::milliseconds change_interval() const noexcept = 0;
  /// From now on calls `heard`, from a thread of its own and quickly one after another, when
  /// others have announced something (R13); an empty function ends that, and waits for a call that
  /// is under way. Does nothing where only `Session::changed` tells.
  virtual void on_change(std::function<void()> heard) = 0;
  /// Tells the others that something was committed that they may be waiting for. Does not block,
  /// throws nothing, and may get lost. Does nothing where they see it by themselves.
  virtual void announce() noexcept = 0;
  /// Whether each call of a session is a journey to a server, so that one statement for a whole
  /// group is worth its length.
  [[nodiscard]] virtual bool is_remote() const noexcept = 0;
  /// The newest step of the schema that this library knows.
  [[nodiscard]] virtual int schema_version() const noexcept = 0;
  /// How the database is named in messages: no secret in it.
  [[nodiscard]] virtual std::string const& display_name() const noexcept = 0;
  /// How many steps of the schema it had when it was opened.
  [[nodiscard]] virtual std::size_t steps_found() const noexcept = 0;
  /// "sqlite" or "postgres".
  [[nodiscard]] virtual std::string_view backend_name() const noexcept = 0;
};

}  // namespace cloacina::backend
