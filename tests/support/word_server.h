// A real HTTP or SMTP server that keeps what it is told, for tests of what goes outside.
// See word_server.py. Needs /usr/bin/python3, for smtp with aiosmtpd.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace maand::testing {

class WordServer {
 public:
  // `kind`: http or smtp, on a free port of 127.0.0.1. It listens after start().
  explicit WordServer(std::string kind, std::filesystem::path pem = {}, std::string login = "");
  void start();
  void stop();  // what it was given stays
  int port() const { return port_; }
  std::string url(const std::string& rest = "") const;

  // As in word_server.py; "": all is well.
  void answer(const std::string& words);
  // What came so far, one JSON document each.
  std::vector<std::string> got() const;
  // Waits for so many; throws with what there is.
  std::vector<std::string> wait_for(std::size_t count) const;

 private:
  const std::string kind_;
  const std::filesystem::path pem_;
  const std::string login_;
  TempDirectory directory_{"maand-word-server"};
  IsolatedProcess process_;
  int port_ = 0;
};

}  // namespace maand::testing
