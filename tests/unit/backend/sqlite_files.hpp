#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "backend/database.hpp"
#include "support/catch.hpp"
#include "support/scratch_directory.hpp"

namespace cloacina::test {

inline std::string bytes_of(std::filesystem::path const& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

inline void write_file(std::filesystem::path const& path, std::string const& content) {
  std::ofstream{path, std::ios::binary} << content;
}

/// Name and content of every file in a directory.
inline std::map<std::string, std::string> files_in(std::filesystem::path const& directory) {
  std::map<std::string, std::string> result;
  for (auto const& entry : std::filesystem::directory_iterator{directory})
    result[entry.path().filename().string()] =
        entry.is_regular_file() ? bytes_of(entry.path()) : "";
  return result;
}

/// Runs SQL as any other program would.
inline void run_sql(std::filesystem::path const& path, std::string const& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  char* message = nullptr;
  int const code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message);
  INFO((message == nullptr ? "" : message));
  CHECK(code == SQLITE_OK);
  sqlite3_free(message);
  sqlite3_close(connection);
}

inline std::unique_ptr<backend::Database> open(std::string const& url) {
  return backend::Database::open(DatabaseUrl::parse(url));
}

/// The message with which the URL is refused.
inline std::string refusal(std::string const& url) {
  try {
    (void)open(url);
  } catch (ConfigurationError const& error) {
    CHECK(error.where() == "database_url");
    return error.what();
  }
  FAIL("'" << url << "' was opened");
  return {};
}

}  // namespace cloacina::test
