#include "harness/scratch.hpp"

#include <unistd.h>

#include "harness/stored.hpp"

namespace bench {

namespace fs = std::filesystem;

Scratch::Scratch(std::string const& parent, std::string server) : server_(std::move(server)) {
  auto const where =
      parent.empty() ? fs::read_symlink("/proc/self/exe").parent_path() : fs::absolute(parent);
  directory_ = where / ("bench-data-" + std::to_string(::getpid()));
  fs::create_directories(directory_);
}

Scratch::~Scratch() {
  for (auto const& schema : schemas_) {
    try {
      remove(schema);
    } catch (std::exception const&) {
      // The server has gone first, with all that was on it.
    }
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Place Scratch::new_place(std::string const& name) {
  auto const number = std::to_string(++places_);
  Place place;
  if (server_.empty()) {
    place.file = directory_ / (name + "-" + number + ".db");
    place.url = "sqlite://" + place.file.string();
    return place;
  }
  place.server = server_;
  place.schema = "bench_" + std::to_string(::getpid()) + "_" + number;
  place.url = server_ + (server_.find('?') == server_.npos ? "?" : "&") + "schema=" + place.schema;
  schemas_.push_back(place);
  return place;
}

void Scratch::remove(Place const& place) {
  if (!place.is_file()) return drop_schema(place);
  for (char const* suffix : {"", "-wal", "-shm"}) fs::remove(place.file.string() + suffix);
}

}  // namespace bench
