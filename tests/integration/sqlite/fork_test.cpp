#include <sys/wait.h>
#include <unistd.h>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>
#include <cloacina/tenant_host.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"

// The child of a process with threads takes memory here, which AddressSanitizer cannot give it: its
// allocator's locks stay as the parent's threads held them.
#if !defined(__SANITIZE_ADDRESS__)

using namespace cloacina;
using namespace cloacina::test;

// It lost what it was told was stored: the parent, which saw no lock of the child's, removed the
// log under it.
TEST_CASE("the child of a fork cannot open a file that its parent has open", "[sqlite][fork]") {
  ScratchDirectory directory;
  auto const opens = [&](std::string const& url) {
    pid_t const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      int code = 2;
      try {
        Client{url, Registry{}};
        code = 0;
      } catch (ConfigurationError const& error) {
        code = std::string_view{error.what()}.find("over a fork") != std::string_view::npos ? 1 : 3;
      } catch (...) {}
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  {
    auto runner = start(directory.sqlite_url(), {nothing()});
    CHECK(opens(directory.sqlite_url()) == 1);
  }
  {
    // Not beside a runner: its threads may be inside SQLite, whose locks stay locked in the child.
    Client const parent{directory.sqlite_url(), Registry{}};
    CHECK(opens(directory.sqlite_url()) == 1);
    CHECK(opens("sqlite://" + (directory.path() / "another.db").string()) == 0);
    CHECK(opens("sqlite::memory:") == 0);
  }
  CHECK(opens(directory.sqlite_url()) == 0);
}

TEST_CASE("the child of a fork that has a runner of its own gives its parent's up",
          "[sqlite][fork]") {
  ScratchDirectory directory;
  auto parents = std::make_unique<DefaultRunner>(directory.sqlite_url());
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // Whose threads have come and gone, so that what names the parent's names nobody, or another.
    { DefaultRunner own{"sqlite::memory:"}; }
    parents->shutdown();
    parents.reset();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the child of a fork cannot use its parent's host, nor does it hang", "[sqlite][fork]") {
  ScratchDirectory directory;
  auto host = std::make_unique<TenantHost>("sqlite://" + directory.path().string());
  (void)host->tenant("tenant_a");
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int refused = 0;
    auto const refuse = [&](auto&& call) {
      try {
        call();
      } catch (StateError const&) {
        ++refused;
      } catch (...) {}
    };
    refuse([&] { (void)host->tenant("tenant_a"); });
    refuse([&] { (void)host->tenants(); });
    refuse([&] { (void)host->close("tenant_a"); });
    host->shutdown();
    host.reset();
    ::_exit(refused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
  CHECK(host->tenants().size() == 1);
}

#endif
