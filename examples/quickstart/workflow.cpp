#include "workflow.hpp"

#include <numeric>

using namespace keys;

namespace {

constexpr auto answer_time = 20ms;

/// How often the weather service is down before it answers for this flight: mostly never, at most
/// twice. The same in every run, so that a test can say how many retries there must be.
unsigned outages(Flight const& flight) {
  auto const text = flight.scheduled + flight.number;
  auto const sum = std::accumulate(text.begin(), text.end(), 0u);
  return sum % 32 == 0 ? 2 : sum % 8 == 0 ? 1 : 0;
}

}  // namespace

CLOACINA_DEFINE_TASK(parse) { context.put(flight, parse_flight(context.get(row))); }

CLOACINA_DEFINE_TASK(look_up_weather) {
  auto const& departing = context.get(flight);
  co_await context.sleep_for(answer_time);
  if (context.attempt() <= outages(departing))
    throw cloacina::TransientError{"weather service: 503 temporarily unavailable"};
  auto const found = Archive::get().weather(departing.origin, departing.hour);
  if (!found)
    throw cloacina::PermanentError{"no observation at " + departing.origin + " for " +
                                   departing.hour};
  context.put(weather, *found);
}

CLOACINA_DEFINE_TASK(look_up_airline) {
  co_await context.sleep_for(answer_time);
  auto const& carrier = context.get(flight).carrier;
  auto const found = Archive::get().airline(carrier);
  if (!found) throw cloacina::PermanentError{"no airline has the code " + carrier};
  context.put(airline, *found);
}

CLOACINA_DEFINE_TASK(assess) {
  auto const& assessed = context.get(flight);
  bool const disrupted = assessed.cancelled || assessed.minutes_late >= late_from_minutes;
  context.put(cancelled, assessed.cancelled);
  context.put(minutes_late, assessed.minutes_late);
  context.put(cause, !disrupted ? "" : context.get(weather).is_bad() ? "weather" : "airline");
}

// Amounts by distance, as European law has them; American law knows none.
CLOACINA_DEFINE_TASK(compensate) {
  auto const miles = context.get(flight).miles;
  context.put(dollars, miles <= 932 ? 250 : miles <= 2175 ? 400 : 600);
}

CLOACINA_DEFINE_TASK(rebook) {
  auto const next = Archive::get().next_departure_after(context.get(flight));
  if (next) context.put(new_flight, *next);
}

CLOACINA_DEFINE_TASK(settle) {
  auto text = context.get(airline) + ": ";
  auto const* amount = context.find(dollars);
  text +=
      amount ? std::to_string(*amount) + " dollars (" + context.get(cause) + ")" : "nothing due";
  if (auto const* next = context.find(new_flight)) text += "; new flight: " + *next;
  context.put(settlement, text);
}
