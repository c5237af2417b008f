// Answers each line of the standard input by numbers of 8 bytes, the first one how many follow:
//   firings ZONE FROM TO EXPRESSION   the instants from FROM on and before TO
//   periods ZONE FROM TO              begin, end and offset of each period
// All are seconds since 1970 in UTC. -1 instead: the expression is refused. -2 and three more:
// asked after the third the first is next; it should have been the second.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <cloacina/error.hpp>

#include "core/cron.hpp"
#include "engine/time_zones.hpp"

namespace {

using namespace cloacina;
using std::chrono::seconds;
using std::chrono::sys_seconds;

using Numbers = std::vector<std::int64_t>;

struct Question {
  std::string what, zone, expression;
  sys_seconds from, to;
};

Question read_question(std::string const& line) {
  Question question;
  std::int64_t from = 0, to = 0;
  std::istringstream stream{line};
  if (!(stream >> question.what >> question.zone >> from >> to))
    throw std::runtime_error{"not understood: " + line};
  std::getline(stream >> std::ws, question.expression);
  question.from = sys_seconds{seconds{from}};
  question.to = sys_seconds{seconds{to}};
  return question;
}

std::int64_t count(sys_seconds instant) { return instant.time_since_epoch().count(); }

/// What comes next must not depend on when one asks: from one firing to the next it is the same.
Numbers ask_between(CronExpression const& expression, TimeZone const& zone, sys_seconds last,
                    sys_seconds next) {
  thread_local std::minstd_rand random;
  auto const length = (next - last).count();
  for (auto const later : {static_cast<std::int64_t>(random()) % length, length - 1}) {
    auto const asked = last + seconds{later};
    auto const found = expression.next_after(asked, zone).value_or(last);
    if (found != next) return {count(found), count(next), count(asked)};
  }
  return {};
}

Numbers firings(Question const& question, TimeZone const& zone) {
  Numbers found{0};
  auto const expression = CronExpression::parse(question.expression);
  auto last = question.from - seconds{1};
  for (;;) {
    auto const next = expression.next_after(last, zone);
    if (!next || *next >= question.to) break;
    if (*next <= last) throw std::runtime_error{"'" + expression.text() + "' does not go on"};
    if (found.size() % 16 == 1) {
      auto const other = ask_between(expression, zone, last, *next);
      if (!other.empty()) return {-2, other[0], other[1], other[2]};
    }
    found.push_back(count(*next));
    last = *next;
  }
  found.front() = static_cast<std::int64_t>(found.size()) - 1;
  return found;
}

Numbers periods(Question const& question, TimeZone const& zone) {
  Numbers found{0};
  for (auto at = question.from; at < question.to;) {
    auto const period = zone.period_at(at);
    if (period.begin > at || period.end <= at)
      throw std::runtime_error{question.zone + " has no period at " + std::to_string(count(at))};
    found.push_back(count(std::max(period.begin, question.from)));
    found.push_back(count(std::min(period.end, question.to)));
    found.push_back(period.offset.count());
    at = period.end;
  }
  found.front() = static_cast<std::int64_t>(found.size()) - 1;
  return found;
}

Numbers answer(Question const& question) {
  auto const zone = engine::find_zone(question.zone);
  try {
    return question.what == "firings" ? firings(question, *zone) : periods(question, *zone);
  } catch (ValidationError const&) {
    return {-1};
  }
}

}  // namespace

int main() try {
  for (std::string line; std::getline(std::cin, line);) {
    auto const numbers = answer(read_question(line));
    std::fwrite(numbers.data(), sizeof numbers.front(), numbers.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "cron_walk: %s\n", error.what());
  return 4;
}
