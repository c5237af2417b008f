#include <cmath>
#include <cstring>
#include <limits>

#include "contract/backend_under_test.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::contract;

namespace {

constexpr Statement insert_sample{
    .name = "insert_sample",
    .sqlite = "INSERT INTO {s}.samples (id, i, d, t, u, at) VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement insert_samples{
    .name = "insert_samples",
    .sqlite = "INSERT INTO {s}.samples (id, i, t) VALUES ($1, $2, $3)",
    .postgres =
        "INSERT INTO {s}.samples (id, i, t)"
        " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])"};
constexpr Statement select_sample{.name = "select_sample",
                                  .sqlite = "SELECT i, d, t, u, at FROM {s}.samples WHERE id = $1"};
constexpr Statement select_all{.name = "select_all",
                               .sqlite = "SELECT id, i, t FROM {s}.samples ORDER BY id DESC"};

struct ValuesFixture {
  std::unique_ptr<BackendUnderTest> backend = make_backend_under_test();
  std::unique_ptr<Session> session;
  ValuesFixture() {
    backend->create_samples();
    session = backend->database().open_writer();
  }
  /// Stores the row as number 1 and reads it.
  Rows round_trip(Value i, Value d, Value t, Value u, Value at) {
    std::array<Value, 6> const parameters{std::int64_t{1}, i, d, t, u, at};
    CHECK(session->execute(insert_sample, parameters) == 1);
    return session->query(select_sample, std::array<Value, 1>{std::int64_t{1}});
  }
};

std::uint64_t bits(double value) {
  std::uint64_t result = 0;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

}  // namespace

TEST_CASE("integers come back as they were bound, to both limits", "[contract][values]") {
  auto const value =
      GENERATE(std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
               std::numeric_limits<std::int64_t>::max());
  ValuesFixture fixture;
  auto const rows = fixture.round_trip(value, nullptr, nullptr, nullptr, nullptr);
  REQUIRE(rows.size() == 1);
  CHECK(rows.integer(0, 0) == value);
}

TEST_CASE("doubles come back bit by bit", "[contract][values]") {
  using limits = std::numeric_limits<double>;
  auto const value =
      GENERATE_COPY(0.1, 1.0, 1e308, -1.0 / 3.0, limits::min(), limits::denorm_min(), limits::max(),
                    limits::lowest(), limits::infinity(), 9007199254740993.0, 1e18);
  ValuesFixture fixture;
  auto const rows = fixture.round_trip(nullptr, value, nullptr, nullptr, nullptr);
  REQUIRE(rows.size() == 1);
  CHECK(bits(rows.real(0, 1)) == bits(value));
}

TEST_CASE("NaN is refused as an error of the data", "[contract][values]") {
  ValuesFixture fixture;
  std::array<Value, 6> const parameters{std::int64_t{1}, nullptr, std::nan(""),
                                        nullptr,         nullptr, nullptr};
  try {
    fixture.session->execute(insert_sample, parameters);
    FAIL("it was accepted");
  } catch (SessionError const& error) {
    CHECK(error.failure() == Failure::data);
    CHECK_THAT(error.what(), Catch::Contains("NaN"));
  }
  CHECK(fixture.session->query(select_all).empty());
}

TEST_CASE("text comes back as it was bound, of any length", "[contract][values]") {
  auto const text =
      GENERATE(std::string{}, std::string{"x"},
               std::string{"naïve – 日本語 \xF0\x9F\x8C\x8D \"'\\ \n"}, std::string(1u << 20, 'm'));
  ValuesFixture fixture;
  auto const rows = fixture.round_trip(nullptr, nullptr, std::string_view{text}, nullptr, nullptr);
  REQUIRE(rows.size() == 1);
  CHECK_FALSE(rows.is_null(0, 2));
  CHECK((rows.text(0, 2) == text));
}

TEST_CASE("an empty view without memory is empty text, not NULL", "[contract][values]") {
  ValuesFixture fixture;
  auto const rows = fixture.round_trip(nullptr, nullptr, std::string_view{}, nullptr, nullptr);
  REQUIRE(rows.size() == 1);
  CHECK_FALSE(rows.is_null(0, 2));
  CHECK(rows.text(0, 2).empty());
}

TEST_CASE("text with a NUL byte is refused as an error of the data", "[contract][values]") {
  ValuesFixture fixture;
  std::string_view const text{"a\0b", 3};
  std::array<Value, 6> const parameters{std::int64_t{1}, nullptr, nullptr, text, nullptr, nullptr};
  try {
    fixture.session->execute(insert_sample, parameters);
    FAIL("it was accepted");
  } catch (SessionError const& error) {
    CHECK(error.failure() == Failure::data);
    CHECK_THAT(error.what(), Catch::Contains("NUL"));
  }
}

TEST_CASE("ids and instants come back as they were bound", "[contract][values]") {
  ValuesFixture fixture;
  ExecutionId const id{0xff00ff00ff007fffull, 0x8000000000000001ull};
  Instant const at{std::chrono::microseconds{1'700'000'000'123'456}};
  auto const rows = fixture.round_trip(nullptr, nullptr, nullptr, id, at);
  REQUIRE(rows.size() == 1);
  CHECK(rows.uuid(0, 3) == id);
  CHECK(rows.instant(0, 4) == at);
  CHECK(rows.uuid_or_null(0, 3) == id);
  CHECK(rows.instant_or_null(0, 4) == at);
}

TEST_CASE("NULL is nothing, and reading it as a value is an error", "[contract][values]") {
  ValuesFixture fixture;
  auto const rows = fixture.round_trip(nullptr, nullptr, nullptr, nullptr, nullptr);
  REQUIRE(rows.size() == 1);
  CHECK(rows.is_null(0, 0));
  CHECK_FALSE(rows.text_or_null(0, 2).has_value());
  CHECK_FALSE(rows.uuid_or_null(0, 3).has_value());
  CHECK_FALSE(rows.instant_or_null(0, 4).has_value());
  CHECK_THROWS_AS(rows.integer(0, 0), BackendError);
  CHECK_THROWS_AS(rows.real(0, 1), BackendError);
  CHECK_THROWS_AS(rows.text(0, 2), BackendError);
  CHECK_THROWS_AS(rows.uuid(0, 3), BackendError);
}

TEST_CASE("reading another type than is stored is an error that names both", "[contract][values]") {
  ValuesFixture fixture;
  auto const rows =
      fixture.round_trip(std::int64_t{7}, 0.5, std::string_view{"text"}, nullptr, nullptr);
  CHECK_THROWS_WITH(rows.text(0, 0), Catch::Contains("holds an integer where text was expected"));
  CHECK_THROWS_WITH(rows.integer(0, 1),
                    Catch::Contains("holds a real where an integer was expected"));
  CHECK_THROWS_WITH(rows.uuid(0, 2), Catch::Contains("a UUID of 16 bytes"));
  CHECK_THROWS_AS(rows.integer(1, 0), BackendError);
  CHECK_THROWS_AS(rows.integer(0, 5), BackendError);
}

// Attempts of 2^32 - 1 were read for what is none, and times that cannot be subtracted.
TEST_CASE("numbers and times that cannot be ours are refused", "[contract][values]") {
  ValuesFixture fixture;
  (void)fixture.round_trip(std::int64_t{7}, nullptr, nullptr, nullptr, Instant{});
  fixture.backend->store_impossible_instant();
  auto const rows = fixture.session->query(select_sample, std::array<Value, 1>{std::int64_t{1}});
  CHECK(rows.integer(0, 0, 0, 7) == 7);
  CHECK_THROWS_WITH(rows.integer(0, 0, 0, 6),
                    Catch::Contains("holds 7 where one of 0 to 6 was expected"));
  CHECK(rows.count(0, 0) == 7);
  CHECK_THROWS_AS(rows.count(0, 0, 8), BackendError);
  CHECK_THROWS_AS(rows.count(0, 4), BackendError);
  CHECK_THROWS_AS(rows.instant(0, 4), BackendError);
  CHECK_THROWS_AS(rows.instant_or_null(0, 4), BackendError);
}

TEST_CASE("parameters are bound by their number, whatever the order of their appearance",
          "[contract][values]") {
  static constexpr Statement reversed{
      .name = "reversed", .sqlite = "INSERT INTO {s}.samples (t, i, id) VALUES ($3, $2, $1)"};
  static constexpr Statement repeated{
      .name = "repeated",
      .sqlite =
          "UPDATE {s}.samples SET i = $2, d = $2 + 0.5 WHERE id = $1 AND i <> $2 AND id = $1"};
  ValuesFixture fixture;
  CHECK(fixture.session->execute(reversed, std::array<Value, 3>{std::int64_t{1}, std::int64_t{2},
                                                                std::string_view{"three"}}) == 1);
  CHECK(fixture.session->execute(repeated,
                                 std::array<Value, 2>{std::int64_t{1}, std::int64_t{20}}) == 1);
  auto const rows = fixture.session->query(select_sample, std::array<Value, 1>{std::int64_t{1}});
  REQUIRE(rows.size() == 1);
  CHECK(rows.integer(0, 0) == 20);
  CHECK(rows.real(0, 1) == 20.5);
  CHECK(rows.text(0, 2) == "three");
}

TEST_CASE("a wrong number of parameters is refused before anything runs", "[contract][values]") {
  ValuesFixture fixture;
  std::array<Value, 2> const too_few{std::int64_t{1}, std::int64_t{2}};
  CHECK_THROWS_WITH(fixture.session->execute(insert_sample, too_few),
                    Catch::Contains("takes 6 parameters, 2 were given"));
}

TEST_CASE("rows come in the order that was asked for", "[contract][values]") {
  ValuesFixture fixture;
  std::vector<Column> columns(3);
  for (std::int64_t id : {3, 1, 2}) {
    columns[0].emplace_back(id);
    columns[1].emplace_back(id * 10);
    columns[2].emplace_back(nullptr);
  }
  fixture.session->apply(insert_samples, columns);
  auto const rows = fixture.session->query(select_all);
  REQUIRE(rows.size() == 3);
  CHECK(rows.integer(0, 0) == 3);
  CHECK(rows.integer(1, 0) == 2);
  CHECK(rows.integer(2, 1) == 10);
}

TEST_CASE("apply tells for each row how many it changed", "[contract][values]") {
  static constexpr Statement insert_or_not{
      .name = "insert_or_not",
      .sqlite = "INSERT INTO {s}.samples (id, t) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      .postgres =
          "WITH given AS (SELECT * FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY"
          " AS g (id, t, n)), inserted AS (INSERT INTO {s}.samples (id, t) SELECT id, t FROM given"
          " ON CONFLICT DO NOTHING RETURNING id, t) SELECT n FROM given JOIN inserted USING (id, "
          "t)"};
  static constexpr Statement raise{.name = "raise",
                                   .sqlite = "UPDATE {s}.samples SET i = 1 WHERE id / 10 = $1",
                                   .postgres =
                                       "UPDATE {s}.samples SET i = 1"
                                       " FROM unnest($1::bigint[]) WITH ORDINALITY AS g (tens, n)"
                                       " WHERE id / 10 = tens RETURNING n"};
  ValuesFixture fixture;
  std::vector<Column> const columns{
      {std::int64_t{11}, std::int64_t{11}, std::int64_t{20}, std::int64_t{22}},
      {std::string_view{"a"}, std::string_view{"b"}, std::string_view{"a"}, std::string_view{"c"}}};
  // The second has the id of the first, the third its text.
  CHECK(fixture.session->apply(insert_or_not, columns) == std::vector<std::size_t>{1, 0, 0, 1});
  std::vector<Column> const another{{std::int64_t{21}}, {std::string_view{"d"}}};
  CHECK(fixture.session->apply(insert_or_not, another) == std::vector<std::size_t>{1});
  std::vector<Column> const tens{{std::int64_t{0}, std::int64_t{1}, std::int64_t{2}}};
  CHECK(fixture.session->apply(raise, tens) == std::vector<std::size_t>{0, 1, 2});
  std::vector<Column> const none(2);
  CHECK(fixture.session->apply(insert_or_not, none).empty());
}

TEST_CASE("a statement that takes many rows writes each of them, however many there are",
          "[contract][values]") {
  static constexpr Statement upsert{
      .name = "upsert_many",
      .sqlite =
          "INSERT INTO {s}.samples (i, id, d) VALUES {($2, $1, $2 + 0.5)}"
          " ON CONFLICT (id) DO UPDATE SET i = excluded.i, d = excluded.d",
      .postgres =
          "INSERT INTO {s}.samples (i, id, d)"
          " SELECT b, a, b + 0.5 FROM unnest($1::bigint[], $2::bigint[]) AS g (a, b)"
          " ON CONFLICT (id) DO UPDATE SET i = excluded.i, d = excluded.d"};
  std::int64_t const rows = GENERATE(0, 1, 2, 3, 4, 5, 15, 16, 17, 20, 21, 37);
  ValuesFixture fixture;
  std::vector<Column> columns(2);
  for (std::int64_t id = 0; id < rows; ++id) {
    columns[0].emplace_back(id);
    columns[1].emplace_back(id * 10);
  }
  auto const every_row_once = std::vector<std::size_t>(static_cast<std::size_t>(rows), 1);
  CHECK(fixture.session->apply(upsert, columns) == every_row_once);
  for (auto& value : columns[1]) value = std::get<std::int64_t>(value) + 1;
  CHECK(fixture.session->apply(upsert, columns) == every_row_once);
  for (std::int64_t id = 0; id < rows; ++id) {
    CAPTURE(rows, id);
    auto const stored = fixture.session->query(select_sample, std::array<Value, 1>{id});
    REQUIRE(stored.size() == 1);
    CHECK(stored.integer(0, 0) == id * 10 + 1);
    CHECK(stored.real(0, 1) == static_cast<double>(id * 10 + 1) + 0.5);
  }
  CHECK(fixture.session->query(select_all).size() == static_cast<std::size_t>(rows));
}

TEST_CASE("one bad row among many refuses them all, as a fault of the data", "[contract][values]") {
  static constexpr Statement insert_many{
      .name = "insert_many",
      .sqlite = "INSERT INTO {s}.samples (id, t) VALUES {($1, $2)}",
      .postgres = "INSERT INTO {s}.samples (id, t) SELECT * FROM unnest($1::bigint[], $2::text[])"};
  ValuesFixture fixture;
  std::vector<Column> columns(2);
  for (std::int64_t id = 0; id < 20; ++id) {
    columns[0].emplace_back(id == 10 ? 9 : id);  // twice the same key
    columns[1].emplace_back(nullptr);
  }
  fixture.session->begin();
  try {
    fixture.session->apply(insert_many, columns);
    FAIL("the key is there twice");
  } catch (SessionError const& error) {
    CHECK(error.failure() == Failure::data);
  }
  fixture.session->rollback();
  CHECK(fixture.session->query(select_all).empty());
}
