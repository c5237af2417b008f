#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/place.hpp"

namespace bench {

/// Databases that are removed, with what is in them, at the end.
class Scratch {
 public:
  /// With `server`, the URL of a PostgreSQL server, they are schemas there; else files in a
  /// directory made inside `parent`; if that is empty, beside the program, which lies on the disk
  /// of the build tree. Throws `std::filesystem::filesystem_error`.
  Scratch(std::string const& parent, std::string server);
  ~Scratch();
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  /// One that does not exist yet; a different one for each call.
  [[nodiscard]] Place new_place(std::string const& name);
  /// Removes a database, so that a long series does not fill the disk.
  static void remove(Place const& place);

 private:
  std::string server_;
  std::filesystem::path directory_;
  std::vector<Place> schemas_;
  unsigned places_ = 0;
};

}  // namespace bench
