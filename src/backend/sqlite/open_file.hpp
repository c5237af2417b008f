#pragma once

#include <string>

#include <sys/types.h>

namespace cloacina::backend::sqlite {

/// That this process has a file open, from before the first connection to after the last.
///
/// SQLite keeps its locks by process, and believes after a `fork` that it still holds those of the
/// parent. A child that opens the parent's file works on without any, until the parent closes the
/// file, removes its log, and with it all that the child was told is stored. So it is refused.
class OpenFile {
 public:
  /// Throws `ConfigurationError` if the file was open in the process that this one was forked from.
  OpenFile(std::string const& path, std::string const& display_name);
  ~OpenFile();
  OpenFile(OpenFile const&) = delete;
  OpenFile& operator=(OpenFile const&) = delete;

 private:
  dev_t device_ = 0;
  ino_t node_ = 0;
};

}  // namespace cloacina::backend::sqlite
