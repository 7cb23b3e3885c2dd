// The git side of the product in one object: Source, Blobs and Notes over one
// remote and one bare mirror. No third-party header comes with it.
#pragma once

#include <memory>

#include "gitsource/git_options.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/signatures.h"

namespace maand {

// Source and Notes calls: one thread at a time. Blobs and interrupt(): any
// thread. Views: one thread each, and not beyond the source's life.
class GitSource : public Source {
 public:
  // Starts nothing and touches no disk yet. Throws SourceError kOther when the
  // URL is not one we speak.
  explicit GitSource(GitOptions options);
  ~GitSource() override;

  RemoteHead ls_remote() override;
  CommitId fetch() override;
  CommitInfo describe(const CommitId& commit) override;
  HistoryVerdict history(const CommitId& applied, const CommitId& head) override;
  std::unique_ptr<FileView> open_view(const CommitId& commit) override;
  std::vector<std::string> messages(const CommitId& applied, const CommitId& head) override;
  std::optional<CommitId> resolve(const std::string& rev) override;
  void keep(const std::string& name, const CommitId& commit) override;

  // What `keep` holds under `name`; nullopt: nothing.
  std::optional<CommitId> kept(const std::string& name);

  Blobs& blobs();
  Notes& notes();
  Signatures& signatures();  // calls on the thread of Source
  // Brings the notes ref up to date, for `maand note` (publish and fetch do it by themselves).
  void fetch_notes();

  // For shutdown: every network call, running or to come, throws SourceError soon.
  void interrupt();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
