#include "reconciler/store/sqlite_handles.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

namespace maand {
namespace {

constexpr mode_t kPrivate = 0600;

void restrict_mode(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & 0777) == kPrivate) return;
  if (::chmod(path.c_str(), kPrivate) != 0) {
    throw StoreError("cannot make " + path.string() + " private (mode 0600): " + std::strerror(errno));
  }
}

// Such a file holds host names, variables and what operators wrote, so it is
// private from its first byte; SQLite gives -wal and -shm the mode of the file.
void prepare_file(const std::filesystem::path& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivate);
    if (fd < 0) throw StoreError("cannot create " + path.string() + ": " + std::strerror(errno));
    ::close(fd);
  } else if (!identity_of(path)) {
    throw StoreError(path.string() + (mode == OpenMode::kReadOnly
                                          ? ": there is no state yet; start the daemon or run a pass first"
                                          : " has disappeared while in use; stop the daemon and restore it"));
  }
  if (mode == OpenMode::kReadOnly) return;
  for (const char* suffix : {"", "-wal", "-shm"}) restrict_mode(path.string() + suffix);
}

// A file that was just made is only there after a power loss if its directory was synced.
void sync_directory(const std::filesystem::path& path) {
  const int fd = ::open(path.parent_path().empty() ? "." : path.parent_path().c_str(),
                        O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

bool may_write_beside(const std::filesystem::path& path) {
  const std::filesystem::path directory = path.parent_path();
  return ::access(directory.empty() ? "." : directory.c_str(), W_OK) == 0;
}

// A reader of a write-ahead log makes files beside it, and cannot where it may not write. Without a log
// all there is lies in the file, and nobody has it open: then it is read as it is.
bool is_all_in_the_file(const std::filesystem::path& path) {
  return !may_write_beside(path) && !identity_of(path.string() + "-wal");
}

std::string unchanging_uri(const std::filesystem::path& path) {
  std::string out = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#') {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + "?immutable=1";
}

SQLite::Database open_database(const std::filesystem::path& path, OpenMode mode,
                               std::chrono::milliseconds busy_timeout) {
  prepare_file(path, mode);
  const int patience = static_cast<int>(busy_timeout.count());
  if (mode != OpenMode::kReadOnly) return {path.string(), SQLite::OPEN_READWRITE, patience};
  if (is_all_in_the_file(path))
    return {unchanging_uri(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI, patience};
  return {path.string(), SQLite::OPEN_READONLY, patience};
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

void SqliteStatement::make_ready() {
  statement_.tryReset();  // the error of an earlier use is not ours
  statement_.clearBindings();
}

SqliteFile::SqliteFile(const std::filesystem::path& path, OpenMode mode, const Schema& schema,
                       std::chrono::milliseconds busy_timeout)
    : database_(open_database(path, mode, busy_timeout)) {
  // Header and pages first: nothing is written to a file that is not sound.
  const std::string verdict = database_.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") {
    throw StoreError(path.string() + " is damaged (" + verdict +
                     "); stop the daemon and restore a backup: maand restore");
  }
  if (mode == OpenMode::kReadOnly) {
    require_current(database_, schema);
    database_.exec("PRAGMA query_only = ON");
  } else {
    bring_up(database_, schema);
    const std::string journal = database_.execAndGet("PRAGMA journal_mode = WAL").getString();
    if (journal != "wal") {
      throw StoreError(path.string() +
                       ": the file system cannot hold a write-ahead log (journal mode stays " + journal +
                       "); keep the bucket on a local disk");
    }
    // FULL: a commit that returned survives a power loss, which R3.4 rests on.
    database_.exec("PRAGMA synchronous = FULL");
    database_.exec("PRAGMA foreign_keys = ON");
    // A long reader lets the log grow; this gives the space back afterwards.
    database_.exec("PRAGMA journal_size_limit = 16777216");
    sync_directory(path);
  }
  const auto identity = identity_of(path);
  if (!identity) throw StoreError(path.string() + " has disappeared while it was opened");
  identity_ = *identity;
}

SqlStatement& SqliteFile::prepared(const char* sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    it = statements_
             .emplace(std::piecewise_construct, std::forward_as_tuple(sql),
                      std::forward_as_tuple(database_, sql))
             .first;
  }
  it->second.make_ready();
  return it->second;
}

void SqliteFile::roll_back() noexcept {
  try {
    database_.exec("ROLLBACK");
  } catch (const SQLite::Exception&) {
    // Rolled back already, by the error that brings us here.
  }
}

std::int64_t SqliteFile::commits_seen() {
  SqlStatement& pragma = prepared("PRAGMA data_version");  // our own commits do not move it
  pragma.step();
  const std::int64_t number = pragma.integer(0);
  pragma.reset();
  return number;
}

std::string explain_sqlite(const SQLite::Exception& error, const std::filesystem::path& path) {
  const std::string file = path.string();
  const std::string directory = path.parent_path().string();
  const std::string said = std::string(" (") + error.what() + ")";
  switch (error.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return "no space left for " + file + "; free space in " + directory + said;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return file + " cannot be written; check its owner, its mode and that " + directory +
             " is not mounted read-only" + said;
    case SQLITE_CANTOPEN:
      if (::access(path.c_str(), R_OK) != 0)
        return file + " is not yours to read; run this as the user of the daemon" + said;
      if (!may_write_beside(path)) {
        return "what " + file + "-wal holds has to be read with it, and that needs to write in " + directory +
               "; run this as the user of the daemon" + said;
      }
      return file + " cannot be opened; check that " + directory + " exists and is writable" + said;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return file + " is locked by another process; find it with `fuser " + file + "` and end it" + said;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return file + " is damaged; stop the daemon and restore a backup: maand restore" + said;
    case SQLITE_IOERR:
      return "the disk fails to read or write " + file + "; check the disk and the free space" + said;
    default:
      return file + ": " + error.what();
  }
}

}  // namespace maand
