// A real git remote on loopback: one bare repository, offered as a path, over
// https (git http-backend) and over ssh (OpenSSH with git-shell's commands),
// and a clone in which a test commits. Everything is done by the real git.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace maand::testing {

// Content per path; nullopt removes the file. `mode` of git: set with chmod first in `work()`.
using GitChanges = std::map<std::string, std::optional<std::string>>;

class GitServer {
 public:
  // An empty repository. The servers start when their URL is asked for first.
  GitServer();
  ~GitServer();

  const std::filesystem::path& directory() const;  // of everything here
  const std::filesystem::path& bare() const;       // the repository
  const std::filesystem::path& work() const;       // the clone

  // Runs git in the clone, or in the bare repository, and returns its stdout
  // without the last newline. Throws std::runtime_error when it fails.
  std::string git(std::vector<std::string> arguments) const;
  std::string git_bare(std::vector<std::string> arguments) const;

  // Commits all of it onto `branch` and pushes. Returns the commit's id.
  std::string commit(const GitChanges& changes, const std::string& message,
                     const std::string& branch = "main");
  // As `commit`, on top of `parent` ("" = none), forced.
  std::string rewrite(const std::string& parent, const GitChanges& changes, const std::string& message);

  // `git notes --ref=maand show` in the bare repository; nullopt: no note.
  std::optional<std::string> note(const std::string& commit) const;

  std::string file_url() const;

  std::string https_url();  // wants the user name "maand" and the token
  std::filesystem::path ca_file();
  std::filesystem::path token_file();
  std::string https_address();
  int https_port();

  std::string ssh_url();  // ssh://user@address:port/…
  std::string scp_url();  // user@address:… ; its sshd listens on port 22 of the address
  std::filesystem::path ssh_key();
  std::filesystem::path known_hosts();
  std::string ssh_address();
  int ssh_port();

 private:
  void start_https();
  void start_sshd();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace maand::testing
