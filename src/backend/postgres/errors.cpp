#include "backend/postgres/errors.hpp"

#include <cstdlib>
#include <stdexcept>

#include "backend/postgres/pqxx_compat.hpp"

namespace cloacina::backend::postgres {
namespace {

std::string_view advice_for(std::string_view sqlstate) noexcept {
  if (sqlstate == "53100") return "; expected room on the server's disk: free some space";
  if (sqlstate == "53300")
    return "; expected a free connection: raise max_connections or the role's CONNECTION LIMIT, or "
           "lower db_pool_size";
  if (sqlstate == "42501")
    return "; expected the rights that an administrator gives a tenant: see DatabaseAdmin";
  if (sqlstate == "57014")
    return "; if nobody cancelled it: it took longer than statement_timeout, of the server, the "
           "role or this library";
  if (sqlstate == "26000" || sqlstate == "42P05")
    return "; a pooler without prepared statements is between: add prepare=false to the URL";
  if (sqlstate == "42P01" || sqlstate == "42703" || sqlstate == "42883")
    return "; the tables are not those of this library: somebody has changed them, perhaps a newer "
           "library, which is to be used then";
  if (sqlstate == "XX001" || sqlstate == "XX002")
    return "; the server reports damage: see its log, and restore from a backup";
  return "";
}

/// libpqxx 6 knows more of some errors than it tells.
std::string sqlstate_of(pqxx::sql_error const& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  auto const is = [&error]<class Kind>(Kind const*) {
    return dynamic_cast<Kind const*>(&error) != nullptr;
  };
  if (is(static_cast<pqxx::insufficient_privilege const*>(nullptr))) return "42501";
  if (is(static_cast<pqxx::disk_full const*>(nullptr))) return "53100";
  if (is(static_cast<pqxx::out_of_memory const*>(nullptr))) return "53200";
  if (is(static_cast<pqxx::insufficient_resources const*>(nullptr))) return "53000";
  if (is(static_cast<pqxx::undefined_table const*>(nullptr))) return "42P01";
  if (is(static_cast<pqxx::data_exception const*>(nullptr))) return "22000";
  if (is(static_cast<pqxx::integrity_constraint_violation const*>(nullptr))) return "23000";
  return "HV000";
}

bool is_one_of(std::string_view sqlstate, std::initializer_list<std::string_view> classes) {
  for (auto const each : classes)
    if (sqlstate.starts_with(each)) return true;
  return false;
}

[[noreturn]] void refuse(Settings const& settings, std::string const& what,
                         std::string_view details) {
  throw ConfigurationError("database '" + settings.url.display() + "' " + what + " [" +
                               one_line(settings, details) + "]",
                           "database_url");
}

bool says(std::string_view message, std::string_view words) {
  return message.find(words) != std::string_view::npos;
}

// Not what a network does to a TLS connection, which is over a moment later.
bool is_of_tls(std::string_view message) {
  return says(message, "server does not support SSL") ||
         says(message, "certificate verify failed") || says(message, "server certificate for") ||
         (says(message, "certificate file") && says(message, "does not exist"));
}

// libpq tells by words alone why it did not connect; those of the server are its own language's,
// so that what is not recognized is told as it stands.
[[noreturn]] void refuse_connection(Settings const& settings, std::string_view message) {
  bool const is_of_network = says(message, "could not translate host name");
  if (!is_of_network && (says(message, "invalid") || says(message, "unrecognized")))
    refuse(settings, "has a URL that libpq does not take; expected postgres://USER@HOST:PORT/NAME",
           message);
  if (says(message, "password authentication failed") || says(message, "no password supplied"))
    refuse(settings,
           "refused the password; expected the role's own, in the URL, PGPASSWORD or ~/.pgpass",
           message);
  if ((says(message, "role \"") || says(message, "database \"")) && says(message, "does not exist"))
    refuse(settings,
           "is not there; expected a role and a database that exist: create them, or name others",
           message);
  if (says(message, "pg_hba.conf"))
    refuse(settings,
           "does not let this role in from here; expected a line for it in the server's "
           "pg_hba.conf, or another sslmode",
           message);
  if (is_of_tls(message))
    refuse(
        settings,
        "was not reached by TLS as the URL asks for it; expected certificates that are there and "
        "fit, or another sslmode",
        message);
  if (says(message, "too many clients") || says(message, "too many connections") ||
      says(message, "connection slots"))
    throw BackendError("database '" + settings.url.display() + "' takes no further connection" +
                           std::string{advice_for("53300")} + " [" + one_line(settings, message) +
                           "]",
                       "53300", settings.url.display(), true);
  throw BackendError("database '" + settings.url.display() +
                         "' could not be reached; expected a server that answers: check host, port "
                         "and network [" +
                         one_line(settings, message) + "]",
                     "08001", settings.url.display(), true);
}

}  // namespace

std::string one_line(Settings const& settings, std::string_view message) {
  std::string line;
  for (char const c : message) {
    if (c != '\n' && c != '\t') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  // What libpqxx 6 makes of the end of a connection.
  if (line.find("client encoding: not connected") != line.npos)
    line = "the server or the network has ended the connection";
  for (std::string_view const prefix : {"ERROR:  ", "FATAL:  "})
    if (line.starts_with(prefix)) line.erase(0, prefix.size());
  return settings.url.redact(std::move(line));
}

Failure failure_of(std::string_view sqlstate) noexcept {
  if (is_one_of(sqlstate, {"22", "23", "54"})) return Failure::data;
  if (is_one_of(sqlstate, {"XX001", "XX002"})) return Failure::damaged;
  // The server shuts down, has become a replica, or has lost what the session relied upon.
  if (is_one_of(sqlstate, {"08", "57P", "25006", "26000", "25P03"})) return Failure::broken;
  return Failure::again;
}

void throw_session_error(Settings const& settings, std::string_view doing, Failure lost) {
  auto const say = [&](Failure failure, std::string_view message, std::string_view sqlstate) {
    throw SessionError(failure,
                       "PostgreSQL, " + std::string{doing} + ": " + one_line(settings, message) +
                           " (" + std::string{sqlstate} + ")" + std::string{advice_for(sqlstate)},
                       std::string{sqlstate}, std::string{doing});
  };
  try {
    throw;
  } catch (pqxx::statement_completion_unknown const& error) {
    say(lost, error.what(), "40003");
  } catch (pqxx::deadlock_detected const& error) {
    say(Failure::again, error.what(), "40P01");
  } catch (pqxx::transaction_rollback const& error) {
    say(Failure::again, error.what(), "40001");
  } catch (pqxx::sql_error const& error) {
    // 57P01 and the like end the connection after they were answered: what it means for a commit
    // is not known.
    auto const sqlstate = sqlstate_of(error);
    auto const failure = failure_of(sqlstate);
    say(failure == Failure::broken ? lost : failure, error.what(), sqlstate);
  } catch (pqxx::broken_connection const& error) {
    say(lost, error.what(), "08006");
  } catch (pqxx::failure const& error) {  // protocol violations, in doubt
    say(lost, error.what(), "08P01");
  } catch (std::logic_error const& error) {  // of libpqxx: a connection that is not usable
    say(lost, error.what(), "08003");
  }
  std::abort();  // not reached: `say` throws
}

void refuse_database(Settings const& settings) {
  try {
    throw;
  } catch (pqxx::pqxx_exception const& error) {
    refuse_connection(settings, error.base().what());
  } catch (SessionError const& error) {
    if (error.sqlstate() == "42501")
      refuse(settings,
             "does not let this role make or change schema '" + settings.schema +
                 "'; expected the right to, or a schema that an administrator has made and brought "
                 "up to date: cloacina migrate [--print], or DatabaseAdmin",
             error.what());
    throw BackendError(
        "database '" + settings.url.display() + "' could not be opened: " + error.what(),
        error.sqlstate(), settings.url.display(), error.is_retryable());
  }
}

}  // namespace cloacina::backend::postgres
