// Real keys that sign commits, made by the real gpg and ssh-keygen.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/git_server.h"

namespace maand::testing {

class SigningKeys {
 public:
  SigningKeys();
  ~SigningKeys();

  // OpenPGP: made as of `when` (`20200101T000000`; empty = now), good for `lasts` (`1y`, "0" = for ever).
  // Returns the fingerprint.
  std::string gpg_key(const std::string& name, const std::string& lasts = "0", const std::string& when = "");
  void revoke(const std::string& fingerprint);
  std::string exported(const std::vector<std::string>& fingerprints, bool armoured) const;
  std::string gpg_sign(const std::string& fingerprint, const std::string& bytes,
                       const std::string& when = "") const;

  // SSH: the file of the private key; `.pub` lies beside it.
  std::filesystem::path ssh_key(const std::string& name);
  std::string ssh_public(const std::string& name) const;  // `ssh-ed25519 AAAA…`
  std::string ssh_sign(const std::string& name, const std::string& bytes,
                       const std::string& name_space = "git") const;

  // From now on the clone's commits are signed, by git itself.
  void use_gpg(const GitServer& server, const std::string& fingerprint) const;
  void use_ssh(const GitServer& server, const std::string& name) const;
  static void use_nothing(const GitServer& server);

 private:
  std::vector<std::string> gpg(const std::vector<std::string>& arguments, const std::string& when) const;

  TempDirectory directory_{"maand-keys"};
};

// The commit at the head of the clone, as git keeps it.
std::string raw_head(const GitServer& server);
// Writes `raw` as a commit and pushes it as main. Returns its id.
std::string push_raw(const GitServer& server, const std::string& raw);
// `raw` with the signature in a header `gpgsig`, behind the others.
std::string with_signature(const std::string& raw, const std::string& signature);

}  // namespace maand::testing
