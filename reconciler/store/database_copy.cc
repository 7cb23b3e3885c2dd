#include "reconciler/store/database_copy.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

constexpr int kBusyMs = 10'000;

void sync_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!synced) throw StoreError("cannot write " + path.string() + " to disk");
}

}  // namespace

void copy_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  try {
    SQLite::Database database(from.string(), SQLite::OPEN_READWRITE, kBusyMs);
    SQLite::Statement copy(database, "VACUUM INTO ?");
    copy.bind(1, to.string());
    copy.exec();
  } catch (const SQLite::Exception& error) {
    throw StoreError("cannot copy " + from.string() + " to " + to.string() + ": " + error.what());
  }
  if (::chmod(to.c_str(), 0600) != 0) throw StoreError("cannot protect " + to.string());
  sync_file(to);
}

}  // namespace maand
