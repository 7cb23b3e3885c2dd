// Has previews judged by `maand preview-judge`, and holds that process to its limits.
//
// It is started anew for each preview, with a bare environment, no descriptors but
// its three, and a request in which every secret is a name without a value
// (preview_request.h). What it answers is believed only as far as is_sound() goes.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gitsource/child_process.h"
#include "reconciler/cli/preview_request.h"

namespace maand {

struct PreviewChildOptions {
  PreviewRequest common;  // all but what a task says
  std::chrono::milliseconds timeout{30'000};
  std::vector<std::string> command = {"/proc/self/exe", kPreviewJudgeVerb};
};

class PreviewChild : public PreviewJudge {
 public:
  explicit PreviewChild(PreviewChildOptions options);
  ~PreviewChild() override;
  PreviewChild(const PreviewChild&) = delete;
  PreviewChild& operator=(const PreviewChild&) = delete;

  PreviewVerdict judge(const PreviewTask& task) override;

  // Any thread: ends what runs, and every later call, soon.
  void interrupt();

 private:
  PreviewVerdict run(const std::string& request, const PreviewHeading& heading);

  const PreviewChildOptions options_;
  ChildReaper children_;
  int interrupt_fd_ = -1;
};

}  // namespace maand
