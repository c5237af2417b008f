#pragma once

#include <string_view>

#include "harness/options.hpp"
#include "harness/report.hpp"
#include "harness/scratch.hpp"

namespace bench {

/// What a benchmark is given.
struct Bench {
  Options const& options;
  Report& report;
  Scratch& scratch;
};

// Each measures, compares with a raw loop of the same process on the same disk, and adds its
// figures to the report.
void simple(Bench& bench);
void pipeline(Bench& bench);
void parallel(Bench& bench);
void throughput(Bench& bench);
void latency(Bench& bench);
void chain(Bench& bench);
void fan_out(Bench& bench);
void history(Bench& bench);
void idle(Bench& bench);
void memory(Bench& bench);
void context(Bench& bench);
void fleet(Bench& bench);
void tenants(Bench& bench);
void schedules(Bench& bench);
void compile(Bench& bench);

struct Benchmark {
  std::string_view name;
  std::string_view what;
  void (*run)(Bench&);
};

inline constexpr Benchmark benchmarks[] = {
    {"simple", "workflows of one task, all submitted at once", simple},
    {"pipeline", "extract, transform, load: three tasks in a row", pipeline},
    {"parallel", "setup, three batches side by side, merge", parallel},
    {"throughput", "1 000, 100 and 10 executions of ten tasks in flight", throughput},
    {"latency", "one workflow of one task at a time", latency},
    {"chain", "10 000 tasks, each after the one before", chain},
    {"fan_out", "10 000 tasks side by side, and one after all of them", fan_out},
    {"history", "throughput with many finished executions in the file", history},
    {"idle", "a runner without work", idle},
    {"memory", "100 000 executions that wait for their time", memory},
    {"context", "contexts of 1 KiB to 1 MiB along a chain of ten tasks", context},
    {"fleet", "one, two and four runner processes on one PostgreSQL", fleet},
    {"tenants", "200 tenants without work in one program", tenants},
    {"schedules", "100 000 cron schedules, and 1 000 that are due at once", schedules},
    {"compile", "what a workflow of 128 tasks costs the compiler", compile},
};

}  // namespace bench
