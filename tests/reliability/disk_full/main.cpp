// Work on a disk that fails.
//   disk_full point DIRECTORY io_error|full|none AT FAILURES   a small run on a disk that reports
//     errors to the operations from AT on; prints how many operations there were, and the failures
//   disk_full work DISK WITNESS   a runner and its callers, until SIGTERM
//   disk_full open DISK           what who starts a runner there is told
//   disk_full finish DISK         all that is left
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <cloacina/context.hpp>

#include "disk_full.hpp"
#include "support/crash_vfs.hpp"

namespace cloacina::disk_full {
namespace {

int run_on_bad_disk(std::vector<std::string> const& words) {
  if (words.at(2) == "none") return run_small(words.at(1));
  using Crash = test::CrashVfs::Crash;
  test::CrashVfs const disk{words.at(2) == "full" ? Crash::full : Crash::io_error,
                            std::stoull(words.at(3)), 0, std::stoull(words.at(4))};
  int const code = run_small(words.at(1));
  std::printf("%llu %llu\n", static_cast<unsigned long long>(disk.operations()),
              static_cast<unsigned long long>(disk.failed()));
  return code;
}

}  // namespace

std::string told(std::string const& call, Error const& error) {
  auto const* backend = dynamic_cast<BackendError const*>(&error);
  return Json{{"call", call},
              {"what", error.what()},
              {"sqlstate", backend != nullptr ? backend->sqlstate() : ""},
              {"retryable", error.is_retryable()}}
      .dump();
}

}  // namespace cloacina::disk_full

int main(int count, char** arguments) try {
  using namespace cloacina::disk_full;
  std::vector<std::string> const words{arguments + 1, arguments + count};
  auto const& kind = words.at(0);
  if (kind == "point") return run_on_bad_disk(words);
  if (kind == "work") return work(words.at(1), words.at(2));
  if (kind == "open") return open(words.at(1));
  if (kind == "finish") return finish(words.at(1));
  throw std::runtime_error{"no such kind: " + kind};
} catch (std::exception const& error) {
  std::fprintf(stderr, "disk_full: %s\n", error.what());
  return 4;
}
