// cloacina_bench: how close the library comes to what the disk allows.
#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "benchmarks.hpp"
#include "harness/runner_process.hpp"

namespace {

using bench::Benchmark;
using bench::benchmarks;

void print_usage(std::ostream& out) {
  out << bench::usage;
  for (auto const& benchmark : benchmarks)
    out << "  " << benchmark.name << std::string(13 - benchmark.name.size(), ' ') << benchmark.what
        << '\n';
}

std::vector<Benchmark> chosen(std::vector<std::string> const& names) {
  std::vector<Benchmark> all{std::begin(benchmarks), std::end(benchmarks)};
  if (names.empty()) return all;
  std::vector<Benchmark> result;
  for (auto const& name : names) {
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.name == name; });
    if (found == all.end()) {
      std::string known;
      for (auto const& one : all) known.append(known.empty() ? "" : ", ").append(one.name);
      throw std::invalid_argument{"no benchmark named '" + name + "'; there are " + known};
    }
    result.push_back(*found);
  }
  return result;
}

void write_json(std::string const& path, bench::Report const& report) {
  std::ofstream file{path, std::ios::trunc};
  file << report.to_json();
  if (!file.flush())
    throw std::runtime_error{"cannot write '" + path +
                             "'; expected a file in a directory that exists"};
}

int run(bench::Options const& options) {
  auto const selection = chosen(options.names);
  bench::Report report{options.server.empty() ? "sqlite" : "postgres"};
  bench::Scratch scratch{options.directory, options.server};
  bench::Bench context{options, report, scratch};
  for (auto const& benchmark : selection) benchmark.run(context);
  if (!options.json_file.empty()) write_json(options.json_file, report);
  if (report.missed() > 0) std::cout << report.missed() << " missed\n";
  return options.strict && report.missed() > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) try {
  auto const options = bench::parse_options(argc, argv);
  if (options.help) {
    print_usage(std::cout);
    return 0;
  }
  if (!options.serve.empty()) return bench::serve(options.serve);
  return run(options);
} catch (std::invalid_argument const& error) {
  std::cerr << "cloacina_bench: " << error.what() << "\n\n";
  print_usage(std::cerr);
  return 2;
} catch (std::exception const& error) {
  std::cerr << "cloacina_bench: " << error.what() << '\n';
  return 1;
}
