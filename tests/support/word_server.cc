#include "tests/support/word_server.h"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace maand::testing {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kLookEvery{20};

}  // namespace

WordServer::WordServer(std::string kind, fs::path pem, std::string login)
    : kind_(std::move(kind)), pem_(std::move(pem)), login_(std::move(login)) {
  fs::create_directory(directory_.path() / "got");
  port_ = free_port("127.0.0.1");
}

void WordServer::start() {
  Isolation isolation;
  isolation.log = directory_.path() / "log";
  std::vector<std::string> argv = {
      "/usr/bin/python3", MAAND_TEST_WORD_SERVER, kind_,
      "127.0.0.1",        std::to_string(port_),  (directory_.path() / "got").string()};
  if (!pem_.empty() || !login_.empty()) argv.push_back(pem_.string());
  if (!login_.empty()) argv.push_back(login_);
  process_ = IsolatedProcess(isolation, argv);
  wait_for_listener(process_, "127.0.0.1", port_, isolation.log);
}

void WordServer::stop() { process_.kill(); }

std::string WordServer::url(const std::string& rest) const {
  const std::string scheme = kind_ == "smtp" ? "smtp" : pem_.empty() ? "http" : "https";
  return scheme + "://127.0.0.1:" + std::to_string(port_) + rest;
}

void WordServer::answer(const std::string& words) {
  const fs::path path = directory_.path() / "got" / "answer";
  write_file(path.string() + ".new", words);
  fs::rename(path.string() + ".new", path);
}

std::vector<std::string> WordServer::got() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory_.path() / "got")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> out;
  for (const fs::path& file : files) out.push_back(read_file(file));
  return out;
}

std::vector<std::string> WordServer::wait_for(std::size_t count) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < end) {
    if (std::vector<std::string> all = got(); all.size() >= count) return all;
    std::this_thread::sleep_for(kLookEvery);  // lint-allow-sleep: a file that another process writes
  }
  std::string all;
  for (const std::string& one : got()) all += one + "\n";
  throw std::runtime_error("waited for " + std::to_string(count) + " messages and got:\n" + all);
}

}  // namespace maand::testing
