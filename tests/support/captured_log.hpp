#pragma once

#include <memory>
#include <string>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

namespace cloacina::test {

/// What the library logs while this lives, instead of writing it to the terminal. Made before the
/// first runner of the process.
class CapturedLog {
 public:
  CapturedLog() {
    spdlog::drop("cloacina");
    spdlog::register_logger(std::make_shared<spdlog::logger>("cloacina", sink_));
  }
  ~CapturedLog() { spdlog::drop("cloacina"); }
  CapturedLog(CapturedLog const&) = delete;
  CapturedLog& operator=(CapturedLog const&) = delete;

  /// How many lines hold it.
  [[nodiscard]] int count(std::string const& text) const {
    int found = 0;
    for (auto const& line : sink_->last_formatted()) found += line.find(text) != line.npos;
    return found;
  }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1'000);
};

}  // namespace cloacina::test
