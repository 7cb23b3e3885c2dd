// The private directory that one hook runs in: laid out as the original's bucket, so that programs
// which look for maand.conf above themselves find one (workspace.md 0.1, 10.1).
//
//   maand.conf secrets/ home/ scratch/ tmp/workers/<worker>/jobs/<job>/…   the job's files
//                                      tmp/workers/<worker>/jobs/<job>/_modules   where it runs
#pragma once

#include <filesystem>
#include <string>

#include "executor/hook_options.h"
#include "executor/hook_order.h"
#include "reconciler/core/hook.h"

namespace maand {

class HookDirectory {
 public:
  // 0700, in memory where files can be run from memory and there is room. Owned by `owner` if that is
  // set, with all that is in it. Throws HookProblem.
  HookDirectory(const HookCall& call, const HookOptions& options, const HookOrder::Identity* owner);
  ~HookDirectory();  // gone, unless it has gone already
  HookDirectory(const HookDirectory&) = delete;
  HookDirectory& operator=(const HookDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path home() const { return path_ / "home"; }
  std::filesystem::path scratch() const { return path_ / "scratch"; }
  std::filesystem::path job() const { return job_; }
  std::filesystem::path modules() const { return job_ / "_modules"; }

 private:
  void fill(const HookCall& call, const HookOptions& options, const HookOrder::Identity* owner);

  std::filesystem::path path_;
  std::filesystem::path job_;
};

// Whatever a hook has done to it, read-only directories included. Only what HookDirectory made: any
// other path is left alone.
void remove_hook_directory(const std::filesystem::path& directory) noexcept;

// Takes away what a daemon that is not there any more has left behind.
void remove_left_hook_directories(const HookOptions& options) noexcept;

}  // namespace maand
