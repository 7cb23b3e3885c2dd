#include "gitsource/git_credentials.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "gitsource/git_error.h"

namespace maand {
namespace {

GitCredentials& self_of(void* payload) { return *static_cast<GitCredentials*>(payload); }

int on_sideband(const char*, int, void* payload) {
  self_of(payload).alive(0);
  return 0;
}

int on_received(const git_indexer_progress* stats, void* payload) {
  GitCredentials& self = self_of(payload);
  self.alive(stats->received_bytes);
  if (self.max_bytes() != 0 && stats->received_bytes > self.max_bytes()) {
    self.fail(SourceProblem::kOther,
              "the remote sent more than " + std::to_string(self.max_bytes() >> 20) +
                  " MiB for one fetch; large files do not belong into the workspace's repository");
    return GIT_EUSER;
  }
  return 0;
}

int on_pack(int, uint32_t, uint32_t, void* payload) {
  self_of(payload).alive(0);
  return 0;
}

int on_sent(unsigned int, unsigned int, size_t, void* payload) {
  self_of(payload).alive(0);
  return 0;
}

int on_pushed_ref(const char*, const char* status, void* payload) {
  if (status) self_of(payload).rejected = *status ? status : "refused without a reason";
  return 0;
}

int ssh_transport(git_transport** out, git_remote* owner, void* settings) {
  return git_ssh_transport(out, owner, settings);
}

// libgit2 keeps the status code of an HTTP answer only at the end of its text.
int http_status(const std::string& text) {
  const std::size_t colon = text.rfind(": ");
  int status = 0;
  if (colon != std::string::npos) std::from_chars(text.data() + colon + 2, text.data() + text.size(), status);
  return status;
}

}  // namespace

GitCredentials::GitCredentials(const GitRemoteSpec& spec) : spec_(spec) {
  ssh_.url = parse_git_url(spec.url);
  ssh_.user = spec.username.empty() ? "git" : spec.username;
  ssh_.key = spec.ssh_key;
  ssh_.known_hosts = spec.known_hosts;
  ssh_.alive = [this] { alive(0); };
}

void GitCredentials::install(git_remote_callbacks& callbacks) {
  callbacks.payload = this;
  callbacks.credentials = &GitCredentials::acquire;
  callbacks.sideband_progress = &on_sideband;
  callbacks.transfer_progress = &on_received;
  callbacks.pack_progress = &on_pack;
  callbacks.push_transfer_progress = &on_sent;
  callbacks.push_update_reference = &on_pushed_ref;
  if (url().kind == GitUrl::Kind::kSsh) {
    // The transport's parameter is the payload of all callbacks.
    callbacks.transport = [](git_transport** out, git_remote* owner, void* payload) {
      return ssh_transport(out, owner, &self_of(payload).ssh_);
    };
  }
}

int GitCredentials::acquire(git_credential** out, const char*, const char* user, unsigned int allowed,
                            void* payload) {
  GitCredentials& self = self_of(payload);
  const std::string name = display_url(self.spec_.url);
  // Called again after every refusal (libraries.md): once is enough.
  if (self.asked_++ > 0) {
    self.fail(SourceProblem::kAuthFailed, name + " refuses the token in " + self.spec_.token_file +
                                              "; check that it is valid and may read the repository");
    return GIT_EAUTH;
  }
  if (!(allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) || self.spec_.token_file.empty()) {
    self.fail(SourceProblem::kAuthFailed,
              name + " asks for a password or token; set git.token_file (and git.username)");
    return GIT_EAUTH;
  }
  std::ifstream file(self.spec_.token_file);
  std::string token;
  std::getline(file, token);
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) {
    self.fail(SourceProblem::kAuthFailed,
              "git.token_file " + self.spec_.token_file + " is empty or cannot be read");
    return GIT_EAUTH;
  }
  std::string as = self.spec_.username;
  if (as.empty()) as = user && *user ? user : "maand";
  return git_credential_userpass_plaintext_new(out, as.c_str(), token.c_str());
}

void GitCredentials::raise(int code, const char* doing) {
  if (ssh_.failure) throw *ssh_.failure;
  if (failure_) throw *failure_;
  const git_error* error = git_error_last();
  const int error_class = error ? error->klass : GIT_ERROR_NONE;
  const std::string text = git_last_error();
  const std::string name = display_url(spec_.url);
  const std::string what = std::string(doing) + " " + name + ": " + text;
  if (code == GIT_EAUTH)
    throw SourceError(SourceProblem::kAuthFailed, what + "; check git.username and git.token_file");
  if (code == GIT_ECERTIFICATE) {
    throw SourceError(SourceProblem::kHostKey,
                      what +
                          "; its certificate is not signed by an authority we trust, or is for "
                          "another name; set git.ca_file for an authority of your own");
  }
  if (error_class == GIT_ERROR_HTTP) {
    const int status = http_status(text);
    if (status == 404 || status == 410) {
      throw SourceError(SourceProblem::kNotFound,
                        what + "; check git.url (a private repository looks missing without a token)");
    }
    if (status == 401 || status == 403) {
      throw SourceError(SourceProblem::kAuthFailed, what + "; check what the token may do");
    }
    if (status >= 500) throw SourceError(SourceProblem::kUnreachable, what);
    if (status >= 300 && status < 400) {
      throw SourceError(SourceProblem::kOther, what + "; it moved: put the new address into git.url");
    }
    throw SourceError(SourceProblem::kUnreachable, what);
  }
  if (error_class == GIT_ERROR_SSL || error_class == GIT_ERROR_NET)
    throw SourceError(SourceProblem::kUnreachable, what);
  if (url().kind == GitUrl::Kind::kFile) {
    if (code == GIT_ENOTFOUND) {
      throw SourceError(SourceProblem::kNotFound,
                        what + "; check git.url: is there a repository at that path?");
    }
    throw SourceError(SourceProblem::kOther, what);
  }
  if (error_class == GIT_ERROR_ODB || error_class == GIT_ERROR_ZLIB || error_class == GIT_ERROR_OBJECT) {
    throw SourceError(SourceProblem::kMirrorBroken, what);
  }
  // What is left are connections that broke in the middle of the protocol.
  throw SourceError(
      error_class == GIT_ERROR_OS && connected_ ? SourceProblem::kOther : SourceProblem::kUnreachable, what);
}

}  // namespace maand
