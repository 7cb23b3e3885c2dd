#include "gitsource/git_ssh.h"

#include <git2/sys/transport.h>
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h>  // newer versions moved git_error_set_str here
#endif
#include <libssh2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "gitsource/git_known_hosts.h"

namespace maand {
namespace {

// All calls block: the parent's deadline ends this process.
class SshStream {
 public:
  explicit SshStream(GitSshSettings& settings) : settings_(settings) {}
  ~SshStream() {
    if (channel_) libssh2_channel_free(channel_);
    if (session_) libssh2_session_free(session_);
    if (socket_ >= 0) ::close(socket_);
  }
  SshStream(const SshStream&) = delete;
  SshStream& operator=(const SshStream&) = delete;

  void open(const std::string& program) {
    connect();
    handshake();
    authenticate();
    channel_ = libssh2_channel_open_session(session_);
    if (!channel_) fail(SourceProblem::kUnreachable, "opened no channel: " + last());
    if (libssh2_channel_exec(channel_, (program + " " + quoted(settings_.url.path)).c_str()) != 0) {
      fail(SourceProblem::kAuthFailed, "does not let us run " + program + ": " + last());
    }
  }

  std::size_t read(char* buffer, std::size_t size) {
    const ssize_t got = libssh2_channel_read(channel_, buffer, size);
    if (got < 0) fail(SourceProblem::kUnreachable, "broke the connection: " + last());
    if (got > 0) {
      heard_ = true;
      settings_.alive();
      return static_cast<std::size_t>(got);
    }
    // Blocking, so 0 is the end. libssh2_channel_eof would deny it as long as
    // there is unread stderr.
    finish();
    return 0;
  }

  void write(const char* data, std::size_t size) {
    while (size > 0) {
      const ssize_t put = libssh2_channel_write(channel_, data, size);
      if (put < 0) fail(SourceProblem::kUnreachable, "broke the connection: " + last());
      data += put;
      size -= static_cast<std::size_t>(put);
      settings_.alive();
    }
  }

 private:
  [[noreturn]] void fail(SourceProblem problem, const std::string& what) {
    throw SourceError(problem, "git over ssh: " + where() + " " + what);
  }
  std::string where() const {
    const int port = settings_.url.port;
    return settings_.url.host + (port ? ":" + std::to_string(port) : "");
  }
  std::string user() const { return settings_.url.user.empty() ? settings_.user : settings_.url.user; }
  std::string last() {
    char* text = nullptr;
    const int code = libssh2_session_last_error(session_, &text, nullptr, 0);
    return std::string(text && *text ? text : "no further information") + " (libssh2 " +
           std::to_string(code) + ")";
  }

  // For the server's shell: single quotes, as git itself does it.
  static std::string quoted(const std::string& path) {
    std::string out = "'";
    for (const char c : path) {
      if (c == '\'' || c == '!') {
        out.append("'\\").push_back(c);
        out.push_back('\'');
      } else {
        out.push_back(c);
      }
    }
    return out + "'";
  }

