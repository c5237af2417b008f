// The log is emptied while it is written: by whoever writes, and without holding him up.
#include <filesystem>
#include <thread>

#include <cloacina/cloacina.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;

namespace {

constexpr std::uintmax_t mebibyte = 1u << 20;

/// So much is in the log for each submission, at least.
Context large_input() { return Context{{"payload", std::string(mebibyte / 4, 'x')}}; }

std::uintmax_t log_size(ScratchDirectory const& directory) {
  return std::filesystem::file_size(directory.path() / "test.db-wal");
}

}  // namespace

TEST_CASE("the log of an engine that writes without a pause stays short", "[log]") {
  ScratchDirectory directory;
  auto runner = start(directory.sqlite_url(), {nothing()});
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int run = 0; run < 150; ++run) (void)runner.execute("nothing", large_input());
    });
  }
  for (auto& caller : callers) caller.join();
  // 150 MiB of input and as much of output went through it.
  CHECK(log_size(directory) < 60 * mebibyte);
}

TEST_CASE("a client that writes alone keeps the log short too", "[log]") {
  ScratchDirectory directory;
  Client client{directory.sqlite_url(), registry_of({nothing()})};
  for (int i = 0; i < 160; ++i) client.submit("nothing", large_input());
  CHECK(log_size(directory) < 10 * mebibyte);
}
