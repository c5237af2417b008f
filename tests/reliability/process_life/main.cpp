// A process that is forked, signalled, ended or extended while it has a runner.
//   process_life KIND HOW DIRECTORY SEED URL PLUGIN
#include "life.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

int main(int count, char** arguments) try {
  using namespace cloacina::life;
  std::string_view const kind = count > 1 ? arguments[1] : "";
  if (kind == "look") return look_for_descriptors();
  if (count != 7)
    throw std::runtime_error{"usage: process_life KIND HOW DIRECTORY SEED URL PLUGIN"};
  std::string const how = arguments[2];
  Setting setting{arguments[3], arguments[5],
                  std::mt19937{static_cast<std::mt19937::result_type>(std::atoll(arguments[4]))}};
  if (kind == "fork") return fork(setting, how);
  if (kind == "signals") return receive_signals(setting, how);
  if (kind == "load") return load(setting, how, arguments[6]);
  if (kind == "mixed") return mixed(setting, how, arguments[6]);
  if (kind == "finish") return finish(setting);
  if (kind == "statics") return 0;  // see statics.cpp
  return end(setting, std::string{kind}, how);
} catch (std::exception const& error) {
  std::fprintf(stderr, "process_life: %s\n", error.what());
  return 4;
}
