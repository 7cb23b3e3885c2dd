#include "executor/credential.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "executor/ssh_error.h"

namespace maand {
namespace {

bool is_locked(const std::string& key) {
  // An OpenSSH key file starts with its cipher; "none" encodes to this prefix.
  const std::string begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
  if (const auto at = key.find(begin); at != std::string::npos) {
    const auto body = key.find_first_not_of("\r\n", at + begin.size());
    return body != std::string::npos && key.compare(body, 28, "b3BlbnNzaC1rZXktdjEAAAAABG5v") != 0;
  }
  return key.find("ENCRYPTED") != std::string::npos;
}

}  // namespace

bool looks_like_rsa(const std::string& key) {
  // `ssh-rsa` at every alignment of the base64 body of an OpenSSH key file.
  for (const auto* needle : {"BEGIN RSA PRIVATE KEY", "c3NoLXJzY", "NzaC1yc2", "zc2gtcnNh"}) {
    if (key.find(needle) != std::string::npos) return true;
  }
  return false;
}

Credential load_key_file(const std::string& directory, const std::string& name) {
  const auto fail = [&](const std::string& why) {
    throw SshError(WorkerCondition::kAuthFailed, "key secrets/" + name + " " + why);
  };
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
    fail("is not a file name; `key` names a file in secrets/, or says agent");
  }
  const std::string path = directory + "/" + name;
  // A directory can be opened, and only reading it throws.
  if (std::error_code none; std::filesystem::is_directory(path, none)) fail("is a directory, not a key file");
  std::ifstream in(path, std::ios::binary);
  Credential credential{"key secrets/" + name, {std::istreambuf_iterator<char>(in), {}}, {}, {}};
  const auto& key = credential.private_key;
  if (!in.is_open() || in.bad()) fail(std::string("cannot be read: ") + std::strerror(errno));
  if (key.find("PRIVATE KEY-----") == std::string::npos) {
    fail("is no private key; make one with: ssh-keygen -t ed25519 -N '' -f secrets/" + name);
  }
  if (is_locked(key)) {
    fail("is locked with a passphrase; use a key without one, or an ssh-agent (key = \"agent\")");
  }
  credential.ed25519 = Ed25519Key::read(key);
  return credential;
}

}  // namespace maand
