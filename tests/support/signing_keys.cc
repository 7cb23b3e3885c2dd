#include "tests/support/signing_keys.h"

#include <sstream>

#include "tests/support/process.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;

// The first field of that kind in `--with-colons`, its tenth.
std::string field_of(const std::string& colons, const std::string& kind) {
  std::istringstream lines(colons);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kind + ":")) continue;
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 10; ++i) std::getline(fields, field, ':');
    return field;
  }
  return "";
}

}  // namespace

SigningKeys::SigningKeys() {
  fs::create_directories(directory_.path() / "gpg");
  fs::permissions(directory_.path() / "gpg", fs::perms::owner_all);
  write_file(directory_.path() / "gpg" / "git-gpg",
             "#!/bin/sh\nexec gpg --homedir '" + (directory_.path() / "gpg").string() + "' --batch \"$@\"\n",
             0755);
}

SigningKeys::~SigningKeys() {
  try {
    run_program({"gpgconf", "--homedir", (directory_.path() / "gpg").string(), "--kill", "all"});
  } catch (const std::exception&) {
    // There was no agent.
  }
}

std::vector<std::string> SigningKeys::gpg(const std::vector<std::string>& arguments,
                                          const std::string& when) const {
  std::vector<std::string> out = {"gpg",
                                  "--homedir",
                                  (directory_.path() / "gpg").string(),
                                  "--batch",
                                  "--quiet",
                                  "--yes",
                                  "--pinentry-mode",
                                  "loopback",
                                  "--passphrase",
                                  ""};
  if (!when.empty()) out.insert(out.end(), {"--faked-system-time", when});
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

std::string SigningKeys::gpg_key(const std::string& name, const std::string& lasts, const std::string& when) {
  run_program(gpg({"--quick-gen-key", name + " <" + name + "@example.org>", "ed25519", "sign", lasts}, when));
  return field_of(run_program(gpg({"--with-colons", "--fingerprint", name + "@example.org"}, "")), "fpr");
}

void SigningKeys::revoke(const std::string& fingerprint) {
  // Gpg writes a certificate beside every new key, with a colon against use by mistake.
  std::string certificate =
      read_file(directory_.path() / "gpg" / "openpgp-revocs.d" / (fingerprint + ".rev"));
  const std::size_t at = certificate.find(":-----BEGIN");
  certificate = certificate.substr(at + 1);
  const fs::path file = directory_.path() / "revocation";
  write_file(file, certificate);
  run_program(gpg({"--import", file.string()}, ""));
}

std::string SigningKeys::exported(const std::vector<std::string>& fingerprints, bool armoured) const {
  std::vector<std::string> words = {"--export"};
  if (armoured) words.insert(words.begin(), "--armor");
  words.insert(words.end(), fingerprints.begin(), fingerprints.end());
  return run_program(gpg(words, ""));
}

std::string SigningKeys::gpg_sign(const std::string& fingerprint, const std::string& bytes,
                                  const std::string& when) const {
  const fs::path file = directory_.path() / "bytes";
  write_file(file, bytes);
  const std::string said = run_program(
      gpg({"--armor", "--detach-sign", "--local-user", fingerprint, "--output", "-", file.string()}, when));
  return said.substr(said.find("-----BEGIN"));  // a made-up time is warned of
}

fs::path SigningKeys::ssh_key(const std::string& name) {
  const fs::path file = directory_.path() / (name + ".ssh");
  run_program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file.string()});
  return file;
}

std::string SigningKeys::ssh_public(const std::string& name) const {
  std::istringstream line(read_file(directory_.path() / (name + ".ssh.pub")));
  std::string type;
  std::string key;
  line >> type >> key;
  return type + " " + key;
}

std::string SigningKeys::ssh_sign(const std::string& name, const std::string& bytes,
                                  const std::string& name_space) const {
  const fs::path file = directory_.path() / "bytes";
  write_file(file, bytes);
  fs::remove(directory_.path() / "bytes.sig");
  run_program({"ssh-keygen", "-q", "-Y", "sign", "-n", name_space, "-f",
               (directory_.path() / (name + ".ssh")).string(), file.string()});
  return read_file(directory_.path() / "bytes.sig");
}

void SigningKeys::use_gpg(const GitServer& server, const std::string& fingerprint) const {
  server.git({"config", "gpg.format", "openpgp"});
  server.git({"config", "gpg.program", (directory_.path() / "gpg" / "git-gpg").string()});
  server.git({"config", "user.signingkey", fingerprint});
  server.git({"config", "commit.gpgsign", "true"});
}

void SigningKeys::use_ssh(const GitServer& server, const std::string& name) const {
  server.git({"config", "gpg.format", "ssh"});
  server.git({"config", "user.signingkey", (directory_.path() / (name + ".ssh")).string()});
  server.git({"config", "commit.gpgsign", "true"});
}

void SigningKeys::use_nothing(const GitServer& server) { server.git({"config", "commit.gpgsign", "false"}); }

std::string raw_head(const GitServer& server) { return server.git({"cat-file", "commit", "HEAD"}) + "\n"; }

std::string push_raw(const GitServer& server, const std::string& raw) {
  const fs::path file = server.directory() / "raw";
  write_file(file, raw);
  const std::string id = server.git({"hash-object", "-t", "commit", "-w", "--literally", file.string()});
  server.git({"update-ref", "HEAD", id});
  server.git({"push", "-q", "--force", "origin", "HEAD:refs/heads/main"});
  return id;
}

std::string with_signature(const std::string& raw, const std::string& signature) {
  std::string header = "gpgsig";
  std::istringstream lines(signature);
  for (std::string line; std::getline(lines, line);) header += " " + line + "\n";
  const std::size_t end = raw.find("\n\n") + 1;
  return raw.substr(0, end) + header + raw.substr(end);
}

}  // namespace maand::testing
