// The process that judges a preview is held to its limits, is handed no secret, and is
// believed only as far as what it says can be told.
#include "reconciler/cli/preview_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "reconciler/cli/confinement.h"
#include "tests/support/fake_values.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

using namespace std::chrono_literals;

class Child : public ::testing::Test {
 protected:
  Child() {
    values_.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "hunter2"},
                   {ValueChange::Kind::kPut, "vars/job/api", "color", "blue"}},
                  {});
    task_ = {"refs/pull/7/head",
             CommitId(std::string(40, 'a')),
             CommitId(std::string(40, 'b')),
             CommitId(std::string(40, 'b')),
             values_.snapshot(),
             {{JobName("api"), WorkerHost("w1")}}};
  }
  PreviewVerdict judged_by(const std::string& script, std::chrono::milliseconds timeout = 20s) {
    PreviewChildOptions options;
    options.common.heading.bucket = BucketId("b1");
    options.common.heading.bucket_name = "prod";
    options.timeout = timeout;
    options.command = {"/bin/sh", "-c", script};
    PreviewChild child(options);
    return child.judge(task_);
  }
  // What the script prints as the summary of a verdict.
  std::string said_by(const std::string& script) {
    return judged_by("printf '{\"result\": \"failed\", \"summary\": \"'; { " + script +
                     "; } | tr -d '\\n\"\\\\' | head -c 130; printf '\"}'")
        .summary;
  }

  FakeValues values_;
  PreviewTask task_;
};

TEST_F(Child, GetsTheNameOfASecretAndNoWayToOpenIt) {
  PreviewRequest request;
  request.heading.commit = task_.commit;
  request.values = without_secrets(*task_.values);
  request.hooks_enabled = true;
  const std::string json = to_json(request);
  const StoredValue* sealed = task_.values->find("secrets/job/api", "token").value;
  ASSERT_TRUE(sealed && !sealed->value.empty());
  EXPECT_EQ(json.find(sealed->value), std::string::npos) << "not even the sealed text";
  EXPECT_EQ(json.find("hunter2"), std::string::npos);
  const PreviewRequest read = preview_request_from(json);
  const StoredValue* token = read.values->find("secrets/job/api", "token").value;
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->secret);
  EXPECT_EQ(token->value, "");
  EXPECT_EQ(read.values->find("vars/job/api", "color").value->value, "blue");
  EXPECT_EQ(read.heading.commit, task_.commit);
  EXPECT_TRUE(read.hooks_enabled);
}

TEST_F(Child, SeesNothingOfOurEnvironmentAndHasNoDescriptorButItsThree) {
  ::setenv("SSH_AUTH_SOCK", "/an/agent", 1);
  ::setenv("MAAND_TEST_SECRET", "hunter2", 1);
  // Without what a sanitizer's own settings say: they are let through, and said_by() has little room.
  const std::string environment =
      said_by("cat /proc/self/environ | tr '\\0' '\\n' | grep -v '^[A-Z]*SAN_OPTIONS=' | tr '\\n' ' '");
  EXPECT_EQ(environment.find("agent"), std::string::npos) << environment;
  EXPECT_EQ(environment.find("hunter2"), std::string::npos) << environment;
  EXPECT_NE(environment.find("LC_ALL=C"), std::string::npos) << environment;
  EXPECT_EQ(
      said_by("n=0; while [ $n -lt 64 ]; do [ -e /proc/self/fd/$n ] && printf '%s ' $n; n=$((n + 1)); done"),
      "0 1 2 ");
}

TEST_F(Child, ThatDoesNotEndIsEndedAndThatIsToldInANote) {
  const auto begun = std::chrono::steady_clock::now();
  const PreviewVerdict verdict = judged_by("while :; do :; done", 300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
  EXPECT_EQ(verdict.result, PreviewResult::kFailed);
  EXPECT_NE(verdict.note_text.find("longer than 300 ms (limits.preview_timeout)"), std::string::npos)
      << verdict.note_text;
}

TEST_F(Child, ThatDiesOrFloodsOrTalksNonsenseIsAFailedPreviewAndNothingElse) {
  for (const char* script : {"exit 0", "kill -9 $$", "echo nonsense", "yes", "echo '[]'",
                             "echo '{\"result\": \"changes\", \"note_text\": \"maand prod: applied\"}'",
                             "echo '{\"result\": \"changes\", \"summary\": \"a\\nb\"}'"}) {
    const PreviewVerdict verdict = judged_by(script);
    EXPECT_EQ(verdict.result, PreviewResult::kFailed) << script;
    EXPECT_EQ(verdict.note_text.find("applied"), std::string::npos) << script;
  }
}

// Exit 0: as promised, or the kernel cannot. 1: something could be opened or made all the same.
int confined(const std::filesystem::path& readable, const std::filesystem::path& other) {
  if (!confine_to({readable.string()})) return 0;
  if (!std::ifstream(readable / "file")) return 1;
  const auto denied = [](int fd) { return fd < 0 && errno == EACCES; };
  const bool good = denied(::open((other / "file").c_str(), O_RDONLY)) &&
                    denied(::open((readable / "file").c_str(), O_WRONLY)) &&
                    denied(::open((readable / "new").c_str(), O_WRONLY | O_CREAT, 0600)) &&
                    denied(::open("/etc/passwd", O_RDONLY)) && ::unlink((readable / "file").c_str()) != 0;
  return good ? 0 : 1;
}

TEST(Confinement, LeavesNothingButReadingWhatItNames) {
  const TempDir readable;
  const TempDir other;
  for (const TempDir* one : {&readable, &other}) std::ofstream(one->path() / "file") << "x";
  EXPECT_EXIT(::_exit(confined(readable.path(), other.path())), ::testing::ExitedWithCode(0), "");
}

TEST_F(Child, IsEndedWhenTheDaemonLeaves) {
  PreviewChildOptions options;
  options.command = {"/bin/sh", "-c", "while :; do :; done"};
  PreviewChild child(options);
  child.interrupt();
  EXPECT_EQ(child.judge(task_).summary, "maand is leaving");
}

}  // namespace
}  // namespace maand
