#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "csv.hpp"

struct Flight {
  std::string number;  ///< "B6 715"
  std::string carrier, origin, destination;
  std::string scheduled;  ///< local, "2013-02-08 05:24"
  std::string hour;       ///< the scheduled hour in UTC, as weather observations name it
  bool cancelled = false;
  int minutes_late = 0;  ///< at the destination; 0 when cancelled, negative when early
  int miles = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Flight, number, carrier, origin, destination, scheduled, hour,
                                   cancelled, minutes_late, miles)

struct Weather {
  double visibility_miles = 10;
  double wind_mph = 0;

  [[nodiscard]] bool is_bad() const { return visibility_miles < 3 || wind_mph >= 25; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Weather, visibility_miles, wind_mph)

/// The services that an airline would ask, as files: read once, before the runner starts.
class Archive {
 public:
  static void open(std::filesystem::path const& directory);
  static Archive const& get();

  [[nodiscard]] std::vector<Row> const& flights() const { return flights_; }
  [[nodiscard]] std::optional<Weather> weather(std::string const& airport,
                                               std::string const& hour) const;
  [[nodiscard]] std::optional<std::string> airline(std::string const& carrier) const;
  /// The next flight of the same airline between the same airports that really left: "B6 715,
  /// 2013-02-10 06:00".
  [[nodiscard]] std::optional<std::string> next_departure_after(Flight const& missed) const;

 private:
  std::vector<Row> flights_;
  std::map<std::pair<std::string, std::string>, Weather> weather_;
  std::map<std::string, std::string> airlines_;
  std::map<std::string, std::map<std::string, std::string>>
      departures_;  ///< route → scheduled → number
};

/// A flight from a row of the file. Throws `cloacina::PermanentError` if the row lacks what a claim
/// needs.
Flight parse_flight(Row const& row);
