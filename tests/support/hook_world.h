// Hooks that really run, from the text of their programs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executor/hook_runner.h"
#include "tests/support/fake_hook_values.h"
#include "tests/support/temp_dir.h"

namespace maand::testing {

// One allocation, api@10.0.0.1, and its hook runner; the runtime API on any port.
class HookWorld {
 public:
  explicit HookWorld(HookOptions options = default_options(), HookSsh* ssh = nullptr)
      : options_(std::move(options)) {
    options_.port = 0;
    options_.supervisor_command = {MAAND_TEST_HOOK_SUPERVISOR};
    if (options_.scratch.empty()) options_.scratch = directory_.path() / "scratch";
    runner_ = std::make_unique<HookRunner>(options_, ssh);
  }

  static HookOptions default_options() {
    HookOptions options;
    options.ssh_user = "agent";
    options.ssh_key = "/nowhere/worker.key";
    // The interpreters of the system, whatever else whoever runs the tests has.
    options.path = "/usr/local/bin:/usr/bin:/bin";
    return options;
  }

  Hooks& hooks() { return *runner_; }
  FakeHookValues& values() { return *values_; }
  void end() { runner_.reset(); }

  // A call whose command_x is `program`, in the language of `ending`.
  HookCall call(const std::string& program, const std::string& ending = ".py") const {
    HookCall call;
    call.allocation = {JobName("api"), WorkerHost("10.0.0.1")};
    call.allocation_id = "2f0c7a1e-8f5d-5a44-9a52-6a3a4b1f1a10";
    call.allocation_index = 2;
    call.event = HookEvent::kPreDeploy;
    call.command = "command_x";
    call.current_version = "1.0.0";
    call.new_version = "1.1.0";
    call.files = files({{"_modules/command_x" + ending, program}});
    call.values = values_;
    call.timeout = std::chrono::seconds(120);
    return call;
  }
  static HookFiles files(const std::map<std::string, std::string>& texts) {
    auto out = std::make_shared<std::vector<HookFile>>();
    for (const auto& [path, text] : texts) {
      const bool executable = text.starts_with("#!");
      out->push_back({path, executable, std::make_shared<const std::string>(text)});
    }
    return out;
  }

 private:
  TempDir directory_;
  HookOptions options_;
  std::shared_ptr<FakeHookValues> values_ = std::make_shared<FakeHookValues>(JobName("api"));
  std::unique_ptr<HookRunner> runner_;
};

}  // namespace maand::testing
