// What each provider's documented answers mean, and what is told and what is not told again.
#include "reconciler/core/forge/answer.h"

#include <gtest/gtest.h>

#include "reconciler/core/forge/told_states.h"

namespace maand::testing {
namespace {

using F = ForgeProvider;
using Kind = ForgeVerdict::Kind;
using std::chrono::seconds;

const WallTime kNow{seconds(1'800'000'000)};

ForgeVerdict read(F provider, const char* asked, int status, const std::string& body,
                  std::map<std::string, std::string> headers = {}) {
  return read_status_answer(provider, asked, {status, std::move(headers), body}, kNow);
}

TEST(ForgeAnswer, OnlyAStoredStatusIsTaken) {
  const struct {
    F provider;
    const char* asked;
    int status;
    const char* body;
    Kind kind;
    const char* said;
  } table[] = {
      {F::kGithub, "success", 201, R"({"id":1,"state":"success","description":"x","context":"maand/prod"})",
       Kind::kTaken, ""},
      {F::kGitlab, "pending", 201, R"({"id":93,"sha":"1","ref":null,"status":"pending","name":"maand/prod"})",
       Kind::kTaken, ""},
      {F::kGitea, "warning", 201, R"({"id":5,"status":"warning","context":"maand/prod"})", Kind::kTaken, ""},
      {F::kBitbucket, "STOPPED", 201, R"({"key":"maand/prod","state":"STOPPED","type":"build"})",
       Kind::kTaken, ""},
      {F::kBitbucket, "FAILED", 200, R"({"key":"maand/prod","state":"FAILED"})", Kind::kTaken, ""},
      {F::kBitbucketServer, "SUCCESSFUL", 204, "", Kind::kTaken, ""},
      // A page for logging in, a proxy's greeting, a page of the host itself.
      {F::kGitlab, "success", 200, "<html>Sign in</html>", Kind::kDenied, "commit_status_url"},
      {F::kGithub, "success", 200, "{}", Kind::kDenied, "commit_status_url"},
      {F::kGithub, "success", 204, "", Kind::kDenied, "commit_status_url"},
      {F::kGithub, "success", 201, R"({"state":"pending"})", Kind::kRefused, "has stored \"pending\""},
      // GitLab's way to say that it is so already.
      {F::kGitlab, "pending", 400,
       R"j({"message":"Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")"})j",
       Kind::kAlready, ""},
      {F::kGitlab, "pending", 400, R"({"message":"Cannot transition status via :enqueue from :running"})",
       Kind::kAlready, ""},
      {F::kGitlab, "success", 400, R"({"message":"Cannot transition status via :succeed from :pending"})",
       Kind::kRefused, "Cannot transition"},
      {F::kGitlab, "success", 400, R"({"message":{"name":["is too long"],"ref":["is invalid"]}})",
       Kind::kRefused, "name is too long, ref is invalid"},
      // flux: a 422 taken as sent.
      {F::kGithub, "success", 422,
       R"({"message":"Validation Failed","errors":[{"resource":"Status","message":"This SHA and context has reached the maximum number of statuses."}]})",
       Kind::kRefused, "Validation Failed: This SHA and context has reached"},
      {F::kGithub, "success", 422, R"({"message":"No commit found for SHA: 0123"})", Kind::kRefused,
       "No commit found"},
      {F::kGithub, "success", 401, R"({"message":"Bad credentials","documentation_url":"https://x"})",
       Kind::kDenied, "commit_status_token_file"},
      {F::kGithub, "success", 403, R"({"message":"Resource not accessible by personal access token"})",
       Kind::kDenied, "Commit statuses: read and write"},
      {F::kGithub, "success", 404, R"({"message":"Not Found"})", Kind::kDenied, "commit_status_repository"},
      {F::kGitlab, "success", 401, R"({"message":"401 Unauthorized"})", Kind::kDenied, "is not valid there"},
      {F::kGitlab, "success", 403,
       R"({"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api"})",
       Kind::kDenied,
       "higher privileges than provided by the access token.\" to a commit status: the token may "
       "not do this; it needs the scope api"},
      {F::kGitlab, "success", 404, R"({"message":"404 Project Not Found"})", Kind::kDenied,
       "Project Not Found"},
      {F::kGitea, "success", 403, R"j({"message":"token does not have at least one of required scope(s)"})j",
       Kind::kDenied, "repository: read and write"},
      {F::kGitea, "success", 404, R"({"errors":null,"message":"not found"})", Kind::kDenied, "not found"},
      {F::kBitbucket, "FAILED", 400,
       R"({"type":"error","error":{"message":"Bad request","fields":{"url":["required"]}}})", Kind::kRefused,
       "Bad request"},
      {F::kBitbucket, "FAILED", 403, R"({"type":"error","error":{"message":"Access denied."}})",
       Kind::kDenied, "write:repository"},
      {F::kBitbucketServer, "FAILED", 401,
       R"({"errors":[{"context":null,"message":"Authentication failed.","exceptionName":"x"}]})",
       Kind::kDenied, "Authentication failed."},
      {F::kGithub, "success", 301, "", Kind::kDenied, "renamed"},
      {F::kGithub, "success", 500, "<html>", Kind::kLater, "answered 500 to"},
      {F::kGithub, "success", 503, "", Kind::kLater, "answered 503 to"},
      {F::kGithub, "success", 408, "", Kind::kLater, "408"},
      {F::kGithub, "success", 418, "", Kind::kRefused, "418"},
      {F::kGithub, "success", 0, "", Kind::kLater, "gave no answer"},
  };
  for (const auto& row : table) {
    const ForgeVerdict verdict = read(row.provider, row.asked, row.status, row.body);
    EXPECT_EQ(verdict.kind, row.kind) << row.status << row.body << verdict.sentence;
    EXPECT_NE(verdict.sentence.find(row.said), std::string::npos) << row.body << verdict.sentence;
    EXPECT_EQ(verdict.sentence.empty(), row.kind == Kind::kTaken || row.kind == Kind::kAlready);
  }
}

TEST(ForgeAnswer, ALimitIsHonoured) {
  const std::string limited = R"({"message":"API rate limit exceeded for user ID 1."})";
  const struct {
    int status;
    std::string body;
    std::map<std::string, std::string> headers;
    seconds wait;
  } table[] = {
      {429, "", {{"retry-after", "17"}}, seconds(17)},
      {403, limited, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1800000120"}}, seconds(120)},
      {403, limited, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1799999999"}}, seconds(1)},
      {403, limited, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1900000000"}}, seconds(3600)},
      {403, R"({"message":"You have exceeded a secondary rate limit."})", {}, seconds(60)},
      {403, "", {{"retry-after", "30"}}, seconds(30)},
      {429, "", {{"ratelimit-remaining", "0"}, {"ratelimit-reset", "1800000030"}}, seconds(30)},
      {429, "", {{"retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"}}, seconds(60)},
      {503, "", {{"retry-after", "5"}}, seconds(5)},
      {500, "", {}, seconds(0)},
  };
  for (const auto& row : table) {
    const ForgeVerdict verdict = read(F::kGithub, "success", row.status, row.body, row.headers);
    EXPECT_EQ(verdict.kind, Kind::kLater) << row.status << verdict.sentence;
    EXPECT_EQ(verdict.wait, row.wait) << row.status << verdict.sentence;
  }
  // Much left: it is the right that is missing.
  EXPECT_EQ(
      read(F::kGithub, "success", 403, "{}", {{"x-ratelimit-remaining", "4999"}, {"x-ratelimit-reset", "1"}})
          .kind,
      Kind::kDenied);
}

TEST(ForgeAnswer, AComplaintIsShownSafely) {
  EXPECT_EQ(complaint_of(R"({"message":"a\u001b[31mb"})"), "a\\x1b[31mb");
  EXPECT_EQ(complaint_of("not JSON"), "");
  EXPECT_EQ(complaint_of("[1]"), "");
  EXPECT_EQ(complaint_of(R"({"message":7,"error":"nope"})"), "nope");
  EXPECT_LE(complaint_of(R"({"message":")" + std::string(5000, 'x') + "\"}").size(), 200u);
}

TEST(ToldStates, PendingOnceThenEndsAndNoneTwice) {
  using P = PassState;
  const CommitId a("a");
  const struct {
    std::vector<P> said;
    std::vector<P> told;
  } table[] = {
      {{P::kPending, P::kApplying, P::kApplied, P::kApplied}, {P::kPending, P::kApplied}},
      {{P::kApplied}, {P::kApplied}},
      {{P::kApplying, P::kDegraded, P::kApplying, P::kDegraded, P::kApplied},
       {P::kPending, P::kDegraded, P::kApplied}},
      {{P::kPending, P::kHeld, P::kApplied}, {P::kPending, P::kHeld, P::kApplied}},
      {{P::kPending, P::kSuperseded, P::kPending}, {P::kPending, P::kSuperseded}},
      {{P::kRefused, P::kRefused}, {P::kRefused}},
      {{P::kPending, P::kRolledBack}, {P::kPending, P::kRolledBack}},
      {{P::kApplied, P::kApplying, P::kApplied}, {P::kApplied}},
      {{P::kApplied, P::kApplying, P::kDegraded}, {P::kApplied, P::kDegraded}},
  };
  for (const auto& row : table) {
    std::string kept;
    std::vector<P> told;
    for (const P state : row.said) {
      ToldStates states = ToldStates::parse(kept);  // as if the daemon was started anew each time
      if (const auto news = states.news(a, state)) {
        told.push_back(*news);
        states.put(a, *news);
      }
      kept = states.str();
    }
    EXPECT_EQ(told, row.told);
  }
}

TEST(ToldStates, AreOfEachCommitAndBounded) {
  ToldStates states;
  states.put(CommitId("a"), PassState::kApplied);
  EXPECT_EQ(states.news(CommitId("b"), PassState::kApplying), PassState::kPending);
  for (std::size_t i = 0; i < ToldStates::kMost; ++i)
    states.put(CommitId("c" + std::to_string(i)), PassState::kApplied);
  EXPECT_EQ(states.news(CommitId("a"), PassState::kApplied), PassState::kApplied);
  EXPECT_EQ(ToldStates::parse("\n x\nc  \nd applied\ne nonsense\nf held").str(), "d applied\nf held\n");
}

}  // namespace
}  // namespace maand::testing
