#pragma once

#include <cloacina/cloacina.hpp>

#include "archive.hpp"

// One execution for each flight: was it cancelled or late, why, and what does the passenger get?
//
//                 ┌─> look_up_weather ─┐             ┌─> compensate ─┐
//   parse ────────┤                    ├──> assess ──┤               ├──> settle
//                 └─> look_up_airline ─┘             └─> rebook ─────┘
//                                                    each only by its rule
namespace keys {
CLOACINA_KEY(row, Row);  // the input
CLOACINA_KEY(flight, Flight);
CLOACINA_KEY(weather, Weather);
CLOACINA_KEY(airline, std::string);
CLOACINA_KEY(cancelled, bool);
CLOACINA_KEY(minutes_late, int);
CLOACINA_KEY(cause, std::string);  // "weather" or "airline"; empty when the flight was on time
CLOACINA_KEY(dollars, int);
CLOACINA_KEY(new_flight, std::string);
CLOACINA_KEY(settlement, std::string);
}  // namespace keys

namespace when = cloacina::when;
using namespace std::chrono_literals;

inline constexpr int late_from_minutes = 180;

CLOACINA_DECLARE_TASK(parse, .reads = {keys::row}, .writes = {keys::flight});

// A coroutine: while it waits for the service it needs no thread. A service that is down for a
// moment is asked again.
CLOACINA_DECLARE_CO_TASK(look_up_weather, .after = {parse}, .reads = {keys::flight},
                         .writes = {keys::weather},
                         .retry = {.max_attempts = 5, .initial_delay = 50ms, .max_delay = 500ms});

CLOACINA_DECLARE_CO_TASK(look_up_airline, .after = {parse}, .reads = {keys::flight},
                         .writes = {keys::airline});

CLOACINA_DECLARE_TASK(assess, .after = {look_up_weather, look_up_airline},
                      .reads = {keys::flight, keys::weather, keys::airline},
                      .writes = {keys::cancelled, keys::minutes_late, keys::cause});

CLOACINA_DECLARE_TASK(
    compensate, .after = {assess}, .reads = {keys::flight}, .writes = {keys::dollars},
    .trigger_rule = when::any(when::context_value(keys::cancelled, when::equals, true),
                              when::context_value(keys::minutes_late, when::greater_than,
                                                  late_from_minutes - 1)));

// Where nothing is left to rebook on, the key is not written.
CLOACINA_DECLARE_TASK(rebook, .after = {assess}, .reads = {keys::flight},
                      .writes = {optional(keys::new_flight)},
                      .trigger_rule = when::context_value(keys::cancelled, when::equals, true));

// A task that was skipped by its own rule stops nobody: settle runs, and finds no value from it.
CLOACINA_DECLARE_TASK(settle, .after = {assess, compensate, rebook},
                      .reads = {keys::airline, keys::cause, keys::dollars, keys::new_flight},
                      .writes = {keys::settlement});

CLOACINA_WORKFLOW(settle_claim, .inputs = {keys::row},
                  .tasks = {parse, look_up_weather, look_up_airline, assess, compensate, rebook,
                            settle},
                  .description = "Settles the claim of one flight");