  void connect() {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(settings_.url.port ? settings_.url.port : 22);
    const int rc = ::getaddrinfo(settings_.url.host.c_str(), port.c_str(), &hints, &found);
    if (rc != 0) {
      fail(SourceProblem::kUnreachable,
           std::string("cannot be resolved: ") + ::gai_strerror(rc) + "; check git.url and DNS");
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    int error = 0;
    for (const addrinfo* at = found; at && socket_ < 0; at = at->ai_next) {
      const int fd = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
      if (fd >= 0 && ::connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
        socket_ = fd;
      } else {
        error = errno;
        if (fd >= 0) ::close(fd);
      }
    }
    if (socket_ < 0)
      fail(SourceProblem::kUnreachable, std::string("cannot be reached: ") + std::strerror(error));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    settings_.alive();
  }

  void handshake() {
    std::string text;
    if (!settings_.known_hosts.empty()) {
      std::ifstream file(settings_.known_hosts, std::ios::binary);
      text.assign(std::istreambuf_iterator<char>(file), {});
    }
    const PinnedHost known = find_pinned_host(text, settings_.url.host, settings_.url.port);
    session_ = libssh2_session_init();
    if (!session_) fail(SourceProblem::kOther, "got no session: out of memory");
    // Ask for the types that are pinned, else the server picks one we cannot judge.
    std::string wanted;
    for (const PinnedKey& key : known.keys) {
      if (key.revoked) continue;
      if (!wanted.empty()) wanted += ',';
      wanted += key.type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : key.type;
    }
    if (!wanted.empty()) libssh2_session_method_pref(session_, LIBSSH2_METHOD_HOSTKEY, wanted.c_str());
    if (const int rc = libssh2_session_handshake(session_, socket_); rc != 0) {
      if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
          rc == LIBSSH2_ERROR_METHOD_NONE) {
        fail(SourceProblem::kHostKey,
             "agreed on no host key type" +
                 (wanted.empty() ? std::string() : " (known_hosts asks for " + wanted + ")") + ": " + last() +
                 "; pin the server's ed25519 or ECDSA key in " + settings_.known_hosts +
                 " (an RSA host key does not work with this libssh2)");
      }
      fail(SourceProblem::kUnreachable, "did not complete the ssh handshake: " + last());
    }
    std::size_t length = 0;
    int type = 0;
    const char* blob = libssh2_session_hostkey(session_, &length, &type);
    const std::string_view key(blob ? blob : "", blob ? length : 0);
    const std::string file =
        settings_.known_hosts.empty() ? "git.known_hosts (not set)" : settings_.known_hosts;
    switch (judge_pin(known, key)) {
      case PinVerdict::kMatch:
        break;
      case PinVerdict::kUnknown:
        fail(SourceProblem::kHostKey,
             "has a host key that is not in " + file + ": " + pin_fingerprint(key) +
                 (known.authority_only ? " (@cert-authority lines are not supported)" : "") +
                 "; compare it with what the server's owner publishes and add the line");
      case PinVerdict::kChanged:
        fail(SourceProblem::kHostKey,
             "shows another host key than " + file + " has: " + pin_fingerprint(key) +
                 "; somebody may be listening in. If the key was changed on purpose, replace the line");
      case PinVerdict::kRevoked:
        fail(SourceProblem::kHostKey,
             "shows a host key that " + file + " marks @revoked: " + pin_fingerprint(key));
    }
    settings_.alive();
  }

  void authenticate() {
    const std::string name = user();
    if (!settings_.key.empty() && settings_.key != "agent") {
      if (::access(settings_.key.c_str(), R_OK) != 0) {
        fail(SourceProblem::kAuthFailed, "needs the key file " + settings_.key + ", which cannot be read (" +
                                             std::strerror(errno) + "); set git.ssh_key");
      }
      if (libssh2_userauth_publickey_fromfile_ex(session_, name.c_str(), static_cast<unsigned>(name.size()),
                                                 nullptr, settings_.key.c_str(), nullptr) != 0) {
        fail(SourceProblem::kAuthFailed,
             "refuses user " + name + " with the key " + settings_.key + ": " + last() +
                 "; use an ed25519 key without a passphrase (RSA keys do not work with this libssh2; for a "
                 "passphrase "
                 "set git.ssh_key = \"agent\") and register its public half there");
      }
      return;
    }
    const std::unique_ptr<LIBSSH2_AGENT, decltype(&libssh2_agent_free)> agent(libssh2_agent_init(session_),
                                                                              &libssh2_agent_free);
    if (!agent || libssh2_agent_connect(agent.get()) != 0 ||
        libssh2_agent_list_identities(agent.get()) != 0) {
      fail(SourceProblem::kAuthFailed,
           "needs a key, and no ssh agent answers at SSH_AUTH_SOCK; set git.ssh_key to a key file or start "
           "an agent");
    }
    libssh2_agent_publickey* identity = nullptr;
    int tried = 0;
    // A server counts every offer; after its MaxAuthTries (6) it hangs up.
    while (tried < 6 && libssh2_agent_get_identity(agent.get(), &identity, identity) == 0) {
      ++tried;
      if (libssh2_agent_userauth(agent.get(), name.c_str(), identity) == 0) {
        libssh2_agent_disconnect(agent.get());
        return;
      }
    }
    libssh2_agent_disconnect(agent.get());
    fail(SourceProblem::kAuthFailed, "refuses user " + name + " with each of the agent's " +
                                         std::to_string(tried) + " keys; add the right one with ssh-add");
  }

