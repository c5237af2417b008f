#pragma once

#include <filesystem>
#include <string>

namespace bench {

/// A directory for databases that is removed, with what is in it, at the end.
class Scratch {
 public:
  /// Made inside `parent`; if that is empty, beside the program, which lies on the disk of the
  /// build tree. Throws `std::filesystem::filesystem_error`.
  explicit Scratch(std::string const& parent);
  ~Scratch();
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  /// The path of a database that does not exist yet; a different one for each call.
  [[nodiscard]] std::filesystem::path new_file(std::string const& name);
  /// Removes a database with its log, so that a long series does not fill the disk.
  static void remove(std::filesystem::path const& file);

 private:
  std::filesystem::path directory_;
  unsigned files_ = 0;
};

/// The URL that a runner takes.
[[nodiscard]] std::string url_of(std::filesystem::path const& file);

}  // namespace bench
