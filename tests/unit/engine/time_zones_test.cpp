#include "engine/time_zones.hpp"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/scratch_directory.hpp"

using namespace cloacina;
using namespace std::chrono;
using namespace std::string_view_literals;
using cloacina::engine::find_zone;
using cloacina::engine::TimeZones;
using cloacina::test::ScratchDirectory;

namespace {

namespace fs = std::filesystem;

sys_seconds moment(int y, unsigned mo, unsigned d, int h = 0, int mi = 0, int s = 0) {
  return sys_days{year{y} / mo / d} + hours{h} + minutes{mi} + seconds{s};
}

local_seconds clock_time(int y, unsigned mo, unsigned d, int h = 0, int mi = 0) {
  return local_days{year{y} / mo / d} + hours{h} + minutes{mi};
}

/// Two changes of a zone's clocks within a year, the time between them being `offset`.
struct Between {
  char const* zone;
  sys_seconds begin, end;
  seconds offset, offset_before, offset_after;
};

/// A directory of zones that a test may change.
class OwnZones {
 public:
  [[nodiscard]] fs::path const& path() const { return scratch_.path(); }

  void put(char const* name, fs::path const& like) const {
    fs::create_directories((path() / name).parent_path());
    // As package managers do: made beside it, then put in its place.
    auto const made = path() / "made";
    fs::copy_file(engine::zone_directory() / like, made);
    fs::rename(made, path() / name);
  }
  void write(char const* name, std::string const& bytes) const {
    std::ofstream{path() / name, std::ios::binary} << bytes;
  }

 private:
  ScratchDirectory scratch_;
};

std::string refusal(TimeZones& zones, std::string_view name) {
  try {
    (void)zones.find(name);
  } catch (ValidationError const& error) {
    CHECK(error.where() == "timezone");
    return error.what();
  }
  return "none";
}

std::string refusal(std::string_view name) {
  TimeZones zones;
  return refusal(zones, name);
}

}  // namespace

TEST_CASE("zones change their clocks when Python's zoneinfo says so", "[engine][zones]") {
  auto const row = GENERATE(values<Between>({
      {"Europe/Paris", moment(2026, 3, 29, 1), moment(2026, 10, 25, 1), 2h, 1h, 1h},
      {"Europe/Paris", moment(2050, 3, 27, 1), moment(2050, 10, 30, 1), 2h, 1h, 1h},
      {"Europe/Paris", moment(2090, 3, 26, 1), moment(2090, 10, 29, 1), 2h, 1h, 1h},
      {"America/New_York", moment(2050, 3, 13, 7), moment(2050, 11, 6, 6), -4h, -5h, -5h},
      {"America/New_York", moment(2090, 3, 12, 7), moment(2090, 11, 5, 6), -4h, -5h, -5h},
      {"Australia/Lord_Howe", moment(2026, 4, 4, 15), moment(2026, 10, 3, 15, 30), 10h + 30min, 11h,
       11h},
      {"Australia/Lord_Howe", moment(2050, 4, 2, 15), moment(2050, 10, 1, 15, 30), 10h + 30min, 11h,
       11h},
      {"Australia/Lord_Howe", moment(2090, 4, 1, 15), moment(2090, 9, 30, 15, 30), 10h + 30min, 11h,
       11h},
      // In Ramadan; nobody has foretold it beyond 2087.
      {"Africa/Casablanca", moment(2050, 5, 15, 2), moment(2050, 6, 26, 2), 0h, 1h, 1h},
      {"Asia/Manila", moment(1990, 5, 20, 16), moment(1990, 7, 28, 15), 9h, 8h, 8h},
      {"Pacific/Apia", moment(2011, 9, 24, 14), moment(2011, 12, 30, 10), -10h, -11h, 14h},
  }));
  CAPTURE(row.zone, row.begin.time_since_epoch().count());
  auto const zone = find_zone(row.zone);
  auto const period = zone->period_at(row.begin);
  CHECK(period.begin == row.begin);
  CHECK(period.end == row.end);
  CHECK(period.offset == row.offset);
  CHECK(zone->period_at(row.begin - 1s).offset == row.offset_before);
  CHECK(zone->period_at(row.begin - 1s).end == row.begin);
  CHECK(zone->period_at(row.end - 1s).offset == row.offset);
  CHECK(zone->period_at(row.end).offset == row.offset_after);
}

