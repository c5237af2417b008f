#include "core/schedule_json.hpp"

#include <cloacina/error.hpp>
#include <cloacina/json.hpp>

namespace cloacina {
namespace {

Json instant_json(std::optional<Instant> const& instant) {
  return instant ? Json(instant->time_since_epoch().count()) : Json(nullptr);
}

std::optional<Instant> instant_from(Json const& value) {
  if (value.is_null()) return std::nullopt;
  return Instant{std::chrono::microseconds{value.get<std::int64_t>()}};
}

}  // namespace

std::string options_text(CronOptions const& options) {
  // The parameters are text of ours already, and keep the order of their keys and their digits.
  return Json{{"catchup", to_string(options.catchup)}, {"overlap", to_string(options.overlap)},
              {"jitter_ms", options.jitter.count()},   {"start", instant_json(options.start)},
              {"end", instant_json(options.end)},      {"parameters", options.parameters.to_json()}}
      .dump();
}

CronOptions options_from(std::string_view text) try {
  auto const json = Json::parse(text);
  CronOptions options;
  options.catchup = catchup_policy_from(json.at("catchup").get<std::string>());
  options.overlap = overlap_policy_from(json.at("overlap").get<std::string>());
  options.jitter = std::chrono::milliseconds{json.at("jitter_ms").get<std::int64_t>()};
  options.start = instant_from(json.at("start"));
  options.end = instant_from(json.at("end"));
  options.parameters = Context::from_json(json.at("parameters").get<std::string>());
  return options;
} catch (std::exception const& error) {
  throw BackendError{std::string{"a schedule's options cannot be read: "} + error.what(), "", ""};
}

}  // namespace cloacina
