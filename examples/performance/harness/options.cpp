#include "harness/options.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

std::size_t count_of(std::string_view option, std::string_view text, std::size_t most) {
  std::size_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
    throw std::invalid_argument{std::string{option} + " '" + std::string{text} +
                                "': expected a number from 1 to " + std::to_string(most)};
  return value;
}

/// Empty: none is needed.
std::string server_of(std::string_view backend) {
  if (backend == "sqlite") return {};
  if (backend != "postgres")
    throw std::invalid_argument{"--backend '" + std::string{backend} +
                                "': expected sqlite or postgres"};
  char const* const url = std::getenv("CLOACINA_TEST_POSTGRES_URL");
  if (url == nullptr)
    throw std::invalid_argument{
        "--backend postgres: CLOACINA_TEST_POSTGRES_URL is not set; expected the URL of a server: "
        "./dev bench starts one and sets it"};
  return url;
}

}  // namespace

Options parse_options(int argc, char const* const* argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    auto const value = [&]() -> std::string_view {
      if (++i == argc) throw std::invalid_argument{std::string{word} + " wants a value"};
      return argv[i];
    };
    if (word == "--quick")
      options.quick = true;
    else if (word == "--strict")
      options.strict = true;
    else if (word == "--help" || word == "-h")
      options.help = true;
    else if (word == "--json")
      options.json_file = value();
    else if (word == "--directory")
      options.directory = value();
    else if (word == "--serve")
      options.serve = value();
    else if (word == "--backend")
      options.server = server_of(value());
    else if (word == "-i")
      options.iterations = count_of("-i", value(), 10'000'000);
    else if (word == "-c")
      options.concurrency = count_of("-c", value(), 1'024);
    else if (word.starts_with("-"))
      throw std::invalid_argument{
          "unknown option '" + std::string{word} +
          "'; there are --quick, --json, --strict, --directory, --backend, -i, -c and --help"};
    else
      options.names.emplace_back(word);
  }
  return options;
}

}  // namespace bench