TEST_CASE("a zone without rules to come stays as it is", "[engine][zones]") {
  auto const casablanca = find_zone("Africa/Casablanca")->period_at(moment(2090, 6, 1));
  CHECK(casablanca.offset == 1h);
  CHECK(casablanca.end == sys_seconds::max());
  CHECK(find_zone("Asia/Kathmandu")->period_at(moment(2090, 6, 1)).offset == 5h + 45min);
  CHECK(find_zone("Etc/GMT+5")->period_at(moment(2026, 1, 1)).offset == -5h);
}

TEST_CASE("what clocks show twice is reached at the first of both, what they skip after the gap",
          "[engine][zones]") {
  auto const paris = find_zone("Europe/Paris");
  CHECK(first_reached(clock_time(2050, 3, 27, 2, 30), *paris) == moment(2050, 3, 27, 1));
  CHECK(first_reached(clock_time(2050, 10, 30, 2, 30), *paris) == moment(2050, 10, 30, 0, 30));
  auto const lord_howe = find_zone("Australia/Lord_Howe");
  CHECK(first_reached(clock_time(2026, 10, 4, 2, 15), *lord_howe) == moment(2026, 10, 3, 15, 30));
  CHECK(first_reached(clock_time(2026, 4, 5, 1, 45), *lord_howe) == moment(2026, 4, 4, 14, 45));
  CHECK(first_reached(clock_time(2026, 4, 5, 2), *lord_howe) == moment(2026, 4, 4, 15, 30));
}

TEST_CASE("a day that a zone has left out ends before it begins", "[engine][zones]") {
  // Across the date line: 29 December 2011 was followed by the 31st.
  auto const apia = find_zone("Pacific/Apia");
  CHECK(first_reached(clock_time(2011, 12, 30, 9), *apia) == moment(2011, 12, 30, 10));
  CHECK(first_reached(clock_time(2011, 12, 31, 0, 1), *apia) == moment(2011, 12, 30, 10, 1));
  auto const daily = CronExpression::parse("0 9 * * *");
  CHECK(*daily.next_after(moment(2011, 12, 29, 19), *apia) == moment(2011, 12, 30, 10));
  CHECK(*daily.next_after(moment(2011, 12, 30, 10), *apia) == moment(2011, 12, 30, 19));
  auto const manila = find_zone("Asia/Manila");  // without 31 December 1844
  CHECK(first_reached(clock_time(1844, 12, 31, 12), *manila) == moment(1844, 12, 31, 15, 56, 8));
}

TEST_CASE("UTC needs no file", "[engine][zones]") {
  OwnZones const empty;
  TimeZones zones{empty.path()};
  CHECK(zones.find("UTC")->period_at(moment(2026, 7, 1)).offset == 0s);
  CHECK(TimeZones{fs::path{}}.find("UTC")->period_at(moment(2026, 7, 1)).offset == 0s);
  TimeZones nowhere{fs::path{}};
  CHECK_THAT(refusal(nowhere, "Europe/Paris"), Catch::Contains("install the package tzdata"));
}

