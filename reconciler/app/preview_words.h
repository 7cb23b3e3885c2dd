// What previews come to, told to the git host: a commit status of a context of its own, and one
// comment on the pull or merge request (docs/commit-statuses.md).
//
// Reconcile thread. Never throws: what cannot be kept is told once more after a restart.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "reconciler/app/outbox.h"
#include "reconciler/core/forge/provider.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/preview/preview.h"

namespace maand {

struct PreviewWordsSettings {
  ForgeProvider provider = ForgeProvider::kGithub;  // its name is the outbox's channel
  BucketId bucket;                                  // whose comment it is
  std::string context;                              // of the status: `maand/prod/preview`
  std::string target_url;
  bool comments = true;
};

class PreviewWords : public PreviewReports {
 public:
  // All outlive it.
  struct Deps {
    Outbox& outbox;
    Store& store;
    Clock& clock;
  };
  // Throws StoreError when what was told cannot be read.
  PreviewWords(Deps deps, PreviewWordsSettings settings);

  void previewed(const PreviewReport& report) override;

  static constexpr std::size_t kMostRemembered = 256;  // commits

 private:
  bool is_news(const std::string& what, const std::string& text);

  Deps deps_;
  const PreviewWordsSettings settings_;
  const std::string channel_;
  const std::string key_;  // of the setting in the store
  // What was told, and a digest of its words; newest last.
  std::deque<std::pair<std::string, std::string>> told_;
};

}  // namespace maand
