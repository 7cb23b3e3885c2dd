// One comment of ours on a request: made once, edited after that, whoever else writes there.
#include "reconciler/core/forge/comment.h"

#include <gtest/gtest.h>

#include <functional>

#include "reconciler/core/text.h"

namespace maand::testing {
namespace {

using F = ForgeProvider;
using Kind = ForgeVerdict::Kind;
using std::chrono::seconds;

ForgeRepository repository(F provider) { return {provider, "https://git.example.com/api", "acme/fleet"}; }

// Sends what the talk asks for to `host`, at most a hundred times, and tells what was sent.
struct Talked {
  std::vector<std::string> sent;  // `GET /repos/…`
  std::vector<ForgeRequest> requests;
  ForgeVerdict verdict;
};

Talked talk(F provider, const std::string& markdown,
            const std::function<ForgeAnswer(const ForgeRequest&)>& host,
            const std::string& owner = "prod-1") {
  Talked out;
  CommentTalk talk(repository(provider), {7, owner, markdown}, "tok");
  ForgeRequest request = talk.first();
  for (int i = 0; i < 100; ++i) {
    out.sent.push_back(request.method + request.url.substr(repository(provider).api.size()));
    out.requests.push_back(request);
    auto next = talk.next(host(request), WallTime{});
    if (const auto* verdict = std::get_if<ForgeVerdict>(&next)) {
      out.verdict = *verdict;
      return out;
    }
    request = std::get<ForgeRequest>(next);
  }
  ADD_FAILURE() << "the talk has no end";
  return out;
}

std::string marked(F provider) { return comment_marker(provider, "prod-1") + "\\n\\nold plan"; }

TEST(Comment, IsMadeWhereThereIsNone) {
  const struct {
    F provider;
    const char* list;  // an empty one
    std::vector<std::string> sent;
    const char* body;
  } table[] = {
      {F::kGithub,
       "[]",
       {"GET/repos/acme/fleet/issues/7/comments?per_page=50&page=1",
        "POST/repos/acme/fleet/issues/7/comments"},
       R"({"body":"<!-- maand prod=2d1 -->\n\nthe plan"})"},
      {F::kGitlab,
       R"([{"id":3,"body":"assigned to @ann","system":true}])",
       {"GET/projects/acme%2Ffleet/merge_requests/7/notes?sort=asc&order_by=created_at&per_page=50&page=1",
        "POST/projects/acme%2Ffleet/merge_requests/7/notes"},
       R"({"body":"<!-- maand prod=2d1 -->\n\nthe plan"})"},
      {F::kGitea,
       "[]",
       {"GET/repos/acme/fleet/issues/7/comments", "POST/repos/acme/fleet/issues/7/comments"},
       R"({"body":"<!-- maand prod=2d1 -->\n\nthe plan"})"},
      {F::kBitbucketServer,
       R"({"values":[{"id":1,"action":"OPENED"}],"isLastPage":true,"nextPageStart":null})",
       {"GET/api/1.0/projects/acme/repos/fleet/pull-requests/7/activities?limit=50&start=0",
        "POST/api/1.0/projects/acme/repos/fleet/pull-requests/7/comments"},
       R"({"text":"[//]: # (maand prod=2d1)\n\nthe plan"})"},
  };
  for (const auto& row : table) {
    const Talked talked = talk(row.provider, "the plan", [&](const ForgeRequest& request) {
      return request.method == "GET" ? ForgeAnswer{200, {}, row.list} : ForgeAnswer{201, {}, R"({"id":9})"};
    });
    EXPECT_EQ(talked.sent, row.sent);
    EXPECT_EQ(talked.requests.back().body, row.body);
    EXPECT_EQ(talked.verdict.kind, Kind::kTaken) << talked.verdict.sentence;
  }
}

TEST(Comment, IsEditedWhereItIs) {
  const std::string list = R"([{"id":11,"body":"I like it"},{"id":12,"body":")" + marked(F::kGithub) + "\"}]";
  const struct {
    F provider;
    std::string list;
    const char* sent;
  } table[] = {
      {F::kGithub, list, "PATCH/repos/acme/fleet/issues/comments/12"},
      {F::kGitlab, list, "PUT/projects/acme%2Ffleet/merge_requests/7/notes/12"},
      {F::kGitea, list, "PATCH/repos/acme/fleet/issues/comments/12"},
      {F::kBitbucketServer,
       R"({"values":[{"action":"COMMENTED","comment":{"id":12,"version":4,"text":")" +
           marked(F::kBitbucketServer) + R"("}}],"isLastPage":true})",
       "PUT/api/1.0/projects/acme/repos/fleet/pull-requests/7/comments/12"},
  };
  for (const auto& row : table) {
    const Talked talked = talk(row.provider, "the plan", [&](const ForgeRequest& request) {
      return ForgeAnswer{200, {}, request.method == "GET" ? row.list : R"({"id":12})"};
    });
    ASSERT_EQ(talked.sent.size(), 2u);
    EXPECT_EQ(talked.sent[1], row.sent);
    EXPECT_EQ(talked.verdict.kind, Kind::kTaken) << talked.verdict.sentence;
    if (row.provider == F::kBitbucketServer) {
      EXPECT_NE(talked.requests[1].body.find("\"version\":4"), std::string::npos);
    }
  }
}

TEST(Comment, ThatSaysSoAlreadyIsLeftAlone) {
  const Talked talked = talk(F::kGithub, "old plan\n", [&](const ForgeRequest&) {
    return ForgeAnswer{200, {}, R"([{"id":12,"body":"<!-- maand prod=2d1 -->\r\n\r\nold plan"}])"};
  });
  EXPECT_EQ(talked.sent.size(), 1u);
  EXPECT_EQ(talked.verdict.kind, Kind::kAlready);
}