TEST_CASE("a zone that is not there is refused, and those near it are named", "[engine][zones]") {
  CHECK_THAT(refusal("Europe/Pari"), Catch::Contains("there is no time zone 'Europe/Pari'") &&
                                         Catch::Contains("did you mean 'Europe/Paris'"));
  CHECK_THAT(refusal("europe/paris"), Catch::Contains("did you mean 'Europe/Paris'"));
  CHECK_THAT(refusal("Paris"), Catch::Contains("did you mean 'Europe/Paris'"));
  CHECK_THAT(refusal("Berln"), Catch::Contains("'Europe/Berlin'"));
  CHECK_THAT(refusal("Middle-earth/Gondor"), Catch::Contains("expected a name of the IANA"));
  CHECK_THAT(refusal("Europe"), Catch::Contains("there is no time zone 'Europe'"));
  CHECK_THAT(refusal(""), Catch::Contains("is empty"));
  CHECK_THAT(refusal("tzdata.zi"), Catch::Contains("does not begin as a zone file"));
  CHECK(refusal(std::string(1'000'000, 'x')).size() < 400);
}

TEST_CASE("no name leads out of the directory of zones", "[engine][zones]") {
  OwnZones const own;
  own.put("zones/Here", "Europe/Paris");
  own.put("Outside", "Europe/Paris");
  TimeZones zones{own.path() / "zones"};
  CHECK(zones.find("Here"));
  for (auto const name : std::initializer_list<std::string_view>{
           "../Outside", "x/../../Outside", "/etc/localtime", "./Here", "Here/", "/Here", "x//Here",
           ".", "..", "Here\n", " Here", "Here\0x"sv}) {
    CAPTURE(name);
    CHECK_THAT(refusal(zones, name), Catch::Contains("there is no time zone"));
  }
  CHECK_THAT(refusal(zones, (own.path() / "Outside").string()), Catch::Contains("there is no"));
}

TEST_CASE("asked again, a zone has the rules that its file has now", "[engine][zones]") {
  OwnZones const own;
  own.put("Land/Town", "Europe/Paris");
  TimeZones zones{own.path()};
  auto const before = zones.find("Land/Town");
  CHECK(zones.find("Land/Town") == before);

  own.put("Land/Town", "Asia/Tokyo");
  auto const after = zones.find("Land/Town");
  CHECK(after->period_at(moment(2026, 7, 1)).offset == 9h);
  CHECK(before->period_at(moment(2026, 7, 1)).offset == 2h);
  CHECK(zones.find("Land/Town") == after);

  SECTION("a file that is gone or half written leaves the rules as they were") {
    own.write("Land/Town", "TZif2");
    CHECK(zones.find("Land/Town") == after);
    fs::remove(own.path() / "Land/Town");
    CHECK(zones.find("Land/Town") == after);
    own.put("Land/Town", "Europe/Paris");
    CHECK(zones.find("Land/Town")->period_at(moment(2026, 7, 1)).offset == 2h);
  }
  SECTION("a file that never was right is refused") {
    own.write("Broken", "TZif2");
    CHECK_THAT(refusal(zones, "Broken"), Catch::Contains((own.path() / "Broken").string()) &&
                                             Catch::Contains("ends too early"));
  }
}

TEST_CASE("TZDIR says where zones are", "[engine][zones]") {
  auto const system = engine::zone_directory();
  OwnZones const own;
  own.put("Land/Town", "Asia/Tokyo");
  ::setenv("TZDIR", own.path().c_str(), 1);
  TimeZones zones;
  ::setenv("TZDIR", "relative", 1);
  CHECK(engine::zone_directory() == system);
  ::unsetenv("TZDIR");
  CHECK(zones.find("Land/Town")->period_at(moment(2026, 7, 1)).offset == 9h);
  CHECK_THAT(refusal(zones, "Land/Towm"), Catch::Contains("did you mean 'Land/Town'"));
}

TEST_CASE("threads may ask for zones at once", "[engine][zones]") {
  OwnZones const own;
  own.put("Land/Town", "Europe/Paris");
  TimeZones zones{own.path()};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        auto const offset = zones.find("Land/Town")->period_at(moment(2026, 7, 1)).offset;
        if (offset != 2h && offset != 9h) ++wrong;
      }
    });
  for (int i = 0; i < 50; ++i) own.put("Land/Town", i % 2 == 0 ? "Asia/Tokyo" : "Europe/Paris");
  stop = true;
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
