// Secrets in git: what the file may hold, who may read a value, and what holds a job.
#include "reconciler/core/git_secrets.h"

#include <gtest/gtest.h>

#include "tests/support/desire.h"
#include "tests/support/fake_file_view.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

using testing::FakeFileView;
using State = RevealedSecret::State;

std::string armor(const std::string& inside) {
  return "-----BEGIN AGE ENCRYPTED FILE-----\n" + inside + "\n-----END AGE ENCRYPTED FILE-----";
}
std::string entry(const std::string& key, const std::string& value) {
  return key + " = \"\"\"\n" + value + "\n\"\"\"\n";
}

std::string told(const std::string& text) {
  Diagnostics found;
  parse_sealed_secrets(text, "jobs/api/secrets.age.toml", found);
  std::string out;
  for (const Diagnostic& one : found.all()) {
    EXPECT_FALSE(one.advice.empty());
    out += (out.empty() ? "" : "; ") + one.field + ": " + one.message;
  }
  return out;
}

TEST(GitSecrets, OnlyEncryptedValuesAreTakenAndNoneIsShown) {
  const std::string good = armor("YWdlLWVuY3J5cHRpb24=");
  const struct {
    const char* what;
    std::string text;
    std::string says;
  } table[] = {
      {"nothing", "", ""},
      {"two", entry("a", good) + entry("b-2_c", good), ""},
      {"a quoted key", entry("\"a.b\"", good), ""},
      {"Windows line ends", "a = \"\"\"\r\n" + good + "\r\n\"\"\"\r\n", ""},
      {"a value in the clear", "password = \"hunter2\"", "password: is not encrypted"},
      {"in the clear, dressed up", entry("password", armor("hunter2 hunter2")), "password: is not encrypted"},
      {"cut off", entry("a", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl"), "a: is not encrypted"},
      {"no text", "a = 7", "a: must be text"},
      {"a table", "[a]\nb = \"" + std::string("x") + "\"", "a: must be text"},
      {"a strange key", entry("\"a b\"", good), "a b: is no name of a secret"},
      {"no TOML", "a = hunter2", ": line 1, column 5: is no TOML"},
  };
  for (const auto& row : table) {
    const std::string says = told(row.text);
    EXPECT_EQ(says, row.says) << row.what;
    EXPECT_EQ(says.find("hunter2"), std::string::npos) << row.what;
  }
  std::string many;
  for (std::size_t i = 0; i <= kMaxGitSecrets; ++i) many += entry("k" + std::to_string(i), good);
  EXPECT_NE(told(many).find("more than 200"), std::string::npos);
}

TEST(GitSecrets, WhatIsWrittenIsReadBack) {
  const std::map<std::string, std::string> sealed = {{"a", armor("YQ==")}, {"b.c", armor("Yg==\nYw==")}};
  Diagnostics found;
  std::map<std::string, std::string> back = parse_sealed_secrets(sealed_secrets_text(sealed), "f", found);
  EXPECT_TRUE(found.all().empty());
  for (auto& [key, value] : back) EXPECT_EQ(value, sealed.at(key) + "\n") << key;
  EXPECT_EQ(back.size(), sealed.size());
  EXPECT_EQ(sealed_secrets_text(back), sealed_secrets_text(sealed)) << "no change, no diff";
}

TEST(GitSecrets, AValueBelongsToItsJobAndKey) {
  const JobName api("api");
  const std::string bound = bound_secret(api, "token", "a\nb\n");
  EXPECT_EQ(unbound_secret(api, "token", bound), "a\nb\n");
  EXPECT_EQ(unbound_secret(api, "other", bound), std::nullopt);
  EXPECT_EQ(unbound_secret(JobName("ap"), "token", bound), std::nullopt);
  EXPECT_EQ(unbound_secret(JobName("mallory"), "token", bound), std::nullopt);
  EXPECT_EQ(unbound_secret(api, "token", "hunter2"), std::nullopt);
  EXPECT_EQ(unbound_secret(api, "token", ""), std::nullopt);
  const auto owner = owner_of_secret(bound);
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->job + " " + owner->key, "api token");
  for (const char* text : {"", "hunter2", "hunter2 a b\n", "maand-secret api token", "maand-secret api\n",
                           "maand-secret A\x1b[31m token\nx", "maand-secret api to ken\nx"})
    EXPECT_FALSE(owner_of_secret(text)) << text;
}

TEST(GitSecrets, ARecipientsFileHoldsPublicKeysAlone) {
  const std::string key = "age1grjcpm4mwssl2cl8up0zk0hm5t5v2tc0qcnpm5wpg66ch7k5qstqnez7rt";
  const struct {
    std::string text;
    std::size_t keys;
    std::string says;
  } table[] = {
      {"", 0, ""},
      {"# nobody\n\n", 0, ""},
      {key, 1, ""},
      {key + "  # prod\n" + key + "\r\n", 1, ""},
      {"AGE-SECRET-KEY-1QQQ\n" + key, 1, "line 1: is no public key of age"},
      {"# x\n--output=/etc/passwd\n", 0, "line 2: is no public key of age"},
  };
  for (const auto& row : table) {
    Diagnostics found;
    EXPECT_EQ(parse_recipients(row.text, "age.recipients", found).size(), row.keys) << row.text;
    EXPECT_EQ(found.all().empty() ? "" : found.all()[0].message, row.says);
  }
}

// A workspace whose job `api` reads its secret `token`, which is in git.
FakeFileView workspace(const std::string& sealed = "b3Blbg==") {
  FakeFileView view;
  view.file("workers.json", R"([{"host": "w1"}])");
  for (const char* job : {"api", "other"}) {
    view.file(std::string("jobs/") + job + "/manifest.json",
              R"({"version": "1.0.0", "selectors": ["worker"]})");
    view.file(std::string("jobs/") + job + "/Makefile", "start:\n");
  }
  view.file("jobs/api/app.ini.tpl", "token={{getSecret \"token\"}}");
  view.file("jobs/api/secrets.age.toml", entry("token", armor(sealed)));
  return view;
}

// Opens whatever says `open` or `more`, in base64, as its own text.
VariableSources sources() {
  VariableSources out = no_sources();
  out.open = [](const JobName&, const std::string& key, const std::string& sealed) -> RevealedSecret {
    if (sealed.find("b3Blbg==") != std::string::npos) return {State::kOpened, "from git ", ""};
    if (sealed.find("bW9yZQ==") != std::string::npos) return {State::kOpened, "more of git", ""};
    return {State::kWrongKeyOrDamaged, "", "told not to open " + key};
  };
  return out;
}

DesiredState desired_of(const FakeFileView& view, const VariableSources& sources,
                        const AppliedState& applied = {}, const std::map<JobName, KeptJob>& kept = {}) {
  const Workspace loaded = load_workspace(view, "", {});
  EXPECT_FALSE(loaded.refused());
  return desire(CommitId("head"), loaded, applied, kept, sources);
}

const DesiredJob& api_of(const DesiredState& desired) { return desired.jobs.at(JobName("api")); }

std::string text_of(const DesiredState& desired) {
  for (const ShippedFile& file : api_of(desired).content(0).files->files) {
    if (file.text) return *file.text;
  }
  return "(nothing rendered)";
}

TEST(GitSecrets, ASecretOfGitIsReadByteByByteAndTheFileIsNotShipped) {
  const DesiredState desired = desired_of(workspace(), sources());
  EXPECT_EQ(text_of(desired), "token=from git ");
  for (const ShippedFile& file : api_of(desired).content(0).files->files) {
    EXPECT_EQ(file.path.find("age"), std::string::npos);
    if (file.text) {
      EXPECT_EQ(file.attributes.permissions, 0640) << "a file with a secret is not for everybody";
    }
  }
}

TEST(GitSecrets, WhatIsInGitGoesBeforeWhatIsStored) {  // as vars.toml does (6.1)
  FakeValues values;
  values.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "stored"},
                {ValueChange::Kind::kPutSecret, "secrets/job/api", "more", "stored as well"}},
               WallTime());
  VariableSources both = sources();
  both.stored = values.snapshot();
  both.reveal = [&](const StoredValue& value) { return values.reveal(value); };
  FakeFileView view = workspace();
  view.file("jobs/api/app.ini.tpl", "{{getSecret \"token\"}}|{{getSecret \"more\"}}");
  EXPECT_EQ(text_of(desired_of(view, both)), "from git |stored as well");
}

