#include "harness/raw_postgres.hpp"

#include <cstdio>

namespace bench {
namespace {

constexpr std::uint64_t tasks_per_execution = 10;

}  // namespace

RawPostgres::RawPostgres(Place const& place) : connection_(place.server), session_(connection_) {
  auto const table = place.schema + ".task";
  session_.exec("CREATE SCHEMA " + place.schema);
  session_.exec("CREATE TABLE " + table +
                " (execution uuid NOT NULL, task text NOT NULL, status text NOT NULL,"
                " attempt bigint NOT NULL, delta text, started_at timestamptz,"
                " completed_at timestamptz, PRIMARY KEY (execution, task))");
  connection_.prepare("group", "INSERT INTO " + table +
                                   " SELECT e, t, 'Completed', 1, d, s, c FROM unnest($1::uuid[],"
                                   " $2::text[], $3::text[], $4::timestamptz[],"
                                   " $5::timestamptz[]) AS g (e, t, d, s, c)");
}

// Keys that grow like those of UUIDv7, with bits behind them that do not.
void RawPostgres::commit_group(std::size_t rows) {
  std::string executions{'{'}, tasks{'{'}, deltas{'{'}, times{'{'};
  char text[64];
  for (std::size_t i = 0; i < rows; ++i, ++rows_) {
    std::uint64_t const execution = rows_ / tasks_per_execution;
    std::snprintf(text, sizeof text, "%016llx%016llx",
                  static_cast<unsigned long long>(execution << 16),
                  static_cast<unsigned long long>(execution * 0x9E3779B97F4A7C15u));
    for (auto* column : {&executions, &tasks, &deltas, &times})
      if (i > 0) *column += ',';
    executions += text;
    (tasks += "middle_") += std::to_string(rows_ % tasks_per_execution);
    deltas += "\"{}\"";
    std::snprintf(text, sizeof text, "\"2026-01-01 00:%02u:%02u.%06u+00\"",
                  static_cast<unsigned>(rows_ / 60 % 60), static_cast<unsigned>(rows_ % 60),
                  static_cast<unsigned>(rows_ % 1'000'000));
    times += text;
  }
  for (auto* column : {&executions, &tasks, &deltas, &times}) *column += '}';
  session_.exec_prepared("group", executions, tasks, deltas, times, times);
}

}  // namespace bench
