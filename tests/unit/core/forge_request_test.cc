// Which repository it is at the host, and the request that tells a state there, for every provider.
#include "reconciler/core/forge/request.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reconciler/core/forge/repository.h"

namespace maand::testing {
namespace {

using F = ForgeProvider;
const CommitId kCommit("0123456789abcdef0123456789abcdef01234567");

std::string located(F provider, const char* git_url, const char* base = "", const char* path = "") {
  const LocatedRepository found = locate_repository(provider, git_url, base, path);
  return found.problem.empty() ? found.repository.api + " | " + found.repository.path : found.problem;
}

TEST(ForgeRepository, FollowsFromTheUrlItIsFetchedFrom) {
  const struct {
    F provider;
    const char* git_url;
    const char* expected;
  } table[] = {
      {F::kGithub, "https://github.com/acme/fleet.git", "https://api.github.com | acme/fleet"},
      {F::kGithub, "https://github.com/acme/fleet/", "https://api.github.com | acme/fleet"},
      {F::kGithub, "git@github.com:acme/fleet.git", "https://api.github.com | acme/fleet"},
      {F::kGithub, "ssh://git@ssh.github.com:443/acme/fleet.git", "https://api.github.com | acme/fleet"},
      {F::kGithub, "https://git.example.com:8443/acme/fleet.git",
       "https://git.example.com:8443/api/v3 | acme/fleet"},
      {F::kGitlab, "git@gitlab.com:acme/ops/infra/fleet.git",
       "https://gitlab.com/api/v4 | acme/ops/infra/fleet"},
      // The port of ssh says nothing of the one of https.
      {F::kGitlab, "ssh://git@git.example.com:2222/acme/ops/fleet.git",
       "https://git.example.com/api/v4 | acme/ops/fleet"},
      {F::kGitlab, "ssh://git@altssh.gitlab.com:443/acme/fleet", "https://gitlab.com/api/v4 | acme/fleet"},
      {F::kGitea, "https://Codeberg.org/acme/fleet.git", "https://codeberg.org/api/v1 | acme/fleet"},
      {F::kGitea, "http://127.0.0.1:3000/acme/fleet.git", "http://127.0.0.1:3000/api/v1 | acme/fleet"},
      {F::kGitea, "http://[::1]:3000/acme/fleet.git", "http://[::1]:3000/api/v1 | acme/fleet"},
      {F::kBitbucket, "git@bitbucket.org:acme/fleet.git", "https://api.bitbucket.org/2.0 | acme/fleet"},
      {F::kBitbucketServer, "https://git.example.com/scm/OPS/fleet.git",
       "https://git.example.com/rest | OPS/fleet"},
      {F::kBitbucketServer, "https://example.com/bitbucket/scm/~ann/fleet.git",
       "https://example.com/bitbucket/rest | ~ann/fleet"},
      {F::kBitbucketServer, "ssh://git@git.example.com:7999/ops/fleet.git",
       "https://git.example.com/rest | ops/fleet"},
  };
  for (const auto& row : table) EXPECT_EQ(located(row.provider, row.git_url), row.expected) << row.git_url;
}

TEST(ForgeRepository, IsWhatTheConfigurationSays) {
  const struct {
    F provider;
    const char* git_url;
    const char* base;
    const char* path;
    const char* expected;
  } table[] = {
      {F::kGithub, "/srv/mirror.git", "https://github.com", "acme/fleet",
       "https://api.github.com | acme/fleet"},
      {F::kGithub, "git@a:b/c", "https://git.example.com/", "", "https://git.example.com/api/v3 | b/c"},
      {F::kGithub, "git@a:b/c", "https://git.example.com/api/v3", "", "https://git.example.com/api/v3 | b/c"},
      {F::kGithub, "git@a:b/c", "https://api.acme.ghe.com", "", "https://api.acme.ghe.com | b/c"},
      {F::kGitlab, "git@a:b/c", "https://example.com/gitlab", "x/y/z.git",
       "https://example.com/gitlab/api/v4 | x/y/z"},
      {F::kGitlab, "git@a:b/c", "https://example.com/gitlab/api/v4/", "",
       "https://example.com/gitlab/api/v4 | b/c"},
      {F::kGitea, "git@a:b/c", "http://localhost:3000", "", "http://localhost:3000/api/v1 | b/c"},
      {F::kBitbucket, "git@a:b/c", "https://api.bitbucket.org/2.0", "",
       "https://api.bitbucket.org/2.0 | b/c"},
      {F::kBitbucketServer, "git@a:b/c", "https://example.com/bitbucket", "OPS/c",
       "https://example.com/bitbucket/rest | OPS/c"},
  };
  for (const auto& row : table)
    EXPECT_EQ(located(row.provider, row.git_url, row.base, row.path), row.expected) << row.base;
}

TEST(ForgeRepository, WhatIsMissingIsNamedWithTheKeyThatGivesIt) {
  const struct {
    F provider;
    const char* git_url;
    const char* base;
    const char* path;
    const char* said;
  } table[] = {
      {F::kGithub, "/srv/mirror.git", "", "", "commit_status_url"},
      {F::kGithub, "file:///srv/mirror.git", "", "acme/fleet", "commit_status_url"},
      {F::kGithub, "/srv/mirror.git", "https://github.com", "", "commit_status_repository as \"owner/name\""},
      {F::kGithub, "https://github.com/acme/group/fleet", "", "", "commit_status_repository"},
      {F::kGithub, "https://github.com/fleet", "", "", "commit_status_repository"},
      {F::kGitlab, "https://gitlab.com/acme/../fleet", "", "", "\"group/name\", with all groups"},
      {F::kGithub, "git@a:b/c", "", "a//b", "commit_status_repository is not what"},
      {F::kGitea, "git@a:b/c", "git.example.com", "", "is no address"},
      {F::kGitea, "git@a:b/c", "https://me:pw@git.example.com", "", "is no address"},
      {F::kGitea, "git@a:b/c", "https://", "", "is no address"},
      {F::kGitea, "git@a:b/c", "https://git.example.com/?x", "", "is no address"},
      {F::kGitea, "git@a:b/c", "http://git.example.com", "", "in the clear"},
      {F::kGitea, "git@a:b/c", "http://127.evil.example", "", "in the clear"},
      {F::kGitea, "http://git.example.com/a/b", "", "", "in the clear"},
  };
  for (const auto& row : table) {
    const std::string found = located(row.provider, row.git_url, row.base, row.path);
    EXPECT_NE(found.find(row.said), std::string::npos) << row.git_url << " " << row.base << ": " << found;
  }
}

TEST(ForgeRepository, ARefLeadsToItsRequest) {
  EXPECT_EQ(change_number(F::kGithub, "refs/pull/17/head"), 17u);
  EXPECT_EQ(change_number(F::kGitea, "refs/pull/17/head"), 17u);
  EXPECT_EQ(change_number(F::kGitlab, "refs/merge-requests/17/head"), 17u);
  EXPECT_EQ(change_number(F::kBitbucketServer, "refs/pull-requests/17/from"), 17u);
  for (const char* none :
       {"refs/heads/main", "refs/pull/", "refs/pull/x/head", "refs/pull/17", "refs/pull/-1/head",
        "refs/pull/99999999999999999999/head", "refs/merge-requests/17/head", ""})
    EXPECT_EQ(change_number(F::kGithub, none), 0u) << none;
  EXPECT_EQ(change_number(F::kBitbucket, "refs/pull/17/head"), 0u);
}

std::string text(const ForgeRequest& request) {
  std::string out = request.method + " " + request.url + "\n";
  for (const auto& [name, value] : request.headers) {
    if (name != "User-Agent" && name != "Content-Type") out += name + ": " + value + "\n";
  }
  return out + request.body;
}

ForgeRepository repository(F provider, const char* git_url) {
  return locate_repository(provider, git_url, "", "").repository;
}

// As the providers document it.
TEST(StatusRequest, IsWhatEachProviderDocuments) {
  ForgeStatus status{
      kCommit, PassState::kApplied, "maand/prod", "applied: 2 restarted", "https://maand.example", "main"};
  const std::string sha = kCommit.str();
  EXPECT_EQ(text(status_request(repository(F::kGithub, "git@github.com:acme/fleet"), status, "tok")),
            "POST https://api.github.com/repos/acme/fleet/statuses/" + sha +
                "\nAccept: application/vnd.github+json\nX-GitHub-Api-Version: 2022-11-28\nAuthorization: "
                "Bearer tok\n"
                R"({"state":"success","context":"maand/prod","target_url":"https://maand.example",)"
                R"("description":"applied: 2 restarted"})");
  EXPECT_EQ(text(status_request(repository(F::kGitlab, "git@gitlab.com:acme/ops/fleet"), status, "tok")),
            "POST https://gitlab.com/api/v4/projects/acme%2Fops%2Ffleet/statuses/" + sha +
                "\nAccept: application/json\nPRIVATE-TOKEN: tok\n"
                R"({"state":"success","name":"maand/prod","ref":"main","target_url":"https://maand.example",)"
                R"("description":"applied: 2 restarted"})");
  EXPECT_EQ(text(status_request(repository(F::kGitea, "git@codeberg.org:acme/fleet"), status, "tok")),
            "POST https://codeberg.org/api/v1/repos/acme/fleet/statuses/" + sha +
                "\nAccept: application/json\nAuthorization: token tok\n"
                R"({"state":"success","context":"maand/prod","target_url":"https://maand.example",)"
                R"("description":"applied: 2 restarted"})");
  EXPECT_EQ(
      text(status_request(repository(F::kBitbucket, "git@bitbucket.org:acme/fleet"), status, "tok")),
      "POST https://api.bitbucket.org/2.0/repositories/acme/fleet/commit/" + sha +
          "/statuses/build\nAccept: application/json\nAuthorization: Bearer tok\n"
          R"({"state":"SUCCESSFUL","key":"maand/prod","name":"maand/prod","url":"https://maand.example",)"
          R"("description":"applied: 2 restarted"})");
  EXPECT_EQ(
      text(status_request(repository(F::kBitbucketServer, "https://git.example.com/scm/OPS/fleet.git"),
                          status, "tok")),
      "POST https://git.example.com/rest/build-status/1.0/commits/" + sha +
          "\nAccept: application/json\nAuthorization: Bearer tok\n"
          R"({"state":"SUCCESSFUL","key":"maand/prod","name":"maand/prod","url":"https://maand.example",)"
          R"("description":"applied: 2 restarted"})");
}

TEST(StatusRequest, AppliedAloneIsSuccess) {
  using P = PassState;
  const struct {
    P state;
    const char* words[5];  // in the order of kForgeProviders
  } table[] = {
      {P::kPending, {"pending", "pending", "pending", "INPROGRESS", "INPROGRESS"}},
      {P::kApplying, {"pending", "pending", "pending", "INPROGRESS", "INPROGRESS"}},
      {P::kApplied, {"success", "success", "success", "SUCCESSFUL", "SUCCESSFUL"}},
      {P::kDegraded, {"failure", "failed", "failure", "FAILED", "FAILED"}},
      {P::kHeld, {"error", "failed", "error", "FAILED", "FAILED"}},
      {P::kRefused, {"failure", "failed", "failure", "FAILED", "FAILED"}},
      {P::kSuperseded, {"error", "canceled", "warning", "STOPPED", "FAILED"}},
      {P::kRolledBack, {"failure", "failed", "failure", "FAILED", "FAILED"}},
  };
  for (const auto& row : table) {
    for (std::size_t i = 0; i < kForgeProviders.size(); ++i)
      EXPECT_STREQ(state_word(kForgeProviders[i], row.state), row.words[i]) << to_string(row.state) << i;
  }
}

TEST(StatusRequest, ALongDescriptionIsCutToWhatTheProviderTakes) {
  for (const F provider : kForgeProviders) {
    ForgeStatus status{kCommit, PassState::kHeld, "maand/prod", "", "", ""};
    for (int i = 0; i < 200; ++i) status.description += "ä";
    status.description += "\x01\xff";
    const ForgeRequest request =
        status_request({provider, "https://git.example.com/api", "a/b"}, status, "tok");
    const std::string begin = "\"description\":\"";
    const std::size_t at = request.body.find(begin) + begin.size();
    const std::string description = request.body.substr(at, request.body.rfind('"') - at);
    EXPECT_LE(description.size(), most_description_bytes(provider)) << to_string(provider);
    EXPECT_TRUE(description.ends_with("…")) << description;
  }
}

TEST(StatusRequest, BitbucketGetsAKeyThatFitsAndAnAddress) {
  const ForgeRepository cloud = repository(F::kBitbucket, "git@bitbucket.org:acme/fleet");
  const std::string first(60, 'a');
  EXPECT_EQ(bitbucket_key("maand/prod"), "maand/prod");
  EXPECT_LE(bitbucket_key(first).size(), 40u);
  EXPECT_NE(bitbucket_key(first), bitbucket_key(first + "b"));
  const ForgeRequest request =
      status_request(cloud, {kCommit, PassState::kHeld, first, "held", "", ""}, "ann:pw");
  EXPECT_NE(request.body.find("\"url\":\"https://bitbucket.org/acme/fleet/commits/" + kCommit.str() + "\""),
            std::string::npos)
      << request.body;
  EXPECT_EQ(request.headers.back().second, "Basic YW5uOnB3");
}

TEST(StatusRequest, APageOfTheCommitIsKnownForEveryProvider) {
  EXPECT_EQ(commit_page(repository(F::kGithub, "git@github.com:a/b"), "c"),
            "https://github.com/a/b/commit/c");
  EXPECT_EQ(commit_page(repository(F::kGithub, "git@git.example.com:a/b"), "c"),
            "https://git.example.com/a/b/commit/c");
  EXPECT_EQ(commit_page(repository(F::kGitlab, "git@gitlab.com:a/g/b"), "c"),
            "https://gitlab.com/a/g/b/-/commit/c");
  EXPECT_EQ(commit_page(repository(F::kGitea, "git@codeberg.org:a/b"), "c"),
            "https://codeberg.org/a/b/commit/c");
  EXPECT_EQ(commit_page(repository(F::kBitbucketServer, "https://x.example/bb/scm/OPS/b.git"), "c"),
            "https://x.example/bb/projects/OPS/repos/b/commits/c");
}

}  // namespace
}  // namespace maand::testing
