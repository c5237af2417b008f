#include <cloacina/execution_id.hpp>

#include <unordered_set>

#include <cloacina/error.hpp>

#include "core/uuid7.hpp"
#include "support/catch.hpp"

using namespace cloacina;

TEST_CASE("an id is printed and read as a UUID", "[core][ids]") {
  ExecutionId const id{0x0192f0c15a8e7c3b, 0x9d2e1f0a4b6c8d7e};
  CHECK(id.to_string() == "0192f0c1-5a8e-7c3b-9d2e-1f0a4b6c8d7e");
  CHECK(ExecutionId::parse(id.to_string()) == id);
  CHECK(ExecutionId::parse("0192F0C1-5A8E-7C3B-9D2E-1F0A4B6C8D7E") == id);
  CHECK(ExecutionId{}.to_string() == "00000000-0000-0000-0000-000000000000");
  CHECK(ExecutionId{}.is_nil());
  CHECK_FALSE(id.is_nil());
}

TEST_CASE("what is no id is refused", "[core][ids]") {
  for (char const* const text :
       {"", "0192f0c1", "0192f0c15a8e7c3b9d2e1f0a4b6c8d7e", "{0192f0c1-5a8e-7c3b-9d2e-1f0a4b6c8d7}",
        "0192f0c1-5a8e-7c3b-9d2e-1f0a4b6c8d7g", "0192f0c1-5a8e-7c3b-9d2e-1f0a4b6c8d7e ",
        "0192f0c1+5a8e-7c3b-9d2e-1f0a4b6c8d7e", "0192f0c-15a8e-7c3b-9d2e-1f0a4b6c8d7e"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(ExecutionId::parse(text), ValidationError);
  }
}

TEST_CASE("the bytes of an id stand most significant first, so that they sort as ids do",
          "[core][ids]") {
  ExecutionId const id{0x0102030405060708, 0x090a0b0c0d0e0f10};
  auto const bytes = id.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) CHECK(bytes[i] == static_cast<std::byte>(i + 1));
  CHECK(ExecutionId::from_bytes(bytes) == id);
  CHECK(ExecutionId{1, 0} > ExecutionId{0, UINT64_MAX});
}

TEST_CASE("a UUIDv7 holds time, version, variant and the random bits", "[core][ids]") {
  auto const id = make_uuid7(0x0192f0c15a8e, UINT64_MAX, UINT64_MAX);
  CHECK(id.to_string() == "0192f0c1-5a8e-7fff-bfff-ffffffffffff");
  CHECK(make_uuid7(1, 0, 0).to_string() == "00000000-0001-7000-8000-000000000000");
  CHECK(milliseconds_of(id) == 0x0192f0c15a8e);
}

TEST_CASE("ids of one generator only grow, whatever clock and chance do", "[core][ids]") {
  Uuid7Generator ids;
  ExecutionId last{};
  std::unordered_set<ExecutionId> seen;
  // Times that stand still and go back; random bits all set, so that each step carries.
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    auto const id =
        ids.next(1'000 + (i % 100 == 50 ? 0 : i / 1'000), UINT64_MAX, i % 3 == 0 ? 0 : UINT64_MAX);
    REQUIRE(id > last);
    REQUIRE((id.high >> 12 & 15) == 7);
    REQUIRE(id.low >> 62 == 2);
    REQUIRE(seen.insert(id).second);
    last = id;
  }
}
