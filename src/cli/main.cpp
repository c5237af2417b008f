// The command `cloacina`: makes a database's tables, or prints the SQL for whoever may.
#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/error.hpp>
#include <cloacina/version.hpp>

#include "core/nearest.hpp"
#include "core/schema_name.hpp"
#include "runner/migrations.hpp"

namespace {

using Backend = cloacina::DatabaseUrl::Backend;
using cloacina::detail::newest_schema;

constexpr auto usage =
    R"(usage: cloacina migrate URL
       cloacina migrate --print [--backend postgres|sqlite] [--schema NAME] [--from VERSION]
       cloacina --help | --version

migrate URL   makes the tables in this database, or brings them up to the version of this command
--print       prints the SQL of that instead, and touches no database; to be run by
                psql -1 -v ON_ERROR_STOP=1 -f FILE URL, or
                sqlite3 -bail DATABASE <FILE
--backend     whose SQL; default: postgres
--schema      the schema of PostgreSQL that the tables are in; default: public
--from        the version that the tables have; default: 0, which is none

A password is better in ~/.pgpass or PGPASSWORD than in the URL: arguments are seen by all users.
Exit status: 0 done, or nothing to do; 1 the database refused, or could not be reached; 2 the
arguments are wrong.
)";

/// The arguments are wrong: ends the program with 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A word that belongs nowhere may be a URL, with a password in it: shown is only what could be a
/// slip of a known one.
template <std::size_t Size>
UsageError unknown(std::string const& what, std::string_view word,
                   std::array<std::string_view, Size> const& known) {
  auto const meant = cloacina::did_you_mean(word, known);
  auto const expected = cloacina::list_of(known, known.size());
  return UsageError{"unknown " + what + (meant.empty() ? "" : " '" + std::string{word} + "'") +
                    "; expected " + expected + meant};
}

struct Arguments {
  bool print = false;
  Backend backend = Backend::postgres;
  std::string_view schema, from, url;
};

Backend backend_called(std::string_view name) {
  if (name == "postgres") return Backend::postgres;
  if (name == "sqlite") return Backend::sqlite;
  throw unknown("--backend", name, std::array<std::string_view, 2>{"postgres", "sqlite"});
}

/// `words`: what stands behind `migrate`.
Arguments parse(std::vector<std::string_view> const& words) {
  Arguments arguments;
  bool any_option = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto const word = words[i];
    if (!word.starts_with("-")) {
      if (!arguments.url.empty()) throw UsageError{"two URLs; expected one"};
      arguments.url = word;
      continue;
    }
    if (word == "--print") {
      arguments.print = true;
      continue;
    }
    auto const name = word.substr(0, word.find('='));
    bool const known = name == "--backend" || name == "--schema" || name == "--from";
    if (!known)
      throw unknown("option", word,
                    std::array<std::string_view, 4>{"--print", "--backend", "--schema", "--from"});
    bool const within = name.size() < word.size();
    if (!within && i + 1 == words.size()) throw UsageError{std::string{name} + " wants a value"};
    auto const value = within ? word.substr(name.size() + 1) : words[++i];
    if (name == "--backend") {
      arguments.backend = backend_called(value);
    } else {
      (name == "--schema" ? arguments.schema : arguments.from) = value;
    }
    any_option = true;
  }
  if (arguments.print == !arguments.url.empty())
    throw UsageError{"migrate wants a database's URL or --print, one of them"};
  if (!arguments.print && any_option)
    throw UsageError{
        "--backend, --schema and --from belong to --print; a URL says all of that, as "
        "postgres://HOST/DATABASE?schema=NAME"};
  return arguments;
}

std::string_view schema_of(Arguments const& arguments) {
  if (arguments.schema.empty()) return "public";
  if (arguments.backend == Backend::sqlite)
    throw UsageError{"--schema is for postgres; in SQLite each tenant has a file of its own"};
  if (auto const why = cloacina::why_no_schema_name(arguments.schema); !why.empty())
    throw UsageError{"--schema " + why + "; expected a name as tenant_a"};
  return arguments.schema;
}

std::size_t version_from(Arguments const& arguments) {
  auto const newest = newest_schema(arguments.backend);
  auto const text = arguments.from.empty() ? std::string_view{"0"} : arguments.from;
  std::size_t version = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || version > newest)
    throw UsageError{"--from is no version; expected 0 to " + std::to_string(newest)};
  return version;
}

void print(Arguments const& arguments) {
  bool const postgres = arguments.backend == Backend::postgres;
  auto const schema = std::string{schema_of(arguments)};
  auto const from = version_from(arguments);
  auto const newest = newest_schema(arguments.backend);
  std::string text = std::string{"-- Cloacina "} + cloacina::version + ", " +
                     (postgres ? "PostgreSQL, schema " + schema : "SQLite") + ": from version " +
                     std::to_string(from) + " to " + std::to_string(newest) + ".\n";
  if (from == newest) {
    text += "-- Nothing to do.\n";
  } else {
    text += postgres ? "-- As the owner of the tables: psql -1 -v ON_ERROR_STOP=1 -f FILE URL\n\n"
                     : "-- sqlite3 -bail DATABASE <FILE\n\n";
    text += cloacina::detail::migration_script(arguments.backend, schema, from);
  }
  std::fputs(text.c_str(), stdout);
}

void migrate(std::string_view url) {
  auto const done = cloacina::detail::migrate(url);
  auto const now = std::to_string(done.now);
  if (done.found == done.now) {
    std::printf("%s is at version %s: nothing to do\n", done.database.c_str(), now.c_str());
  } else {
    std::printf("%s is at version %s now; it was at %zu\n", done.database.c_str(), now.c_str(),
                done.found);
  }
}

void run(std::vector<std::string_view> const& words) {
  if (words.empty()) throw UsageError{"no command; expected migrate"};
  for (auto const word : words)
    if (word == "--help" || word == "-h") return (void)std::fputs(usage, stdout);
  if (words.front() == "--version") return (void)std::printf("cloacina %s\n", cloacina::version);
  if (words.front() != "migrate")
    throw unknown("command", words.front(),
                  std::array<std::string_view, 3>{"migrate", "--help", "--version"});
  auto const arguments = parse({words.begin() + 1, words.end()});
  arguments.print ? print(arguments) : migrate(arguments.url);
}

}  // namespace

int main(int count, char** arguments) try {
  run({arguments + (count > 0), arguments + count});
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  std::fputs("cloacina: the output could not be written\n", stderr);
  return 1;
} catch (UsageError const& error) {
  std::fprintf(stderr, "cloacina: %s\nSee cloacina --help.\n", error.what());
  return 2;
} catch (std::exception const& error) {
  std::fprintf(stderr, "cloacina: %s\n", error.what());
  return 1;
}
