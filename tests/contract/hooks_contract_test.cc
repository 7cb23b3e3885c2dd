#include "tests/contract/hooks_contract.h"

#include <map>

#include "tests/support/fake_hook_values.h"
#include "tests/support/fake_hooks.h"
#include "tests/support/hook_world.h"

namespace maand::testing {
namespace {

class FakeHarness : public HooksHarness {
 public:
  FakeHarness() {
    hooks_.on_run = [](const HookCall& call, const Hooks::Output& output) -> std::optional<HookResult> {
      if (call.command == "command_fails")
        return HookResult{.end = HookResult::End::kFailed, .status = 3, .detail = "it exited with 3"};
      if (call.command == "command_says" || call.command == "command_hangs") output("hello\n");
      if (call.command == "command_hangs") return std::nullopt;
      if (call.command == "command_puts") call.values->put("vars/job/api", "greeting", "hello");
      return HookResult{.end = HookResult::End::kDone};
    };
  }
  Hooks& hooks() override { return hooks_; }
  HookCall call(HookDoes what) override {
    static const std::map<HookDoes, std::string> kCommands = {{HookDoes::kSucceed, "command_succeeds"},
                                                              {HookDoes::kFailWith3, "command_fails"},
                                                              {HookDoes::kSayHello, "command_says"},
                                                              {HookDoes::kSayHelloAndHang, "command_hangs"},
                                                              {HookDoes::kPutGreeting, "command_puts"}};
    HookCall call;
    call.allocation = {JobName("api"), WorkerHost("10.0.0.1")};
    call.event = HookEvent::kPreDeploy;
    call.command = kCommands.at(what);
    call.files = std::make_shared<std::vector<HookFile>>();
    call.values = values_;
    return call;
  }
  std::string greeting() override { return values_->get("vars/job/api", "greeting").value; }

 private:
  FakeHooks hooks_;
  std::shared_ptr<FakeHookValues> values_ = std::make_shared<FakeHookValues>(JobName("api"));
};

class RealHarness : public HooksHarness {
 public:
  Hooks& hooks() override { return world_.hooks(); }
  HookCall call(HookDoes what) override {
    static const std::map<HookDoes, std::string> kPrograms = {
        {HookDoes::kSucceed, ""},
        {HookDoes::kFailWith3, "raise SystemExit(3)"},
        {HookDoes::kSayHello, "print('hello')"},
        {HookDoes::kSayHelloAndHang, "import time\nprint('hello')\ntime.sleep(3600)"},
        {HookDoes::kPutGreeting,
         "import maand\nmaand.put_job_variable('greeting', 'hello').raise_for_status()"}};
    return world_.call(kPrograms.at(what));
  }
  std::string greeting() override { return world_.values().get("vars/job/api", "greeting").value; }

 private:
  HookWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Fake, HooksContract,
                         ::testing::Values(HooksCase{"fake",
                                                     [] { return std::make_unique<FakeHarness>(); }}));
INSTANTIATE_TEST_SUITE_P(Real, HooksContract,
                         ::testing::Values(HooksCase{"real",
                                                     [] { return std::make_unique<RealHarness>(); }}));

}  // namespace
}  // namespace maand::testing
