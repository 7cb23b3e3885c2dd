#include "gitsource/git_url.h"

#include <gtest/gtest.h>

#include "reconciler/core/ports.h"

namespace maand {
namespace {

using Kind = GitUrl::Kind;

struct Good {
  const char* url;
  Kind kind;
  const char* user;
  const char* host;
  int port;
  const char* path;
};

TEST(GitUrl, TheFourKindsOfRemotesAreTakenApart) {
  const Good table[] = {
      {"file:///srv/a%20b.git", Kind::kFile, "", "", 0, "/srv/a b.git"},
      {"file://localhost/srv/a.git", Kind::kFile, "", "", 0, "/srv/a.git"},
      {"/srv/a b.git", Kind::kFile, "", "", 0, "/srv/a b.git"},
      {"https://example.org/a.git", Kind::kHttps, "", "example.org", 0, "/a.git"},
      {"https://me@example.org:8443/a", Kind::kHttps, "me", "example.org", 8443, "/a"},
      {"http://127.0.0.1:3000/a", Kind::kHttps, "", "127.0.0.1", 3000, "/a"},
      {"ssh://git@example.org/a.git", Kind::kSsh, "git", "example.org", 0, "/a.git"},
      {"ssh://git@[::1]:2222/a.git", Kind::kSsh, "git", "::1", 2222, "/a.git"},
      {"ssh://example.org/~me/a.git", Kind::kSsh, "", "example.org", 0, "~me/a.git"},
      {"git@example.org:team/a.git", Kind::kSsh, "git", "example.org", 0, "team/a.git"},
      {"example.org:/srv/a b.git", Kind::kSsh, "", "example.org", 0, "/srv/a b.git"},
  };
  for (const Good& row : table) {
    SCOPED_TRACE(row.url);
    const GitUrl url = parse_git_url(row.url);
    EXPECT_EQ(url.kind, row.kind);
    EXPECT_EQ(url.user, row.user);
    EXPECT_EQ(url.host, row.host);
    EXPECT_EQ(url.port, row.port);
    EXPECT_EQ(url.path, row.path);
  }
}

TEST(GitUrl, EverythingElseIsRefusedAndNoPasswordIsShown) {
  for (const char* url :
       {"", "relative/path", "git://example.org/a", "http://example.org/a", "ftp://example.org/a",
        "https://me:hunter2@example.org/a", "ssh://example.org:0/a", "ssh://example.org:x/a", "ssh:///a",
        "ssh://example.org", "git@:a", "git@example.org:", "git@-oProxy:a", "git@example.org:-a",
        "file://other/host", "https://exa\nmple.org/a"}) {
    SCOPED_TRACE(url);
    try {
      parse_git_url(url);
      ADD_FAILURE() << "was taken";
    } catch (const SourceError& error) {
      EXPECT_EQ(error.problem(), SourceProblem::kOther);
      EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("; "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace maand
