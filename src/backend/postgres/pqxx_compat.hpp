#pragma once

// The one place that knows which libpqxx it is: 6.4 to 7.10.
#include <pqxx/pqxx>

#include <libpq-fe.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace cloacina::backend::postgres::compat {

/// From 7 on a lost connection stays lost by itself.
inline void stay_lost([[maybe_unused]] pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
  // Silently opened again, a connection has forgotten its settings, its transaction and what it
  // listens to.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
}

/// Only the first line of an error: the details name rows with their values.
inline void speak_tersely(pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
  connection.set_verbosity(pqxx::connection_base::terse);
#else
  connection.set_verbosity(pqxx::error_verbosity::terse);
#endif
}

/// A null pointer is NULL.
inline pqxx::result run_prepared(pqxx::nontransaction& transaction, std::string const& name,
                                 std::vector<char const*> const& parameters) {
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(parameters));
}

/// The same without preparing it, where a pooler would give the next call another server process.
inline pqxx::result run_once(pqxx::nontransaction& transaction, std::string const& sql,
                             std::vector<char const*> const& parameters) {
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
}

/// What the server keeps instead of a password (RFC 5803), made on this side: a password in CREATE
/// ROLE would be in the server's log.
inline std::string scram_verifier(std::string const& username, std::string const& password) {
  // By libpq, because libpqxx 6 makes MD5 hashes only; of a connection that is none, because
  // nobody is asked.
  std::unique_ptr<PGconn, decltype(&PQfinish)> const nobody{PQconnectStart(""), &PQfinish};
  std::unique_ptr<char, decltype(&PQfreemem)> const verifier{
      PQencryptPasswordConn(nobody.get(), password.c_str(), username.c_str(), "scram-sha-256"),
      &PQfreemem};
  if (!verifier) throw std::bad_alloc{};
  return verifier.get();
}

}  // namespace cloacina::backend::postgres::compat
