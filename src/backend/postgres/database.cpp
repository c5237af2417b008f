#include "backend/postgres/database.hpp"

#include "backend/postgres/errors.hpp"
#include "backend/postgres/schema.hpp"
#include "backend/postgres/session.hpp"
#include "core/assert.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;

// Reads what nobody holds.
constexpr std::chrono::milliseconds longest_check = 5s;
// Steps of the schema may rewrite tables, or wait for another process that does.
constexpr std::chrono::milliseconds longest_migration_step = 10min;
using SettingsPtr = std::shared_ptr<Settings const>;
using WatchdogPtr = std::shared_ptr<Watchdog>;

std::size_t look(SettingsPtr const& settings, WatchdogPtr const& watchdog) {
  Connection connection{settings, watchdog, longest_check};
  try {
    return steps_applied(connection, *settings);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(*settings, "check", Failure::broken);
  }
}

std::size_t migrate(SettingsPtr const& settings, WatchdogPtr const& watchdog) {
  Connection connection{settings, watchdog, longest_migration_step};
  try {
    return bring_up_to_date(connection, *settings);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(*settings, "migrate", Failure::broken);
  }
}

/// Returns how many steps of the schema were there. A connection that was made may be lost at any
/// moment: that alone refuses nothing. Each step is a transaction of its own, and begun again is
/// the same.
std::size_t check(SettingsPtr const& settings, WatchdogPtr const& watchdog) {
  constexpr int most_tries = 3;
  for (int tries = 1;; ++tries) {
    try {
      auto const found = look(settings, watchdog);
      return found == migrations().size() ? found : migrate(settings, watchdog);
    } catch (SessionError const& error) {
      if (error.failure() == Failure::broken && tries < most_tries) continue;
      refuse_database(*settings);
    } catch (pqxx::pqxx_exception const&) {
      refuse_database(*settings);
    }
  }
}

/// Null if the database shares nothing.
std::shared_ptr<Server> shared_server(OpenOptions const& options, Settings const& settings) {
  auto server = std::dynamic_pointer_cast<Server>(options.server);
  CLOACINA_ASSERT(!options.server || (server && server->serves(settings)),
                  "databases share a server that is theirs");
  return server;
}

}  // namespace

PostgresDatabase::PostgresDatabase(DatabaseUrl const& url, OpenOptions options)
    : options_(std::move(options)),
      settings_(std::make_shared<Settings const>(Settings::from(url))),
      server_(shared_server(options_, *settings_)),
      watchdog_(server_ ? server_->watchdog() : std::make_shared<Watchdog>()),
      steps_found_(check(settings_, watchdog_)) {
  readers_ = make_reader_pool(options_.max_readers, [settings = settings_, watchdog = watchdog_,
                                                     server = server_, fault = options_.fault] {
    constexpr auto access = PostgresSession::Access::read_only;
    if (!server)
      return std::make_unique<PostgresSession>(connect_to_read(settings, watchdog), settings,
                                               access, fault);
    return std::make_unique<PostgresSession>(
        [server, settings] { return server->reader(settings->schema); }, settings, access, fault);
  });
  if (!settings_->listen) return;
  if (!server_) own_listener_ = std::make_unique<Listener>(settings_, watchdog_);
  channel_.emplace(server_ ? *server_->listener() : *own_listener_, settings_->schema);
}

std::unique_ptr<Session> PostgresDatabase::open_writer() {
  constexpr auto access = PostgresSession::Access::read_write;
  if (!server_)
    return std::make_unique<PostgresSession>(
        connect_to_write(settings_, watchdog_, options_.longest_statement), settings_, access,
        options_.fault);
  return std::make_unique<PostgresSession>(
      [server = server_, settings = settings_] { return server->writer(settings->schema); },
      settings_, access, options_.fault);
}

int PostgresDatabase::schema_version() const noexcept { return migrations().back().version; }

void PostgresDatabase::on_change(std::function<void()> heard) {
  if (channel_) channel_->on_change(std::move(heard));
}

void PostgresDatabase::announce() noexcept {
  if (channel_) channel_->announce();
}

}  // namespace cloacina::backend::postgres
