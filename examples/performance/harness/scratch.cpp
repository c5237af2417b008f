#include "harness/scratch.hpp"

#include <unistd.h>

namespace bench {

namespace fs = std::filesystem;

Scratch::Scratch(std::string const& parent) {
  auto const where =
      parent.empty() ? fs::read_symlink("/proc/self/exe").parent_path() : fs::absolute(parent);
  directory_ = where / ("bench-data-" + std::to_string(::getpid()));
  fs::create_directories(directory_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

fs::path Scratch::new_file(std::string const& name) {
  return directory_ / (name + "-" + std::to_string(++files_) + ".db");
}

void Scratch::remove(fs::path const& file) {
  for (char const* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
}

std::string url_of(fs::path const& file) { return "sqlite://" + file.string(); }

}  // namespace bench
