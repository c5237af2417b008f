#include "core/sha256.hpp"

#include "support/catch.hpp"

using namespace cloacina;

TEST_CASE("SHA-256 gives the digests of its standard", "[core][sha256]") {
  // NIST FIPS 180-4 examples and CAVP SHA256ShortMsg.
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex("\xd3") == "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a text in parts has the digest of the whole", "[core][sha256]") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i);
  auto const whole = Sha256{}.update(text).finish();
  for (std::size_t size : {1u, 7u, 55u, 56u, 63u, 64u, 65u, 128u, 299u}) {
    Sha256 sum;
    for (std::size_t at = 0; at < text.size(); at += size)
      sum.update(std::string_view{text}.substr(at, size));
    CHECK(sum.finish() == whole);
  }
}