TEST(GitSecrets, AnotherValueIsAnotherContentOfWhatReadsIt) {
  const DesiredState before = desired_of(workspace(), sources());
  const DesiredState after = desired_of(workspace("bW9yZQ=="), sources());
  EXPECT_NE(api_of(before).content(0).files, api_of(after).content(0).files);
  EXPECT_EQ(text_of(after), "token=more of git");
  EXPECT_NE(api_of(before).job->tree, api_of(after).job->tree) << "a failed rollout is tried again (R5.3)";
}

TEST(GitSecrets, WhatDoesNotOpenHoldsItsJobAtItsLastGoodContentAndNoOther) {
  AppliedState applied;
  JobRecord& record = applied.jobs[JobName("api")];
  record.target_commit = CommitId("good");
  const Workspace good = load_workspace(workspace(), "", {});
  const std::map<JobName, KeptJob> kept = {
      {JobName("api"), {CommitId("good"), std::make_shared<const Job>(good.jobs.at(JobName("api")))}}};
  const DesiredState desired = desired_of(workspace("Y2xvc2Vk"), sources(), applied, kept);
  EXPECT_TRUE(api_of(desired).held);
  EXPECT_EQ(api_of(desired).held_reason, Reason::kSecretLocked);
  EXPECT_EQ(api_of(desired).held_detail, "jobs/api/secrets.age.toml: token: told not to open token");
  EXPECT_EQ(api_of(desired).commit, CommitId("good"));
  EXPECT_EQ(text_of(desired), "token=from git ");
  EXPECT_FALSE(desired.jobs.at(JobName("other")).held);

  // Neither does the content that is kept, the key having been lost: then nothing is known, and nothing is
  // done.
  VariableSources none = no_sources();
  const DesiredState nothing = desired_of(workspace(), none, applied, kept);
  EXPECT_EQ(api_of(nothing).held_reason, Reason::kSecretLocked);
  EXPECT_EQ(api_of(nothing).job, nullptr);
}

TEST(GitSecrets, AFileThatIsNoneBreaksItsJobAlone) {
  FakeFileView view = workspace();
  view.file("jobs/api/secrets.age.toml", "token = \"hunter2\"");
  const Workspace loaded = load_workspace(view, "", {});
  ASSERT_EQ(loaded.broken.count(JobName("api")), 1u);
  EXPECT_EQ(loaded.jobs.count(JobName("other")), 1u);
  EXPECT_EQ(to_string(loaded.broken.at(JobName("api")).diagnostics.all().at(0)).find("hunter2"),
            std::string::npos);
}

}  // namespace
}  // namespace maand
