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

TEST_CASE("every character is well-formed, and none without its last byte", "[core][utf8]") {
  std::string all;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    bool const is_surrogate = c >= 0xD800 && c <= 0xDFFF;
    std::string text;
    if (c < 0x80) {
      text = {static_cast<char>(c)};
    } else if (c < 0x800) {
      text = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      text = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      text = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
              static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
    if (is_valid_utf8(text) == is_surrogate) FAIL("U+" << std::hex << static_cast<unsigned>(c));
    // A view, behind which the rest of the character still stands.
    auto const cut = std::string_view{text}.substr(0, text.size() - 1);
    if (!cut.empty() && is_valid_utf8(cut)) FAIL("cut U+" << std::hex << static_cast<unsigned>(c));
    if (!is_surrogate) all += text;
  }
  CHECK(is_valid_utf8(all));
  CHECK(to_valid_utf8(all) == all);
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

TEST_CASE("what is stored as text has no NUL, and is no longer for it", "[core][utf8]") {
  CHECK(to_storable_utf8("fine", 8) == "fine");
  CHECK(to_storable_utf8({"a\0b", 3}, 8) == "a�b");
  CHECK(to_storable_utf8({"a\0b\xFF", 4}, 8) == "a�b�");
  CHECK(to_storable_utf8({"a\0bcd", 5}, 6) == "a…");
  auto const nothing = to_storable_utf8(std::string(10'000, '\0'), 8192);
  CHECK(nothing.size() <= 8192);
  CHECK(nothing.size() > 8180);
  CHECK(is_valid_utf8(nothing));
}
