#pragma once

#include <filesystem>
#include <string>

#include <cloacina/error.hpp>

namespace cloacina::disk_full {

/// An error that a caller was told, as a line for `errors`.
[[nodiscard]] std::string told(std::string const& call, Error const& error);

// What the process does; each returns its exit code.
int run_small(std::filesystem::path const& directory);
int work(std::filesystem::path const& disk, std::filesystem::path const& witness);
int open(std::filesystem::path const& disk);
int finish(std::filesystem::path const& disk);

}  // namespace cloacina::disk_full
