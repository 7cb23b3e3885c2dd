// Where a redirect sends an http probe (workspace.md 2.6).
#include "executor/http_target.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(HttpTarget, IsShownAsAUrlAndAsAHost) {
  EXPECT_EQ((HttpTarget{true, "10.0.0.1", 8443, "/a?b"}.url()), "https://10.0.0.1:8443/a?b");
  EXPECT_EQ((HttpTarget{false, "fd00::1", 80, "/"}.url()), "http://[fd00::1]:80/");
  EXPECT_EQ((HttpTarget{false, "fd00::1", 80, "/"}.authority()), "[fd00::1]");
  EXPECT_EQ((HttpTarget{true, "w1", 80, "/"}.authority()), "w1:80");
}

TEST(HttpTarget, WhatDoesNotBelongIntoARequestLineIsEncoded) {
  EXPECT_EQ(request_path("/a b\r\nX: y\x7f\xc3\xa9?q=1+2&%20"), "/a%20b%0D%0AX:%20y%7F%C3%A9?q=1+2&%20");
}

TEST(HttpTarget, RedirectsAreReadAsSeenFromWhereTheyCome) {
  const HttpTarget from{false, "10.0.0.1", 8080, "/a/b?q=1"};
  const struct {
    const char* location;
    const char* url;  // empty: refused
  } kCases[] = {
      {"/x", "http://10.0.0.1:8080/x"},
      {" x?y#z ", "http://10.0.0.1:8080/a/x?y"},
      {"?r", "http://10.0.0.1:8080/a/b?r"},
      {"//w2/x", "http://w2:80/x"},
      {"HTTPS://w2", "https://w2:443/"},
      {"https://w2?x", "https://w2:443/?x"},
      {"http://[fd00::1]:81/x", "http://[fd00::1]:81/x"},
      {"http://w2:/x", "http://w2:80/x"},
      {"x:y/z", ""},
      {"a/b:c", "http://10.0.0.1:8080/a/a/b:c"},
      {"/x y\nz", "http://10.0.0.1:8080/x%20y%0Az"},
      {"", ""},
      {"#top", ""},
      {"ftp://w2/x", ""},
      {"mailto:somebody", ""},
      {"javascript:alert(1)", ""},
      {"http://", ""},
      {"http:///x", ""},
      {"http://user@w2/", ""},
      {"http://w2:0/", ""},
      {"http://w2:65536/", ""},
      {"http://w2:8o/", ""},
      {"http://[fd00::1/", ""},
      {"http://[fd00::1]x/", ""},
      {"http://w 2/", ""},
  };
  for (const auto& [location, url] : kCases) {
    const auto to = redirected(from, location);
    EXPECT_EQ(to ? to->url() : "", url) << location;
  }
}

}  // namespace
}  // namespace maand
