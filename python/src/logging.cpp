// What the engine logs arrives in Python's `logging`, by a thread that the engine does not wait
// for.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <asio/post.hpp>

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include "bindings.hpp"
#include "conversions.hpp"
#include "delivery.hpp"

namespace cloaca {
namespace {

constexpr int most_waiting = 1'000;  // a handler that hangs must not fill the memory

constinit std::atomic<int> records_waiting{0};
constinit std::atomic<std::uint64_t> records_dropped{0};

/// One message, on its way.
struct Record {
  spdlog::level::level_enum level;
  double created;  ///< seconds since 1970
  std::uint64_t thread;
  std::string text;
};

int python_level(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return 50;
    case spdlog::level::err:
      return 40;
    case spdlog::level::warn:
      return 30;
    case spdlog::level::info:
      return 20;
    default:
      return 10;
  }
}

void hand_over(Record const& record) {
  --records_waiting;
  auto const lost = records_dropped.exchange(0);
  Gil const gil;
  until_the_end([&] {
    try {
      auto const handle = py::module_::import("cloaca._logging").attr("handle");
      if (lost != 0)
        handle(
            30, record.created, record.thread,
            "cloacina: " + std::to_string(lost) + " records were dropped: handlers are too slow");
      handle(python_level(record.level), record.created, record.thread,
             to_python(std::string_view{record.text}));
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("cloaca: handling a log record");
    }
  });
}

/// Takes records on any thread, without the lock and without waiting for who has it.
class PythonSink : public spdlog::sinks::sink {
 public:
  void log(spdlog::details::log_msg const& message) override {
    if (is_ending()) return;
    if (records_waiting.fetch_add(1) >= most_waiting) {
      --records_waiting;
      ++records_dropped;
      return;
    }
    auto const since = message.time.time_since_epoch();
    asio::post(log_delivery(),
               [record = Record{.level = message.level,
                                .created = std::chrono::duration<double>{since}.count(),
                                .thread = message.thread_id,
                                .text = {message.payload.data(), message.payload.size()}}] {
                 hand_over(record);
               });
  }
  void flush() override {}
  void set_pattern(std::string const&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

}  // namespace

void log_to_python() {
  // A program that embeds Python may have one of its own, which stays.
  if (spdlog::get("cloacina")) return;
  auto const logger = std::make_shared<spdlog::logger>("cloacina", std::make_shared<PythonSink>());
  // Everything: which levels are wanted is asked of `logging`, there and then.
  logger->set_level(spdlog::level::debug);
  spdlog::register_logger(logger);
}

}  // namespace cloaca
