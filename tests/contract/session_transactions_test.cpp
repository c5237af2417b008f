#include <future>
#include <thread>

#include "contract/backend_under_test.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::contract;
using namespace std::chrono_literals;

namespace {

constexpr Statement insert_text{.name = "insert_text",
                                .sqlite = "INSERT INTO {s}.samples (id, t) VALUES ($1, $2)"};
constexpr Statement count_samples{.name = "count_samples",
                                  .sqlite = "SELECT count(*) FROM {s}.samples"};
constexpr Statement increment{
    .name = "increment", .sqlite = "UPDATE {s}.samples SET i = coalesce(i, 0) + 1 WHERE id = $1"};
constexpr Statement read_counter{.name = "read_counter",
                                 .sqlite = "SELECT i FROM {s}.samples WHERE id = $1"};

struct TransactionsFixture {
  std::unique_ptr<BackendUnderTest> backend = make_backend_under_test();
  std::unique_ptr<Session> session;
  TransactionsFixture() {
    backend->create_samples();
    session = backend->database().open_writer();
  }
  void insert(std::int64_t id, std::string_view text) {
    session->execute(insert_text, std::array<Value, 2>{id, text});
  }
  [[nodiscard]] std::int64_t count() {
    return backend->database().reader()->query(count_samples).integer(0, 0);
  }
};

template <class Work>
Failure failure_of(Work&& work) {
  try {
    work();
  } catch (SessionError const& error) {
    CAPTURE(error.what());
    CHECK_FALSE(error.sqlstate().empty());
    return error.failure();
  }
  FAIL("nothing was thrown");
  return Failure::broken;
}

}  // namespace

TEST_CASE("a commit keeps all of a transaction, a rollback nothing", "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.session->begin();
  fixture.insert(1, "a");
  fixture.insert(2, "b");
  fixture.session->commit();
  CHECK(fixture.count() == 2);

  fixture.session->begin();
  fixture.insert(3, "c");
  fixture.session->rollback();
  CHECK(fixture.count() == 2);
  fixture.session->rollback();  // of nothing: nothing
}

TEST_CASE("a session that ends in a transaction leaves nothing of it", "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.session->begin();
  fixture.insert(1, "a");
  fixture.session.reset();
  CHECK(fixture.count() == 0);
}

TEST_CASE("a query that writes alone is a transaction of its own, whole or not at all",
          "[contract][transactions]") {
  static constexpr Statement insert{
      .name = "insert_alone",
      .sqlite = "INSERT INTO {s}.samples (id, t) VALUES ($1, $2) RETURNING id"};
  TransactionsFixture fixture;
  std::array<Value, 2> const one{std::int64_t{1}, std::string_view{"a"}};
  CHECK(fixture.session->write_alone(insert, one).integer(0, 0) == 1);
  CHECK(fixture.count() == 1);
  CHECK(failure_of([&] { (void)fixture.session->write_alone(insert, one); }) == Failure::data);
  fixture.session->begin();  // nothing of it is under way
  fixture.insert(2, "b");
  fixture.session->commit();
  CHECK(fixture.count() == 2);
}

TEST_CASE("readers see only what is committed", "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.session->begin();
  fixture.insert(1, "a");
  CHECK(fixture.session->query(count_samples).integer(0, 0) == 1);
  CHECK(fixture.count() == 0);
  fixture.session->commit();
  CHECK(fixture.count() == 1);
}

TEST_CASE("a reader refuses to write", "[contract][transactions]") {
  TransactionsFixture fixture;
  auto reader = fixture.backend->database().reader();
  CHECK_THROWS_AS(
      reader->execute(insert_text, std::array<Value, 2>{std::int64_t{1}, std::string_view{"a"}}),
      SessionError);
  reader.reset();
  CHECK(fixture.count() == 0);
}

TEST_CASE("a key that is there already is an error of the data, and the session goes on",
          "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.insert(1, "a");
  CHECK(failure_of([&] { fixture.insert(1, "b"); }) == Failure::data);
  CHECK(failure_of([&] { fixture.insert(2, "a"); }) == Failure::data);  // the text is unique
  fixture.insert(2, "b");
  CHECK(fixture.count() == 2);
}

TEST_CASE("an error inside a transaction leaves it to be rolled back", "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.session->begin();
  fixture.insert(1, "a");
  CHECK(failure_of([&] { fixture.insert(1, "b"); }) == Failure::data);
  fixture.session->rollback();
  CHECK(fixture.count() == 0);
  fixture.session->begin();
  fixture.insert(1, "a");
  fixture.session->commit();
  CHECK(fixture.count() == 1);
}

TEST_CASE("transactions of several sessions lose no update", "[contract][transactions]") {
  TransactionsFixture fixture;
  fixture.insert(1, "counter");
  constexpr int sessions = 4;
  constexpr int rounds = 50;
  std::vector<std::future<void>> done;
  for (int i = 0; i < sessions; ++i)
    done.push_back(std::async(std::launch::async, [&fixture] {
      auto const session = fixture.backend->database().open_writer();
      std::array<Value, 1> const key{std::int64_t{1}};
      for (int round = 0; round < rounds; ++round) {
        session->begin();
        session->execute(increment, key);
        session->commit();
      }
    }));
  for (auto& each : done) each.get();
  CHECK(fixture.session->query(read_counter, std::array<Value, 1>{std::int64_t{1}}).integer(0, 0) ==
        sessions * rounds);
}

TEST_CASE("faults reach each statement and both sides of a commit by name",
          "[contract][transactions]") {
  TransactionsFixture fixture;
  std::vector<std::string> points;
  fixture.backend->fault = [&](std::string_view point) { points.emplace_back(point); };
  fixture.session->begin();
  fixture.insert(1, "a");
  fixture.session->commit();
  CHECK(points ==
        std::vector<std::string>{"begin", "insert_text", "commit.before", "commit.after"});
}

TEST_CASE("a fault before a commit prevents it, one after it does not",
          "[contract][transactions]") {
  bool const before = GENERATE(true, false);
  TransactionsFixture fixture;
  fixture.backend->fault = [&](std::string_view point) {
    if (point == (before ? "commit.before" : "commit.after"))
      throw SessionError(before ? Failure::again : Failure::unknown, "injected", "TEST");
  };
  fixture.session->begin();
  fixture.insert(1, "a");
  CHECK(failure_of([&] { fixture.session->commit(); }) ==
        (before ? Failure::again : Failure::unknown));
  fixture.session->rollback();
  fixture.backend->fault = {};
  CHECK(fixture.count() == (before ? 0 : 1));
  fixture.session->begin();  // the session is of use in both cases
  fixture.session->rollback();
}

TEST_CASE("a reader is waited for while all are in use, and given back by its pointer's end",
          "[contract][transactions]") {
  TransactionsFixture fixture;
  std::vector<Database::Reader> readers;
  for (int i = 0; i < 10; ++i) readers.push_back(fixture.backend->database().reader());
  auto eleventh = std::async(std::launch::async, [&] { return fixture.count(); });
  CHECK(eleventh.wait_for(20ms) == std::future_status::timeout);
  readers.pop_back();
  CHECK(eleventh.get() == 0);
}
