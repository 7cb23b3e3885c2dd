#include "reconciler/http/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "reconciler/core/reason.h"
#include "reconciler/http/answer_text.h"
#include "reconciler/http/dashboard_files.h"

namespace maand {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::map<std::string, std::string> headers_of(const HttpReply& reply) {
  return {reply.headers.begin(), reply.headers.end()};
}

TEST(Dashboard, EachFileHasTheTypeOfItsName) {
  struct Row {
    const char* path;
    const char* type;
    const char* holds;
  };
  const Row table[] = {{"/", "text/html; charset=utf-8", "<!doctype html>"},
                       {"/dashboard/index.html", "text/html; charset=utf-8", "<!doctype html>"},
                       {"/dashboard/main.js", "text/javascript; charset=utf-8", "import "},
                       {"/dashboard/theme.css", "text/css; charset=utf-8", "color-scheme"},
                       {"/dashboard/icon.svg", "image/svg+xml", "<svg"},
                       {"/dashboard/reasons.js", "text/javascript; charset=utf-8", "\"VersionChanged\":"}};
  for (const Row& row : table) {
    const auto reply = dashboard_page(row.path);
    ASSERT_TRUE(reply) << row.path;
    EXPECT_EQ(reply->status, 200) << row.path;
    EXPECT_EQ(reply->content_type, row.type) << row.path;
    EXPECT_THAT(reply->body, HasSubstr(row.holds)) << row.path;
  }
}

TEST(Dashboard, WhatIsNoFileOfItIsNotAnswered) {
  for (const char* path : {"", "/x", "/dashboard", "/dashboard/", "/dashboard/other.js", "/index.html",
                           "/dashboard/../main.js", "/api/v1/status"}) {
    EXPECT_FALSE(dashboard_page(path)) << path;
  }
}

TEST(Dashboard, EachFileIsAskedForAgainAndKnownByItsContent) {
  std::set<std::string> etags;
  for (const EmbeddedFile& file : kDashboardFiles) {
    const std::string path = "/dashboard/" + std::string(file.name);
    const auto headers = headers_of(*dashboard_page(path));
    EXPECT_TRUE(etags.insert(headers.at("ETag")).second) << path;
    EXPECT_EQ(headers.at("Cache-Control"), "no-cache") << path;
    const HttpRequest again{
        .method = "GET", .path = path, .headers = {{"if-none-match", headers.at("ETag")}}};
    EXPECT_EQ(unless_known(again, *dashboard_page(path)).status, 304) << path;
  }
  EXPECT_EQ(headers_of(*dashboard_page("/")), headers_of(*dashboard_page("/dashboard/index.html")));
}

TEST(Dashboard, KnowsTheSentenceOfEveryReason) {
  const std::string script = dashboard_page("/dashboard/reasons.js")->body;
  EXPECT_THAT(script, StartsWith("export const REASONS = {\"Unchanged\":"));
  EXPECT_THAT(script, HasSubstr(std::string("\"DemandCycle\":\"") + explain(Reason::kDemandCycle)));
}

}  // namespace
}  // namespace maand
