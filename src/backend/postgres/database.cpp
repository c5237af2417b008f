#include "backend/postgres/database.hpp"

#include "backend/postgres/errors.hpp"
#include "backend/postgres/schema.hpp"
#include "backend/postgres/session.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;

// Reads what nobody holds.
constexpr std::chrono::milliseconds longest_check = 5s;
// Steps of the schema may rewrite tables, or wait for another process that does.
constexpr std::chrono::milliseconds longest_migration_step = 10min;
// Lists and histories are not in the way of a lease.
constexpr std::chrono::milliseconds longest_read = 30s;

std::unique_ptr<Connection> connect(Settings const& settings, Watchdog& watchdog,
                                    std::chrono::milliseconds longest_call) {
  try {
    return std::make_unique<Connection>(settings, watchdog, longest_call);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(settings, "connect", Failure::broken);
  }
}

std::size_t look(Settings const& settings, Watchdog& watchdog) {
  Connection connection{settings, watchdog, longest_check};
  try {
    return steps_applied(connection, settings);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(settings, "check", Failure::broken);
  }
}

std::size_t migrate(Settings const& settings, Watchdog& watchdog) {
  Connection connection{settings, watchdog, longest_migration_step};
  try {
    return bring_up_to_date(connection, settings);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(settings, "migrate", Failure::broken);
  }
}

/// Returns how many steps of the schema were there. A connection that was made may be lost at any
/// moment: that alone refuses nothing. Each step is a transaction of its own, and begun again is
/// the same.
std::size_t check(Settings const& settings, Watchdog& watchdog) {
  constexpr int most_tries = 3;
  for (int tries = 1;; ++tries) {
    try {
      auto const found = look(settings, watchdog);
      return found == migrations().size() ? found : migrate(settings, watchdog);
    } catch (SessionError const& error) {
      if (error.failure() == Failure::broken && tries < most_tries) continue;
      refuse_database(settings);
    } catch (pqxx::pqxx_exception const&) {
      refuse_database(settings);
    }
  }
}

}  // namespace

PostgresDatabase::PostgresDatabase(DatabaseUrl const& url, OpenOptions options)
    : options_(std::move(options)),
      settings_(std::make_shared<Settings const>(Settings::from(url))),
      steps_found_(check(*settings_, *watchdog_)) {
  readers_ = std::make_shared<ReaderPool>(
      options_.max_readers, [settings = settings_, watchdog = watchdog_, fault = options_.fault] {
        return std::make_unique<PostgresSession>(connect(*settings, *watchdog, longest_read),
                                                 settings, PostgresSession::Access::read_only,
                                                 fault, watchdog);
      });
  if (settings_->listen) listener_ = std::make_unique<Listener>(settings_, watchdog_);
}

std::unique_ptr<Session> PostgresDatabase::open_writer() {
  auto connection = connect(*settings_, *watchdog_, options_.longest_statement);
  try {
    check_server(*connection, *settings_);  // it may be another one by now
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(*settings_, "check", Failure::broken);
  }
  return std::make_unique<PostgresSession>(std::move(connection), settings_,
                                           PostgresSession::Access::read_write, options_.fault,
                                           watchdog_);
}

int PostgresDatabase::schema_version() const noexcept { return migrations().back().version; }

void PostgresDatabase::on_change(std::function<void()> heard) {
  if (listener_) listener_->on_change(std::move(heard));
}

void PostgresDatabase::announce() noexcept {
  if (listener_) listener_->announce();
}

}  // namespace cloacina::backend::postgres