TEST(Comment, OfAnotherBucketOrWithOurMarkerQuotedIsNotOurs) {
  const Talked talked = talk(F::kGithub, "the plan", [&](const ForgeRequest& request) {
    if (request.method != "GET") return ForgeAnswer{201, {}, R"({"id":9})"};
    return ForgeAnswer{
        200,
        {},
        R"([{"id":1,"body":"<!-- maand prod -->\n\nx"},{"id":2,"body":"> <!-- maand prod=2d1 -->"}])"};
  });
  EXPECT_EQ(talked.sent.back(), "POST/repos/acme/fleet/issues/7/comments");
}

TEST(Comment, IsLookedForOnEveryPage) {
  for (const F provider : {F::kGithub, F::kGitlab, F::kBitbucketServer}) {
    int page = 0;
    const Talked talked = talk(provider, "the plan", [&](const ForgeRequest& request) {
      if (request.method != "GET") return ForgeAnswer{200, {}, R"({"id":12})"};
      ++page;
      std::string items;
      for (int i = 1; i <= CommentTalk::kPageSize; ++i) {
        const bool ours = page == 3 && i == CommentTalk::kPageSize;
        const std::string text = ours ? marked(provider) : "hello";
        items += i > 1 ? "," : "";
        items += provider == F::kBitbucketServer
                     ? R"({"comment":{"id":12,"version":1,"text":")" + text + "\"}}"
                     : R"({"id":12,"body":")" + text + "\"}";
      }
      if (provider != F::kBitbucketServer) return ForgeAnswer{200, {}, "[" + items + "]"};
      return ForgeAnswer{200,
                         {},
                         R"({"values":[)" + items + R"(],"isLastPage":false,"nextPageStart":)" +
                             std::to_string(page * 50) + "}"};
    });
    ASSERT_EQ(talked.sent.size(), 4u);
    const std::string third = provider == F::kBitbucketServer ? "start=100" : "page=3";
    EXPECT_TRUE(talked.sent[2].ends_with(third)) << talked.sent[2];
    EXPECT_EQ(talked.verdict.kind, Kind::kTaken);
  }
}

TEST(Comment, AMarkerThatSomebodyElseWroteIsPassedBy) {
  const Talked talked = talk(F::kGithub, "the plan", [&](const ForgeRequest& request) {
    if (request.method == "GET")
      return ForgeAnswer{200,
                         {},
                         R"([{"id":1,"body":")" + marked(F::kGithub) + R"("},{"id":2,"body":")" +
                             marked(F::kGithub) + "\"}]"};
    if (request.method == "PATCH" && request.url.ends_with("/1")) return ForgeAnswer{403, {}, "{}"};
    return ForgeAnswer{404, {}, "{}"};
  });
  EXPECT_EQ(talked.sent,
            (std::vector<std::string>{"GET/repos/acme/fleet/issues/7/comments?per_page=50&page=1",
                                      "PATCH/repos/acme/fleet/issues/comments/1",
                                      "PATCH/repos/acme/fleet/issues/comments/2",
                                      "POST/repos/acme/fleet/issues/7/comments"}));
  EXPECT_EQ(talked.verdict.kind, Kind::kDenied);
}

TEST(Comment, ARequestWithoutAnEndOfCommentsGetsNoOther) {
  std::string full = "[";
  for (int i = 0; i < CommentTalk::kPageSize; ++i)
    full += std::string(i ? "," : "") + R"({"id":1,"body":""})";
  const Talked talked = talk(F::kGithub, "the plan", [&](const ForgeRequest&) {
    return ForgeAnswer{200, {}, full + "]"};
  });
  EXPECT_EQ(talked.sent.size(), static_cast<std::size_t>(CommentTalk::kMostPages));
  EXPECT_EQ(talked.verdict.kind, Kind::kRefused);
}

TEST(Comment, WhatIsNoAnswerOfTheApiIsAnError) {
  const struct {
    int status;
    const char* body;
    Kind kind;
  } table[] = {
      {200, "<html>Sign in</html>", Kind::kDenied},
      {200, "{}", Kind::kDenied},
      {401, "{}", Kind::kDenied},
      {500, "", Kind::kLater},
      {422, "{}", Kind::kRefused},
      {429, "", Kind::kLater},
  };
  for (const auto& row : table) {
    const Talked talked = talk(F::kGitlab, "the plan", [&](const ForgeRequest&) {
      return ForgeAnswer{row.status, {}, row.body};
    });
    EXPECT_EQ(talked.verdict.kind, row.kind) << row.status;
    EXPECT_FALSE(talked.verdict.sentence.empty());
  }
}

TEST(Comment, ALongOneIsCutBetweenCharacters) {
  std::string plan;
  for (int i = 0; i < 200'000; ++i) plan += "ä";
  for (const F provider : {F::kGithub, F::kGitlab, F::kGitea, F::kBitbucketServer}) {
    const Talked talked = talk(provider, plan, [&](const ForgeRequest& request) {
      return ForgeAnswer{200, {}, request.method == "GET" ? "[]" : R"({"id":1})"};
    });
    if (provider == F::kBitbucketServer) continue;  // an array is no page of activities
    EXPECT_LE(talked.requests.back().body.size(), most_comment_bytes(provider) + 20);
    EXPECT_TRUE(is_utf8(talked.requests.back().body));
    EXPECT_NE(talked.requests.back().body.find("… (cut)"), std::string::npos);
  }
}

}  // namespace
}  // namespace maand::testing