  // At the end of the stream: a program that said nothing and failed tells why on stderr.
  void finish() {
    std::string text;
    std::array<char, 1024> buffer{};
    ssize_t got = 0;
    while (text.size() < 2000 &&
           (got = libssh2_channel_read_stderr(channel_, buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    libssh2_channel_close(channel_);
    libssh2_channel_wait_closed(channel_);
    const int status = libssh2_channel_get_exit_status(channel_);
    if (heard_ || status == 0) return;
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    fail(SourceProblem::kNotFound, "has no such repository for us: " + settings_.url.path + " (status " +
                                       std::to_string(status) + ": " + text +
                                       "); check the path in git.url and what the key may read");
  }

  GitSshSettings& settings_;
  int socket_ = -1;
  LIBSSH2_SESSION* session_ = nullptr;
  LIBSSH2_CHANNEL* channel_ = nullptr;
  bool heard_ = false;
};

// The C faces. libgit2 knows two objects, a subtransport and its stream; ours
// are one thing with one life.
struct Subtransport;
struct StreamFace {
  git_smart_subtransport_stream base{};
  Subtransport* owner = nullptr;
};
struct Subtransport {
  git_smart_subtransport base{};
  GitSshSettings* settings = nullptr;
  std::unique_ptr<SshStream> stream;
  std::unique_ptr<StreamFace> face;
};

// No exception may cross libgit2's C frames.
template <class F>
int guarded(Subtransport* self, const F& body) {
  try {
    body();
    return 0;
  } catch (const SourceError& error) {
    if (!self->settings->failure) self->settings->failure.emplace(error);
  } catch (const std::exception& error) {
    if (!self->settings->failure) self->settings->failure.emplace(SourceProblem::kOther, error.what());
  }
  git_error_set_str(GIT_ERROR_SSH, self->settings->failure->what());
  return -1;
}

int stream_read(git_smart_subtransport_stream* stream, char* buffer, size_t size, size_t* got) {
  Subtransport* self = reinterpret_cast<StreamFace*>(stream)->owner;
  *got = 0;
  return guarded(self, [&] { *got = self->stream->read(buffer, size); });
}

int stream_write(git_smart_subtransport_stream* stream, const char* data, size_t size) {
  Subtransport* self = reinterpret_cast<StreamFace*>(stream)->owner;
  return guarded(self, [&] { self->stream->write(data, size); });
}

void stream_free(git_smart_subtransport_stream*) {}  // the subtransport owns it

int action(git_smart_subtransport_stream** out, git_smart_subtransport* transport, const char*,
           git_smart_service_t service) {
  auto* self = reinterpret_cast<Subtransport*>(transport);
  return guarded(self, [&] {
    if (service == GIT_SERVICE_UPLOADPACK_LS || service == GIT_SERVICE_RECEIVEPACK_LS || !self->stream) {
      const bool push = service == GIT_SERVICE_RECEIVEPACK_LS || service == GIT_SERVICE_RECEIVEPACK;
      self->stream = std::make_unique<SshStream>(*self->settings);
      self->stream->open(push ? "git-receive-pack" : "git-upload-pack");
      self->face = std::make_unique<StreamFace>();
      self->face->base = {&self->base, &stream_read, &stream_write, &stream_free};
      self->face->owner = self;
    }
    *out = &self->face->base;
  });
}

int close_transport(git_smart_subtransport* transport) {
  reinterpret_cast<Subtransport*>(transport)->stream.reset();
  return 0;
}

void free_transport(git_smart_subtransport* transport) { delete reinterpret_cast<Subtransport*>(transport); }

int make_subtransport(git_smart_subtransport** out, git_transport*, void* settings) {
  auto self = std::make_unique<Subtransport>();
  self->base = {&action, &close_transport, &free_transport};
  self->settings = static_cast<GitSshSettings*>(settings);
  *out = &self.release()->base;
  return 0;
}

}  // namespace

int git_ssh_transport(git_transport** out, git_remote* owner, void* settings) {
  git_smart_subtransport_definition definition{&make_subtransport, 0, settings};
  return git_transport_smart(out, owner, &definition);
}

}  // namespace maand
