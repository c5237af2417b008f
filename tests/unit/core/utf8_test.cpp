#include "core/utf8.hpp"

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::string_literals;

TEST_CASE("well-formed UTF-8 is what the Unicode Standard says", "[core][utf8]") {
  struct Row {
    char const* what;
    std::string text;
    bool valid;
    std::string mended;
  };
  auto const row = GENERATE(values<Row>({
      {"nothing", "", true, ""},
      {"ASCII", "plain text, longer than eight", true, "plain text, longer than eight"},
      {"NUL", "a\0b"s, true, "a\0b"s},
      {"two to four bytes", "ä€😀", true, "ä€😀"},
      {"the last character", "\xF4\x8F\xBF\xBF", true, "\xF4\x8F\xBF\xBF"},
      {"above the last", "\xF4\x90\x80\x80", false, "����"},
      {"a lone continuation", "a\x80z", false, "a�z"},
      {"an overlong slash", "\xC0\xAF", false, "��"},
      {"an overlong three", "\xE0\x80\x80", false, "���"},
      {"a surrogate", "\xED\xA0\x80", false, "���"},
      {"cut short", "abc\xE2\x82", false, "abc�"},
      {"cut short, then text", "\xF0\x9F\x98z", false, "�z"},
      {"late in a long text",
       "12345678\xFF"
       "12345678",
       false, "12345678�12345678"},
  }));
  CAPTURE(row.what);
  CHECK(is_valid_utf8(row.text) == row.valid);
  CHECK(to_valid_utf8(row.text) == row.mended);
  CHECK(is_valid_utf8(to_valid_utf8(row.text)));
}

TEST_CASE("a text is shortened between characters, and says so", "[core][utf8]") {
  CHECK(shorten_utf8("short", 5) == "short");
  CHECK(shorten_utf8("longer", 5) == "lo…");
  CHECK(shorten_utf8("ääää", 8) == "ääää");
  CHECK(shorten_utf8("äääää", 8) == "ää…");
  CHECK(shorten_utf8("äääää", 7) == "ää…");
  CHECK(shorten_utf8("anything", 3) == "…");
  CHECK(shorten_utf8("\xFF\xFF\xFF\xFF", 8) == "�…");
  auto const megabytes = std::string(5'000'000, '\xFF');
  auto const text = shorten_utf8(megabytes, 8192);
  CHECK(text.size() <= 8192);
  CHECK(text.size() > 8180);
  CHECK(is_valid_utf8(text));
}
