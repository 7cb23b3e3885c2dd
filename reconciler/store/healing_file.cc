#include "reconciler/store/healing_file.h"

#include <utility>

namespace maand {

HealingFile::HealingFile(std::filesystem::path path, const Schema& schema,
                         std::chrono::milliseconds busy_timeout, bool read_only)
    : path_(std::move(path)), schema_(schema), busy_timeout_(busy_timeout), read_only_(read_only) {}

void HealingFile::refuse_if_read_only() const {
  if (read_only_) throw StoreError(path_.string() + " was opened for reading only");
}

void HealingFile::pragma(const char* sql) {
  read([&](SqlSession&) { file_->database().exec(sql); });
}

void HealingFile::rethrow_explained() const {
  try {
    throw;
  } catch (const SQLite::Exception& error) {
    throw StoreError(explain_sqlite(error, path_));
  }
}

SqlSession& HealingFile::open() {
  const std::optional<FileIdentity> there = identity_of(path_);
  if (first_ && !read_only_ && there != first_) {
    throw StoreError(
        path_.string() +
        " was removed or replaced while in use; what was confirmed is not in it: stop the daemon, put "
        "the right file there and start it again");
  }
  // A reader may follow a replaced file; it decides nothing.
  if (file_ && there != file_->identity()) file_.reset();
  if (!file_) {
    const OpenMode mode = read_only_ ? OpenMode::kReadOnly : first_ ? OpenMode::kExisting : OpenMode::kCreate;
    file_.emplace(path_, mode, schema_, busy_timeout_);
    ++opened_;
    if (!first_) first_ = file_->identity();
  }
  return *file_;
}

}  // namespace maand
