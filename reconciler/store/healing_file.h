// A SqliteFile for a whole life: a call that fails closes it and the next one
// opens it again, so that a full disk or a lock that went away heals by itself
// (R7.4). Included by the .cc files of this folder only.
//
// One case does not heal: a file that was removed or replaced underneath a
// writer is refused, because going on with another content would undo what was
// confirmed. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <type_traits>

#include "reconciler/store/migrations.h"
#include "reconciler/store/sqlite_handles.h"

namespace maand {

class HealingFile {
 public:
  // Opens nothing yet. A reader (`read_only`) never makes or upgrades a file.
  HealingFile(std::filesystem::path path, const Schema& schema, std::chrono::milliseconds busy_timeout,
              bool read_only);

  // Runs `work` on the open file, opening it first when the last call failed. Throws StoreError.
  template <class Work>
  std::invoke_result_t<Work&, SqliteFile&> read(Work work) {
    try {
      return work(open());
    } catch (const SQLite::Exception& error) {
      file_.reset();
      throw StoreError(explain_sqlite(error, path_));
    } catch (...) {
      file_.reset();
      throw;
    }
  }

  // The same inside one transaction. The write lock is taken at once, so that a
  // transaction never fails half-way for want of it.
  template <class Work>
  std::invoke_result_t<Work&, SqliteFile&> write(Work work) {
    refuse_if_read_only();
    using Result = std::invoke_result_t<Work&, SqliteFile&>;
    return read([&](SqliteFile& file) -> Result {
      SQLite::Transaction transaction(file.database(), SQLite::TransactionBehavior::IMMEDIATE);
      if constexpr (std::is_void_v<Result>) {
        work(file);
        transaction.commit();
      } else {
        auto result = work(file);
        transaction.commit();
        return result;
      }
    });
  }

  // Rises whenever the file is opened: what was read through an earlier connection may be out of date.
  std::uint64_t opened() const { return opened_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  SqliteFile& open();
  void refuse_if_read_only() const;

  const std::filesystem::path path_;
  const Schema schema_;
  const std::chrono::milliseconds busy_timeout_;
  const bool read_only_;
  std::uint64_t opened_ = 0;
  std::optional<FileIdentity> first_;
  std::optional<SqliteFile> file_;
};

}  // namespace maand
