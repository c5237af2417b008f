#include "core/zone_file.hpp"

#include <string>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono;

namespace {

std::string big_endian(std::int64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i)
    text += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
  return text;
}

/// What a file says of a zone whose clocks were half an hour before UTC's, then one hour, then one
/// hour by another name, then two.
std::string zone_block(char version, int time_size, std::int64_t leaps = 0) {
  auto text = std::string{"TZif"} + version + std::string(15, '\0') + big_endian(0, 4) +
              big_endian(0, 4) + big_endian(leaps, 4) + big_endian(3, 4) + big_endian(3, 4) +
              big_endian(4, 4);
  for (auto const begin : {-1000, 0, 5000}) text += big_endian(begin, time_size);
  text += std::string{"\1\1\2", 3};
  for (auto const offset : {1800, 3600, 7200}) text += big_endian(offset, 4) + std::string(2, '\0');
  text += std::string{"ABC", 4};
  for (std::int64_t i = 0; i < leaps; ++i) text += big_endian(i, time_size) + big_endian(i, 4);
  return text;
}

std::string zone_file(std::string const& last_line = "XXX-2") {
  return zone_block('2', 4) + zone_block('2', 8) + "\n" + last_line + "\n";
}

sys_seconds instant_at(std::int64_t count) { return sys_seconds{seconds{count}}; }

}  // namespace

TEST_CASE("a zone file says from when to when which offset holds", "[core][zones]") {
  auto const zone = read_zone_file(zone_file());
  CHECK(zone->period_at(instant_at(-5000)).offset == 30min);
  CHECK(zone->period_at(instant_at(-5000)).begin == sys_seconds::min());
  CHECK(zone->period_at(instant_at(-1001)).end == instant_at(-1000));
  // Another name is no other period.
  CHECK(zone->period_at(instant_at(-1000)).begin == instant_at(-1000));
  CHECK(zone->period_at(instant_at(-1000)).end == instant_at(5000));
  CHECK(zone->period_at(instant_at(4999)).offset == 1h);
  CHECK(zone->period_at(instant_at(5000)).begin == instant_at(5000));
  CHECK(zone->period_at(instant_at(5000)).end == sys_seconds::max());
}

TEST_CASE("after the last change that a file lists its rule holds", "[core][zones]") {
  auto const zone = read_zone_file(zone_file("XXX-2YYY,J100/2,J200/3"));
  sys_seconds const begin = sys_days{year{2100} / 4 / 10};
  CHECK(zone->period_at(instant_at(5000)).begin == instant_at(5000));
  CHECK(zone->period_at(begin - 1s).offset == 2h);
  CHECK(zone->period_at(begin).offset == 3h);
  CHECK(zone->period_at(begin).begin == begin);
  CHECK(zone->period_at(begin).end == sys_days{year{2100} / 7 / 19});
}

TEST_CASE("a file of the first version has no rule", "[core][zones]") {
  auto const zone = read_zone_file(zone_block('\0', 4));
  CHECK(zone->period_at(instant_at(4999)).offset == 1h);
  CHECK(zone->period_at(instant_at(5000)).offset == 2h);
  CHECK(zone->period_at(instant_at(5000)).end == sys_seconds::max());
}

TEST_CASE("a file that is none is refused", "[core][zones]") {
  auto const whole = zone_file();
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_THROWS_AS(read_zone_file(whole.substr(0, length)), ValidationError);
  CHECK_THROWS_WITH(read_zone_file("PNG and so on"), "does not begin as a zone file");
  CHECK_THROWS_WITH(read_zone_file(whole.substr(0, 100)), "ends too early");
  CHECK_THROWS_WITH(read_zone_file(zone_file("often")), "ends with a rule that cannot be read");
  CHECK_THROWS_WITH(read_zone_file(zone_block('2', 4, 2) + zone_block('2', 8, 2) + "\nXXX-2\n"),
                    Catch::Contains("leap seconds"));
}

TEST_CASE("a damaged file is refused or gives some zone", "[core][zones]") {
  auto const whole = zone_file("XXX-2YYY,J100/2,J200/3");
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (auto const value : {'\0', '\1', '\x7F', '\x80', '\xFF'}) {
      auto damaged = whole;
      damaged[i] = value;
      try {
        auto const period = read_zone_file(damaged)->period_at(instant_at(4'000'000'000));
        CHECK(period.begin <= instant_at(4'000'000'000));
        CHECK(period.end > instant_at(4'000'000'000));
      } catch (ValidationError const&) {
        continue;
      }
    }
}
