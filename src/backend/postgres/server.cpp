#include "backend/postgres/server.hpp"

#include <algorithm>

#include "backend/postgres/errors.hpp"
#include "backend/postgres/schema.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;

// Lists and histories are not in the way of a lease.
constexpr std::chrono::milliseconds longest_read = 30s;

// Statements are prepared for each schema, and each holds memory of the server: beyond this a
// connection takes no further schema while there are others, and then forgets what it knows.
constexpr std::size_t many_statements = 300;

std::size_t most_suitable(ConnectionPool::Idle const& idle, bool may_make,
                          std::string_view schema) {
  auto const find = [&](auto&& suits) {
    return static_cast<std::size_t>(std::find_if(idle.begin(), idle.end(), suits) - idle.begin());
  };
  auto const known = find([&](auto const& connection) { return connection->knows(schema); });
  if (known < idle.size()) return known;
  auto const roomy =
      find([](auto const& connection) { return connection->statements() < many_statements; });
  if (roomy < idle.size() || may_make) return roomy;
  idle.front()->forget_statements();
  return 0;
}

std::unique_ptr<Connection> connect(std::shared_ptr<Settings const> settings,
                                    std::shared_ptr<Watchdog> watchdog,
                                    std::chrono::milliseconds longest_call) {
  try {
    return std::make_unique<Connection>(settings, std::move(watchdog), longest_call);
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(*settings, "connect", Failure::broken);
  }
}

}  // namespace

std::unique_ptr<Connection> connect_to_write(std::shared_ptr<Settings const> const& settings,
                                             std::shared_ptr<Watchdog> watchdog,
                                             std::chrono::milliseconds longest_call) {
  auto connection = connect(settings, std::move(watchdog), longest_call);
  try {
    check_server(*connection, *settings);  // it may be another one by now
  } catch (pqxx::pqxx_exception const&) {
    throw_session_error(*settings, "check", Failure::broken);
  }
  return connection;
}

std::unique_ptr<Connection> connect_to_read(std::shared_ptr<Settings const> settings,
                                            std::shared_ptr<Watchdog> watchdog) {
  return connect(std::move(settings), std::move(watchdog), longest_read);
}

Server::Server(DatabaseUrl const& url, OpenOptions const& options)
    : settings_(std::make_shared<Settings const>(Settings::from(url))) {
  auto const is_of_use = [](Connection& connection) { return !connection.is_lost(); };
  auto const refusing = [](std::size_t most) {
    return [most] {
      throw SessionError(
          Failure::again,
          "PostgreSQL, connect: all " + std::to_string(most) +
              " connections that the tenants share have been in use for too long; "
              "expected one to be free: raise db_pool_size, or see what they wait for",
          "53300", "connect");
    };
  };
  writers_ = std::make_shared<ConnectionPool>(ConnectionPool::Rules{
      options.max_writers,
      [settings = settings_, watchdog = watchdog_, longest = options.longest_statement] {
        return connect_to_write(settings, watchdog, longest);
      },
      is_of_use, refusing(options.max_writers), options.longest_statement});
  readers_ = std::make_shared<ConnectionPool>(ConnectionPool::Rules{
      options.max_readers,
      [settings = settings_, watchdog = watchdog_] { return connect_to_read(settings, watchdog); },
      is_of_use, refusing(options.max_readers), longest_read});
  if (settings_->listen) listener_ = std::make_unique<Listener>(settings_, watchdog_);
}

bool Server::serves(Settings const& settings) const noexcept {
  return settings.connection == settings_->connection && settings.listen == settings_->listen &&
         settings.prepare == settings_->prepare;
}

ConnectionPool::Lent Server::writer(std::string_view schema) {
  return writers_->take([schema](ConnectionPool::Idle const& idle, bool may_make) {
    return most_suitable(idle, may_make, schema);
  });
}

ConnectionPool::Lent Server::reader(std::string_view schema) {
  return readers_->take([schema](ConnectionPool::Idle const& idle, bool may_make) {
    return most_suitable(idle, may_make, schema);
  });
}

}  // namespace cloacina::backend::postgres
