// The real age: what it opens, what it does not and why, and what is remembered of it.
#include "gitsource/age_opener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "reconciler/core/git_secrets.h"
#include "tests/support/temp_dir.h"

namespace maand {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using State = AgeResult::State;

const JobName kApi("api");

class AgeTest : public testing::Test {
 protected:
  fs::path identity(const std::string& name = "age.key") const { return directory_.path() / name; }
  std::string made(const std::string& name = "age.key") {
    const AgeResult made = age_make_identity(identity(name));
    EXPECT_EQ(made.state, State::kDone) << made.problem;
    return made.text;
  }
  static std::string sealed(const std::vector<std::string>& recipients, const std::string& value,
                            const std::string& key = "token") {
    const AgeResult out = age_encrypt(recipients, bound_secret(kApi, key, value));
    EXPECT_EQ(out.state, State::kDone) << out.problem;
    return out.text;
  }
  TempDir directory_;
};

TEST_F(AgeTest, AnIdentityIsPrivateAndNeverReplaced) {
  const std::string recipient = made();
  Diagnostics found;
  EXPECT_EQ(parse_recipients(recipient, "f", found).size(), 1u);
  struct stat info {};
  ASSERT_EQ(::stat(identity().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(made(), recipient);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1);
}

TEST_F(AgeTest, WhatIsEncryptedForAKeyOpensWithItAlone) {
  const std::string recipient = made();
  const std::string other = made("other.key");
  const std::string value = "two\nlines\n" + std::string(1000, 'x') + std::string("\0\xff", 2);
  const std::string both = sealed({other, recipient}, value);
  Diagnostics found;
  EXPECT_EQ(parse_sealed_secrets("token = \"\"\"\n" + both + "\"\"\"", "f", found).size(), 1u);
  EXPECT_TRUE(found.all().empty());
  for (const char* name : {"age.key", "other.key"}) {
    const RevealedSecret opened = make_age_opener(identity(name))->open(kApi, "token", both);
    EXPECT_EQ(opened.text, value) << opened.problem;
  }
  EXPECT_EQ(age_decrypt(identity(), sealed({other}, value)).state, State::kWrongKey);
}

TEST_F(AgeTest, WhatDoesNotOpenSaysWhyAndNothingOfTheValue) {
  const std::string recipient = made();
  const std::string good = sealed({recipient}, "hunter2");
  std::string damaged = good;
  damaged[damaged.size() - 60] = damaged[damaged.size() - 60] == 'A' ? 'B' : 'A';
  std::ofstream(identity("empty.key")) << "";
  std::ofstream(identity("none.key")) << "hunter2\n";
  fs::copy_file(identity(), identity("open.key"));
  ASSERT_EQ(::chmod(identity("open.key").c_str(), 0644), 0);
  for (const char* name : {"empty.key", "none.key"}) ASSERT_EQ(::chmod(identity(name).c_str(), 0600), 0);
  const struct {
    const char* what;
    std::string identity, text;
    State state;
    std::string says;
  } table[] = {
      {"damaged", "age.key", damaged, State::kBadInput, "is damaged"},
      {"something else", "age.key", "hunter2", State::kBadInput, "no file of age"},
      {"dressed up", "age.key",
       "-----BEGIN AGE ENCRYPTED FILE-----\naHVudGVyMg==\n-----END AGE ENCRYPTED FILE-----\n",
       State::kBadInput, "no file of age"},
      {"the key is missing", "lost.key", good, State::kNoIdentity, "put the bucket's key back"},
      {"the key is everybody's", "open.key", good, State::kNoIdentity, "chmod 600"},
      {"the key is empty", "empty.key", good, State::kNoIdentity, "holds no private key"},
      {"the key is none", "none.key", good, State::kNoIdentity, "holds no private key"},
  };
  for (const auto& row : table) {
    const AgeResult result = age_decrypt(identity(row.identity), row.text);
    EXPECT_EQ(result.state, row.state) << row.what;
    EXPECT_THAT(result.problem, HasSubstr(row.says)) << row.what;
    EXPECT_EQ(result.problem.find("hunter2"), std::string::npos) << row.what;
    EXPECT_EQ(result.text, "") << row.what;
  }
  const AgeResult nobody = age_encrypt({"age1nobody"}, "hunter2");
  EXPECT_EQ(nobody.state, State::kBadInput);
  EXPECT_EQ(nobody.problem.find("hunter2"), std::string::npos);
}

TEST_F(AgeTest, AValueOfAnotherJobOrKeyIsNotRead) {
  const std::string token = sealed({made()}, "hunter2");
  const auto opener = make_age_opener(identity());
  EXPECT_EQ(opener->open(kApi, "token", token).text, "hunter2");
  const struct {
    const char *job, *key, *says;
  } rows[] = {{"mallory", "token", "for job `api`, and opens for no other"},
              {"renamed", "token", "in a checkout from before, `maand secrets edit api` shows its value"},
              {"api", "other", "for the key `token`, and opens for no other"}};
  for (const auto& row : rows) {
    const RevealedSecret opened = opener->open(JobName(row.job), row.key, token);
    EXPECT_EQ(opened.state, RevealedSecret::State::kBadFormat);
    EXPECT_THAT(opened.problem, HasSubstr(row.says));
    EXPECT_THAT(opened.problem, HasSubstr("`maand secrets set " + std::string(row.job)));
    EXPECT_EQ(opened.text, "");
  }
}

TEST(AgeOpener, EachIsOpenedOnceAndTroubleOfAllIsBelievedForAWhile) {
  int calls = 0;
  AgeResult answer{State::kDone, bound_secret(kApi, "token", "v"), ""};
  TempDir directory;
  const fs::path identity = directory.path() / "age.key";
  std::ofstream(identity) << "first";
  const auto opener = make_age_opener(identity, [&](const fs::path&, const std::string&) {
    ++calls;
    return answer;
  });
  Job job;
  job.name = kApi;
  job.sealed_secrets = {{"token", "sealed"}};
  opener->open_ahead(job);
  EXPECT_EQ(opener->open(kApi, "token", "sealed").text, "v");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(opener->open(kApi, "token", "sealed anew").text, "v");
  EXPECT_EQ(calls, 2);

  answer = {State::kWrongKey, "", "for another key"};
  EXPECT_EQ(opener->open(kApi, "token", "third").problem, "for another key");
  EXPECT_EQ(opener->open(kApi, "token", "fourth").problem, "for another key");
  EXPECT_EQ(opener->open(kApi, "token", "third").problem, "for another key");
  EXPECT_EQ(calls, 4) << "with this key it never opens";
  std::ofstream(identity) << "another one";
  EXPECT_EQ(opener->open(kApi, "token", "third").problem, "for another key");
  EXPECT_EQ(calls, 5);

  answer = {State::kNoProgram, "", "not installed"};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(opener->open(kApi, "token", "fifth").problem, "not installed");
  EXPECT_EQ(calls, 6);
  std::ofstream(identity) << "and one more";
  opener->open(kApi, "token", "fifth");
  EXPECT_EQ(calls, 7) << "another key is tried at once";
  EXPECT_EQ(opener->open(kApi, "token", "sealed").text, "v") << "what was opened stays open";
}

}  // namespace
}  // namespace maand
