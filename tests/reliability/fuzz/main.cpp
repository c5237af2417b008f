// The target that the environment variable FUZZ_TARGET names, for libFuzzer; without it, a program
// that runs the target once with each file that it is given.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <spdlog/spdlog.h>

#include "targets.hpp"

namespace {

cloacina::fuzz::Target chosen() {
  char const* const name = std::getenv("FUZZ_TARGET");
  auto const found = cloacina::fuzz::targets().find(name != nullptr ? name : "");
  if (found != cloacina::fuzz::targets().end()) return found->second;
  std::fprintf(stderr, "FUZZ_TARGET: expected one of");
  for (auto const& [known, target] : cloacina::fuzz::targets())
    std::fprintf(stderr, " %s", known.c_str());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static auto const target = [] {
    spdlog::set_level(spdlog::level::off);
    return chosen();
  }();
  target({reinterpret_cast<char const*>(data), size});
  return 0;
}

#ifndef CLOACINA_FUZZER
int main(int count, char** files) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file{files[i], std::ios::binary};
    std::string const input{std::istreambuf_iterator<char>{file}, {}};
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(input.data()), input.size());
  }
  return 0;
}
#endif
