// TLS as real clients speak it.
#include "reconciler/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <fstream>

#include "reconciler/http/server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_files.h"
#include "tests/unit/http/http_fixture.h"

namespace maand {
namespace {

using ::testing::AllOf;
using testing::call_program;
using ::testing::HasSubstr;
using testing::make_certificate;
using ::testing::Not;
using testing::ProgramResult;
using ::testing::StartsWith;

class Tls : public ::testing::Test {
 protected:
  Tls() { make_certificate(path(), "a"); }
  std::filesystem::path path() const { return directory_.path(); }
  std::shared_ptr<const TlsContext> context() const {
    return std::make_shared<TlsContext>(path() / "a.pem", path() / "a.key");
  }
  std::string problem(const std::string& certificate, const std::string& key) const {
    try {
      TlsContext(path() / certificate, path() / key);
    } catch (const TlsError& error) {
      return error.what();
    }
    return "";
  }
  ProgramResult curl(int port, std::vector<std::string> more = {}) const {
    std::vector<std::string> argv = {"/usr/bin/curl", "-sS",           "--max-time", "50",
                                     "--cacert",      path() / "a.pem"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("https://localhost:" + std::to_string(port) + "/x");
    return call_program({.argv = argv});
  }
  std::string s_client(int port, const std::string& version) const {
    const ProgramResult result = call_program(
        {.argv = {"/usr/bin/openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(port), version,
                  "-cipher", "ALL:@SECLEVEL=0", "-CAfile", path() / "a.pem", "-ign_eof"},
         .input = "GET /x HTTP/1.1\r\n\r\n"});
    return result.out + result.err;
  }

  TempDir directory_;
};

TEST_F(Tls, Large_bodies_and_answers_go_through_it_whole) {
  HttpLimits limits;
  limits.max_body_bytes = 4u << 20;
  HttpServer server(
      ListeningSocket::tcp("127.0.0.1:0"), limits,
      [](const HttpRequest& r) {
        return HttpReply{200, r.method == "GET" ? std::string(3'000'000, 'g') : r.body};
      },
      context());
  EXPECT_EQ(curl(server.port()).out, std::string(3'000'000, 'g'));
  for (const std::size_t size : {0u, 1u, 60'000u, 65'536u, 1'000'000u}) {
    std::ofstream(path() / "body") << std::string(size, '7');
    const std::string file = "@" + (path() / "body").string();
    EXPECT_EQ(curl(server.port(), {"-H", "Content-Type: application/json", "--data-binary", file}).out,
              std::string(size, '7'))
        << size;
  }
}

TEST_F(Tls, A_renewed_certificate_is_shown_to_whoever_comes_from_then_on) {
  make_certificate(path(), "b");
  HttpServer server(
      ListeningSocket::tcp("127.0.0.1:0"), {},
      [](const HttpRequest&) {
        return HttpReply{200, "hello"};
      },
      context());
  EXPECT_EQ(curl(server.port()).out, "hello");
  server.use(nullptr);  // never back to plain HTTP
  EXPECT_EQ(curl(server.port()).out, "hello");
  server.use(std::make_shared<TlsContext>(path() / "b.pem", path() / "b.key"));
  EXPECT_NE(curl(server.port()).status, 0) << "that of before is still shown";
  EXPECT_EQ(curl(server.port(), {"--cacert", path() / "b.pem"}).out, "hello");
}

TEST_F(Tls, Is_1_2_at_least) {
  HttpServer server(
      ListeningSocket::tcp("127.0.0.1:0"), {}, [](const HttpRequest&) { return HttpReply{}; }, context());
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    EXPECT_THAT(s_client(server.port(), version), HasSubstr("HTTP/1.1 200 OK")) << version;
  }
  for (const char* version : {"-tls1", "-tls1_1"}) {
    EXPECT_THAT(s_client(server.port(), version), Not(HasSubstr("HTTP/1.1"))) << version;
  }
}

TEST_F(Tls, Clients_that_never_greet_or_speak_none_hold_up_nobody) {
  HttpLimits limits;
  limits.listener.threads = 1;
  limits.listener.connections = 32;
  limits.listener.per_source = 32;
  HttpServer server(
      ListeningSocket::tcp("127.0.0.1:0"), limits,
      [](const HttpRequest&) {
        return HttpReply{200, "ok"};
      },
      context());
  std::deque<RawSocket> silent;
  for (int i = 0; i < 64; ++i) {
    silent.emplace_back(server.port());
    silent.back().send(i % 2 ? "\x16" : "");
  }
  EXPECT_THAT(get(server.port(), "/"), Not(HasSubstr("HTTP/1.1 200")));
  EXPECT_EQ(curl(server.port()).out, "ok");
}

TEST_F(Tls, Whoever_does_not_know_the_certificate_refuses_it) {
  make_certificate(path(), "b");
  HttpServer server(
      ListeningSocket::tcp("127.0.0.1:0"), {}, [](const HttpRequest&) { return HttpReply{}; },
      std::make_shared<TlsContext>(path() / "b.pem", path() / "b.key"));
  EXPECT_EQ(curl(server.port()).status, 60);  // of curl: not verified
}

TEST_F(Tls, Files_that_cannot_be_used_are_told_with_what_to_do) {
  make_certificate(path(), "b");
  testing::openssl(
      {"pkey", "-in", path() / "a.key", "-aes256", "-passout", "pass:x", "-out", path() / "sealed.key"});
  std::ofstream(path() / "empty.pem") << "";
  std::ofstream(path() / "text.pem") << "no certificate\n";
  std::filesystem::copy_file(path() / "a.key", path() / "open.key");
  ::chmod((path() / "open.key").c_str(), 0644);
  ::chmod((path() / "text.pem").c_str(), 0600);
  ::chmod((path() / "sealed.key").c_str(), 0600);
  struct Row {
    const char* certificate;
    const char* key;
    const char* said;
  };
  const Row table[] = {{"a.pem", "a.key", ""},
                       {"none.pem", "a.key", "none.pem cannot be read: No such file"},
                       {"empty.pem", "a.key", "it is empty"},
                       {"text.pem", "a.key", "holds no certificate in PEM form"},
                       {"a.pem", "none.key", "none.key cannot be read"},
                       {"a.pem", "text.pem", "holds no private key in PEM form"},
                       {"a.pem", "b.key", "does not belong to the first certificate"},
                       {"a.pem", "open.key", "chmod 600"},
                       {"a.pem", "sealed.key", "is encrypted"}};
  for (const Row& row : table) {
    const std::string told = problem(row.certificate, row.key);
    EXPECT_THAT(told, HasSubstr(row.said)) << row.certificate << " " << row.key;
    EXPECT_EQ(told.empty(), *row.said == '\0') << row.certificate << " " << row.key << ": " << told;
  }
}

}  // namespace
}  // namespace maand
