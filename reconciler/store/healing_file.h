// A SqliteFile for a whole life (healing_session.h).
//
// One case does not heal: a file that was removed or replaced underneath a
// writer is refused, because going on with another content would undo what was
// confirmed. Included by the .cc files of this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "reconciler/store/healing_session.h"
#include "reconciler/store/migrations.h"
#include "reconciler/store/sqlite_handles.h"

namespace maand {

class HealingFile final : public HealingSession {
 public:
  // Opens nothing yet. A reader (`read_only`) never makes or upgrades a file.
  HealingFile(std::filesystem::path path, const Schema& schema, std::chrono::milliseconds busy_timeout,
              bool read_only);

  std::uint64_t opened() const override { return opened_; }
  bool nothing_there() override { return read_only_ && !identity_of(path_); }
  // Runs a statement that only SQLite has. Throws StoreError.
  void pragma(const char* sql);

 private:
  SqlSession& open() override;
  void close() noexcept override { file_.reset(); }
  void refuse_if_read_only() const override;
  void rethrow_explained() const override;

  const std::filesystem::path path_;
  const Schema schema_;
  const std::chrono::milliseconds busy_timeout_;
  const bool read_only_;
  std::uint64_t opened_ = 0;
  std::optional<FileIdentity> first_;
  std::optional<SqliteFile> file_;
};

}  // namespace maand
