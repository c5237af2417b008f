#include "support/crash_vfs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace cloacina::test {
namespace {

constexpr sqlite3_int64 sector_size = 512;

void write_all(int descriptor, unsigned char const* data, std::size_t size, sqlite3_int64 offset) {
  if (::pwrite(descriptor, data, size, offset) != static_cast<ssize_t>(size)) ::_exit(1);
}

}  // namespace

/// As SQLite sees it: the base must come first. The real file follows in the same allocation.
struct CrashVfs::File {
  sqlite3_file base{};
  CrashVfs* vfs = nullptr;
  std::shared_ptr<Unsynced> unsynced;  // none: written at once
  bool counted = false;                // not a temporary file, which nobody misses

  [[nodiscard]] sqlite3_file* real() const {
    return reinterpret_cast<sqlite3_file*>(const_cast<File*>(this) + 1);
  }
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  [[nodiscard]] bool fails(Operation operation) const { return counted && vfs->fails(operation); }
};

struct CrashVfs::Methods {
  static int close(sqlite3_file* file) {
    auto& self = File::of(file);
    int const code = self.real()->pMethods ? self.real()->pMethods->xClose(self.real()) : SQLITE_OK;
    self.~File();
    return code;
  }

  static int read(sqlite3_file* file, void* target, int size, sqlite3_int64 offset) {
    auto& self = File::of(file);
    if (self.fails(Operation::read)) return SQLITE_IOERR_READ;
    if (!self.unsynced) return self.real()->pMethods->xRead(self.real(), target, size, offset);
    std::lock_guard lock{self.vfs->mutex_};
    auto* out = static_cast<unsigned char*>(target);
    auto const end = std::min(offset + size, std::max(offset, self.unsynced->size));
    for (auto at = offset; at < end;) {
      auto const sector = self.vfs->current(self, at / sector_size);
      auto const length = std::min(end, (at / sector_size + 1) * sector_size) - at;
      std::memcpy(out + (at - offset), sector.data() + at % sector_size,
                  static_cast<std::size_t>(length));
      at += length;
    }
    if (end == offset + size) return SQLITE_OK;
    std::memset(out + (end - offset), 0, static_cast<std::size_t>(offset + size - end));
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, void const* data, int size, sqlite3_int64 offset) {
    auto& self = File::of(file);
    if (self.fails(Operation::write)) {
      self.real()->pMethods->xWrite(self.real(), data, size / 2, offset);
      return self.vfs->crash_ == Crash::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    if (!self.unsynced) return self.real()->pMethods->xWrite(self.real(), data, size, offset);
    std::lock_guard lock{self.vfs->mutex_};
    self.vfs->write(self, static_cast<unsigned char const*>(data), size, offset);
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& self = File::of(file);
    if (self.fails(Operation::truncate)) return SQLITE_IOERR_TRUNCATE;
    if (!self.unsynced) return self.real()->pMethods->xTruncate(self.real(), size);
    std::lock_guard lock{self.vfs->mutex_};
    self.vfs->truncate(self, size);
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int flags) {
    auto& self = File::of(file);
    if (self.fails(Operation::sync)) return SQLITE_IOERR_FSYNC;
    if (!self.unsynced) return self.real()->pMethods->xSync(self.real(), flags);
    std::lock_guard lock{self.vfs->mutex_};
    return self.vfs->sync(self, flags);
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    auto& self = File::of(file);
    if (!self.unsynced) return self.real()->pMethods->xFileSize(self.real(), size);
    std::lock_guard lock{self.vfs->mutex_};
    *size = self.unsynced->size;
    return SQLITE_OK;
  }

  static int file_control(sqlite3_file* file, int operation, void* argument) {
    // A hint that makes the real file grow at once, behind our back.
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
      return SQLITE_OK;
    auto* const real = File::of(file).real();
    return real->pMethods->xFileControl(real, operation, argument);
  }

  static int lock(sqlite3_file* file, int level) {
    auto* const real = File::of(file).real();
    return real->pMethods->xLock(real, level);
  }
  static int unlock(sqlite3_file* file, int level) {
    auto* const real = File::of(file).real();
    return real->pMethods->xUnlock(real, level);
  }
  static int check_reserved_lock(sqlite3_file* file, int* answer) {
    auto* const real = File::of(file).real();
    return real->pMethods->xCheckReservedLock(real, answer);
  }
  static int reported_sector_size(sqlite3_file* file) {
    auto* const real = File::of(file).real();
    return real->pMethods->xSectorSize(real);
  }
  static int device_characteristics(sqlite3_file* file) {
    auto* const real = File::of(file).real();
    return real->pMethods->xDeviceCharacteristics(real);
  }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** map) {
    auto& self = File::of(file);
    if (self.fails(Operation::map)) return SQLITE_IOERR_SHMMAP;
    return self.real()->pMethods->xShmMap(self.real(), page, size, extend, map);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    auto* const real = File::of(file).real();
    return real->pMethods->xShmLock(real, offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) {
    auto* const real = File::of(file).real();
    real->pMethods->xShmBarrier(real);
  }
  static int shm_unmap(sqlite3_file* file, int remove) {
    auto* const real = File::of(file).real();
    return real->pMethods->xShmUnmap(real, remove);
  }

  static CrashVfs& self(sqlite3_vfs* vfs) { return *static_cast<CrashVfs*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, char const* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto& disk = self(vfs);
    constexpr int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    bool const counted = name != nullptr && (flags & kept) != 0;
    auto& opened = *new (file) File{};
    auto* const real = opened.real();
    std::memset(real, 0, static_cast<std::size_t>(disk.real_->szOsFile));
    int const code = counted && disk.fails(Operation::open)
                         ? SQLITE_CANTOPEN
                         : disk.real_->xOpen(disk.real_, name, real, flags, out_flags);
    if (code != SQLITE_OK) {
      opened.~File();
      file->pMethods = nullptr;
      return code;
    }
    opened.vfs = &disk;
    opened.counted = counted;
    if (opened.counted && disk.crash_ == Crash::power_cut)
      opened.unsynced = disk.unsynced_of(name, real);
    static sqlite3_io_methods const methods{2,
                                            close,
                                            read,
                                            write,
                                            truncate,
                                            sync,
                                            file_size,
                                            lock,
                                            unlock,
                                            check_reserved_lock,
                                            file_control,
                                            reported_sector_size,
                                            device_characteristics,
                                            shm_map,
                                            shm_lock,
                                            shm_barrier,
                                            shm_unmap,
                                            nullptr,
                                            nullptr};
    opened.base.pMethods = &methods;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, char const* name, int sync_directory) {
    auto& disk = self(vfs);
    if (disk.fails(Operation::remove)) return SQLITE_IOERR_DELETE;
    std::lock_guard lock{disk.mutex_};
    disk.files_.erase(name);
    return disk.real_->xDelete(disk.real_, name, sync_directory);
  }
};

CrashVfs::CrashVfs(Crash crash, std::uint64_t at, std::uint64_t seed, std::uint64_t failures)
    : real_(sqlite3_vfs_find(nullptr)), dice_(seed), crash_(crash), at_(at), failures_(failures) {
  vfs_ = *real_;
  vfs_.zName = "crash";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = Methods::open;
  vfs_.xDelete = Methods::remove;
  sqlite3_vfs_register(&vfs_, 1);
}

CrashVfs::~CrashVfs() { sqlite3_vfs_unregister(&vfs_); }

std::shared_ptr<CrashVfs::Unsynced> CrashVfs::unsynced_of(std::string const& path,
                                                          sqlite3_file* real) {
  std::lock_guard lock{mutex_};
  auto& found = files_[path];
  if (!found) {
    found = std::make_shared<Unsynced>();
    real->pMethods->xFileSize(real, &found->synced_size);
    found->size = found->synced_size;
  }
  return found;
}

CrashVfs::Sector CrashVfs::current(File const& file, sqlite3_int64 sector) const {
  auto const written = file.unsynced->sectors.find(sector);
  if (written != file.unsynced->sectors.end()) return written->second.back();
  Sector content(sector_size);  // a short read leaves zeros
  if (sector * sector_size < file.unsynced->synced_size)
    file.real()->pMethods->xRead(file.real(), content.data(), sector_size, sector * sector_size);
  return content;
}

void CrashVfs::write(File& file, unsigned char const* data, int size, sqlite3_int64 offset) {
  auto const end = offset + size;
  for (auto at = offset; at < end;) {
    auto const index = at / sector_size;
    auto content = current(file, index);
    auto const length = std::min(end, (index + 1) * sector_size) - at;
    std::memcpy(content.data() + at % sector_size, data + (at - offset),
                static_cast<std::size_t>(length));
    file.unsynced->sectors[index].push_back(std::move(content));
    at += length;
  }
  file.unsynced->size = std::max(file.unsynced->size, end);
}

/// What is cut off does not come back, whatever is written behind the new end later.
void CrashVfs::truncate(File& file, sqlite3_int64 size) {
  auto& unsynced = *file.unsynced;
  if (size >= unsynced.size) return;
  auto const kept = (size + sector_size - 1) / sector_size;
  for (auto sector = kept; sector * sector_size < unsynced.size; ++sector)
    unsynced.sectors[sector].emplace_back(sector_size);
  unsynced.size = size;
}

int CrashVfs::sync(File& file, int flags) {
  auto& unsynced = *file.unsynced;
  auto* const real = file.real();
  for (auto const& [sector, contents] : unsynced.sectors) {
    int const code =
        real->pMethods->xWrite(real, contents.back().data(), sector_size, sector * sector_size);
    if (code != SQLITE_OK) return code;
  }
  (void)flags;  // nothing here outlives the machine anyway
  unsynced.sectors.clear();
  unsynced.synced_size = unsynced.size;
  return real->pMethods->xTruncate(real, unsynced.size);
}

bool CrashVfs::counts(Operation operation) const noexcept {
  if (crash_ == Crash::full) return operation == Operation::write;
  return crash_ == Crash::io_error || operation >= Operation::write;
}

bool CrashVfs::fails(Operation operation) {
  if (!counts(operation)) return false;
  auto const number = ++operations_;
  if (at_ == 0 || number < at_ || number - at_ >= failures_) return false;
  if (crash_ == Crash::kill) ::kill(::getpid(), SIGKILL);
  if (crash_ == Crash::power_cut) cut_power();
  ++failed_;
  return true;
}

void CrashVfs::cut_power() {
  mutex_.lock();  // for ever: nobody writes any more
  for (auto const& [path, unsynced] : files_) {
    int const descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;  // removed since
    auto end = dice_() % 2 == 0 ? unsynced->size : unsynced->synced_size;
    for (auto const& [sector, contents] : unsynced->sectors) {
      auto const chosen = dice_() % (contents.size() + 1);
      if (chosen == contents.size()) continue;  // nothing of it had reached the disk
      write_all(descriptor, contents[chosen].data(), sector_size, sector * sector_size);
      if (sector * sector_size < std::max(unsynced->size, unsynced->synced_size))
        end = std::max(end, std::min((sector + 1) * sector_size, unsynced->size));
    }
    if (::ftruncate(descriptor, end) != 0) ::_exit(1);
  }
  ::_exit(exit_code);
}

}  // namespace cloacina::test
