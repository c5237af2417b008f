#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// One line of a CSV file: column → text.
using Row = std::map<std::string, std::string>;

/// The rows of a file whose first line names the columns. No quotes: the files in data/ have none.
inline std::vector<Row> read_csv(std::filesystem::path const& path) {
  std::ifstream file{path};
  if (!file)
    throw std::runtime_error{"cannot read " + path.string() + "; name its directory with --data"};
  auto const split = [](std::string const& line) {
    std::vector<std::string> fields;
    std::istringstream stream{line};
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
    return fields;
  };
  std::string line;
  std::getline(file, line);
  auto const columns = split(line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    auto const fields = split(line);
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size() && i < fields.size(); ++i)
      row[columns[i]] = fields[i];
  }
  return rows;
}
