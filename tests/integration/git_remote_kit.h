// What the tests of real git remotes share: options for each kind, and how a call ended.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gitsource/git_source.h"
#include "tests/support/git_server.h"

namespace maand {

namespace fs = std::filesystem;
using testing::GitServer;

inline GitOptions base_options(const GitServer& server, const std::string& name) {
  GitOptions out;
  out.mirror = (server.directory() / (name + ".git")).string();
  out.bucket_id = "id-" + name;
  out.bucket_name = name;
  out.transport_command = {MAAND_TEST_GIT_TRANSPORT};
  return out;
}

inline GitOptions file_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.file_url();
  return out;
}

inline GitOptions https_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.https_url();
  out.username = "maand";
  out.token_file = server.token_file().string();
  out.ca_file = server.ca_file().string();
  return out;
}

inline GitOptions ssh_options(GitServer& server, const std::string& name) {
  GitOptions out = base_options(server, name);
  out.url = server.ssh_url();
  out.ssh_key = server.ssh_key().string();
  out.known_hosts = server.known_hosts().string();
  return out;
}

inline GitOptions scp_options(GitServer& server, const std::string& name) {
  GitOptions out = ssh_options(server, name);
  out.url = server.scp_url();
  return out;
}

inline NoteSection section(const std::string& commit, const std::string& name, const std::string& state) {
  return {CommitId(commit), "maand " + name + ": " + state + "\n",
          R"({"name": ")" + name + R"(", "state": ")" + state + "\"}"};
}

// What a call ends with; the message goes into the failure text.
struct Ended {
  std::optional<SourceProblem> problem;
  std::string message;
};
template <class F>
Ended ended(const F& call) {
  try {
    call();
    return {};
  } catch (const SourceError& error) {
    return {error.problem(), error.what()};
  }
}
#define EXPECT_PROBLEM(call, expected)                                                  \
  do {                                                                                  \
    const Ended how = ended([&] { call; });                                             \
    EXPECT_TRUE(how.problem == (expected))                                              \
        << (how.problem ? to_string(*how.problem) : "no error") << ": " << how.message; \
  } while (false)

// Data that does not compress, so that a pack is as large as it.
inline std::string noise(std::size_t bytes) {
  std::string out(bytes, '\0');
  std::minstd_rand random(7);
  for (char& c : out) c = static_cast<char>(random() >> 8);
  return out;
}

inline std::vector<std::string> half_packs(const GitOptions& options) {
  std::vector<std::string> out;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(options.mirror) / "objects/pack", error)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".pack" && entry.path().extension() != ".idx") out.push_back(name);
  }
  return out;
}

// A test with a server of its own.
class GitRemote : public ::testing::Test {
 protected:
  GitServer server_;
};

}  // namespace maand
