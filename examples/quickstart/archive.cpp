#include "archive.hpp"

#include <cloacina/error.hpp>

namespace {

Archive archive;

bool is_known(std::string const& field) { return !field.empty() && field != "NA"; }

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

std::string scheduled_time(Row const& row) {
  return row.at("year") + "-" + two_digits(std::stoi(row.at("month"))) + "-" +
         two_digits(std::stoi(row.at("day"))) + " " + two_digits(std::stoi(row.at("hour"))) + ":" +
         two_digits(std::stoi(row.at("minute")));
}

std::string route_of(Flight const& flight) {
  return flight.carrier + flight.origin + flight.destination;
}

}  // namespace

Flight parse_flight(Row const& row) {
  Flight flight{.number = row.at("carrier") + " " + row.at("flight"),
                .carrier = row.at("carrier"),
                .origin = row.at("origin"),
                .destination = row.at("dest"),
                .scheduled = scheduled_time(row),
                .hour = row.at("time_hour"),
                .cancelled = !is_known(row.at("dep_time")),
                .miles = std::stoi(row.at("distance"))};
  if (flight.cancelled) return flight;
  if (!is_known(row.at("arr_delay")))
    throw cloacina::PermanentError{"left at " + row.at("dep_time") +
                                   ", but the row has no arr_delay: cannot tell how late it was"};
  flight.minutes_late = std::stoi(row.at("arr_delay"));
  return flight;
}

void Archive::open(std::filesystem::path const& directory) {
  archive.flights_ = read_csv(directory / "flights_2013-02-04_to_10.csv");
  for (auto const& row : read_csv(directory / "weather_2013-02-04_to_10.csv"))
    archive.weather_[{row.at("origin"), row.at("time_hour")}] = {std::stod(row.at("visib")),
                                                                 std::stod(row.at("wind_speed"))};
  for (auto const& row : read_csv(directory / "airlines.csv"))
    archive.airlines_[row.at("carrier")] = row.at("name");
  for (auto const& row : archive.flights_) {
    if (!is_known(row.at("dep_time")) || !is_known(row.at("arr_delay"))) continue;
    auto const flight = parse_flight(row);
    archive.departures_[route_of(flight)][flight.scheduled] = flight.number;
  }
}

Archive const& Archive::get() { return archive; }

std::optional<Weather> Archive::weather(std::string const& airport, std::string const& hour) const {
  auto const found = weather_.find({airport, hour});
  return found == weather_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::string> Archive::airline(std::string const& carrier) const {
  auto const found = airlines_.find(carrier);
  return found == airlines_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::string> Archive::next_departure_after(Flight const& missed) const {
  auto const route = departures_.find(route_of(missed));
  if (route == departures_.end()) return std::nullopt;
  auto const next = route->second.upper_bound(missed.scheduled);
  if (next == route->second.end()) return std::nullopt;
  return next->second + ", " + next->first;
}
