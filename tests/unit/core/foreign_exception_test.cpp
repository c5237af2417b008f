#include "core/foreign_exception.hpp"

#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <system_error>

#include <cloacina/error.hpp>

#include "core/utf8.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;

namespace thrown {
struct Unknown {};
struct Silent : std::exception {
  char const* what() const noexcept override { return ""; }
};
}  // namespace thrown

namespace {

template <class T>
ErrorInfo describe(T const& value) {
  return describe_exception(std::make_exception_ptr(value));
}

ErrorInfo from(auto const& body) {
  try {
    body();
  } catch (...) {
    return describe_exception(std::current_exception());
  }
  return {};
}

}  // namespace

TEST_CASE("anything that is thrown has a text", "[core][errors]") {
  CHECK(describe(std::runtime_error{"disk full"}).text == "disk full");
  CHECK(describe(std::string{"a string"}).text == "a string");
  CHECK(describe(std::string_view{"a view"}).text == "a view");
  CHECK(from([] { throw "a literal"; }).text == "a literal");
  CHECK(from([] { throw static_cast<char const*>(nullptr); }).text == "a null text");
  CHECK(describe(42).text == "the number 42");
  CHECK(describe(42L).text == "the number 42");
  CHECK_THAT(describe(1.5).text, Contains("of type double"));
  CHECK_THAT(describe(thrown::Unknown{}).text, Contains("thrown::Unknown"));
  CHECK_THAT(describe(thrown::Silent{}).text, Contains("thrown::Silent"));
  CHECK_THAT(describe(std::bad_alloc{}).text, Contains("bad_alloc"));
  CHECK_THAT(describe(std::make_error_code(std::errc::permission_denied)).text,
             Contains("ermission"));
  CHECK(describe_exception(nullptr).text == "an unknown error");
  CHECK(describe(1).exception != nullptr);
}

TEST_CASE("causes follow what they caused", "[core][errors]") {
  auto const info = from([] {
    try {
      try {
        throw 7;
      } catch (...) {
        std::throw_with_nested(std::runtime_error{"reading failed"});
      }
    } catch (...) {
      std::throw_with_nested(TransientError{"load failed"});
    }
  });
  CHECK(info.text == "load failed; caused by: reading failed; caused by: the number 7");
  CHECK(info.is_transient);

  auto const permanent = from([] {
    try {
      throw PermanentError{"no such order"};
    } catch (...) {
      std::throw_with_nested(std::runtime_error{"load failed"});
    }
  });
  CHECK(permanent.is_permanent);
}

TEST_CASE("a chain of a thousand causes is cut", "[core][errors]") {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error{"0"});
  for (int i = 1; i <= 1'000; ++i) {
    try {
      try {
        std::rethrow_exception(error);
      } catch (...) {
        std::throw_with_nested(std::runtime_error{std::to_string(i)});
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  auto const text = describe_exception(error).text;
  CHECK_THAT(text, Catch::StartsWith("1000; caused by: 999"));
  CHECK(text.size() < 1'000);
}

TEST_CASE("texts become valid UTF-8 of bounded length", "[core][errors]") {
  CHECK(describe(std::runtime_error{"caf\xe9"}).text == "caf\xEF\xBF\xBD");
  auto const text = describe(std::string(1'000'000, '\xff')).text;
  CHECK(text.size() <= max_error_bytes);
  CHECK(is_valid_utf8(text));
}

TEST_CASE("errors are told apart by what they promise", "[core][errors]") {
  struct Flags {
    bool transient, permanent, timeout, io;
    bool operator==(Flags const&) const = default;
  };
  auto const flags = [](ErrorInfo const& info) {
    return Flags{info.is_transient, info.is_permanent, info.is_timeout, info.is_io};
  };
  constexpr Flags nothing{false, false, false, false};
  constexpr Flags transient{true, false, false, false};
  constexpr Flags timeout{false, false, true, false};
  constexpr Flags io{false, false, false, true};
  CHECK(flags(describe(std::runtime_error{"timeout"})) == nothing);
  CHECK(flags(describe(TransientError{"x"})) == transient);
  CHECK(flags(describe(TaskError{"x", true})) == transient);
  CHECK(flags(describe(TaskError{"x"})) == nothing);
  CHECK(flags(describe(PermanentError{"x"})) == Flags{false, true, false, false});
  CHECK(flags(describe(TimeoutError{"x"})) == timeout);
  CHECK(flags(describe(BackendError{"x", "53300", "", true})) == io);
  CHECK(flags(describe(BackendError{"x", "23505"})) == nothing);
  CHECK(flags(describe(std::system_error{std::make_error_code(std::errc::timed_out)})) == timeout);
  CHECK(flags(describe(std::system_error{std::make_error_code(std::errc::connection_refused)})) ==
        io);
  CHECK(flags(describe(std::system_error{ECONNRESET, std::system_category()})) == io);
  CHECK(flags(describe(std::make_error_code(std::errc::broken_pipe))) == io);
  CHECK(flags(describe(std::system_error{std::make_error_code(std::errc::invalid_argument)})) ==
        nothing);
  CHECK(flags(describe(std::ios_base::failure{"x"})) == io);
  CHECK(flags(from([] { (void)std::filesystem::file_size("/no/such/file"); })) == nothing);
}
