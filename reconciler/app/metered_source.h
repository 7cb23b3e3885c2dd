// Source and Notes that tell a Meter of every call.
#pragma once

#include "reconciler/core/meter.h"
#include "reconciler/core/ports.h"

namespace maand {

class MeteredSource : public Source {
 public:
  // Both outlive it.
  MeteredSource(Source& source, Meter& meter) : source_(source), meter_(meter) {}

  RemoteHead ls_remote() override;
  CommitId fetch() override;
  CommitInfo describe(const CommitId& commit) override;
  HistoryVerdict history(const CommitId& applied, const CommitId& head) override;
  std::unique_ptr<FileView> open_view(const CommitId& commit) override;
  std::vector<std::string> messages(const CommitId& applied, const CommitId& head) override;
  std::optional<CommitId> resolve(const std::string& rev) override;
  void keep(const std::string& name, const CommitId& commit) override;

 private:
  Source& source_;
  Meter& meter_;
};

class MeteredNotes : public Notes {
 public:
  // Both outlive it.
  MeteredNotes(Notes& notes, Meter& meter) : notes_(notes), meter_(meter) {}

  void publish(const std::vector<NoteSection>& sections) override;
  std::optional<std::string> read(const CommitId& commit) override;

 private:
  Notes& notes_;
  Meter& meter_;
};

}  // namespace maand
