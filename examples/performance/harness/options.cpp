#include "harness/options.hpp"

#include <charconv>
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
    else if (word == "-i")
      options.iterations = count_of("-i", value(), 10'000'000);
    else if (word == "-c")
      options.concurrency = count_of("-c", value(), 1'024);
    else if (word.starts_with("-"))
      throw std::invalid_argument{
          "unknown option '" + std::string{word} +
          "'; there are --quick, --json, --strict, --directory, -i, -c and --help"};
    else
      options.names.emplace_back(word);
  }
  return options;
}

}  // namespace bench
