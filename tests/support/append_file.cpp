#include "support/append_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace cloacina::test {

AppendFile::AppendFile(std::filesystem::path const& path)
    : descriptor_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) throw std::runtime_error{"cannot open " + path.string()};
}

AppendFile::~AppendFile() { ::close(descriptor_); }

void AppendFile::append(std::string_view line) {
  // The newline in front keeps a line that a kill cut short from swallowing the next one.
  std::string const text = "\n" + std::string{line} + "\n";
  if (::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size())) return;
  std::fprintf(stderr, "a line could not be appended\n");
  std::_Exit(3);
}

}  // namespace cloacina::test
