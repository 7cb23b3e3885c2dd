#include "executor/ssh_session.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <sstream>

#include "executor/ssh_agent.h"
#include "executor/ssh_encoding.h"
#include "executor/ssh_session_impl.h"

namespace maand {
namespace {

// libssh2 before 1.11 signs and verifies RSA with SHA-1 only.
bool rsa_is_outdated() { return libssh2_version(0x010b00) == nullptr; }

std::string libssh2_name() { return std::string("libssh2 ") + libssh2_version(0); }

ssize_t send_callback(libssh2_socket_t, const void* bytes, size_t size, int, void** abstract) {
  static_cast<Wire*>(*abstract)->send(static_cast<const char*>(bytes), size);
  return static_cast<ssize_t>(size);
}

ssize_t receive_callback(libssh2_socket_t, void* bytes, size_t size, int, void** abstract) {
  return static_cast<Wire*>(*abstract)->receive(static_cast<char*>(bytes), size);
}

void set_callbacks(LIBSSH2_SESSION* session) {
#if LIBSSH2_VERSION_NUM >= 0x010b01
  libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_SEND,
                                reinterpret_cast<libssh2_cb_generic*>(send_callback));
  libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_RECV,
                                reinterpret_cast<libssh2_cb_generic*>(receive_callback));
#else
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, reinterpret_cast<void*>(send_callback));
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, reinterpret_cast<void*>(receive_callback));
#endif
}

struct Signing {
  // The signature of the data, without its algorithm's name; may throw.
  std::function<std::string(std::string_view)> sign;
  std::string error;
};

// Called by libssh2, so that no exception may leave. libssh2 frees `*signature`.
int sign_for_libssh2(LIBSSH2_SESSION*, unsigned char** signature, size_t* size, const unsigned char* data,
                     size_t data_size, void** abstract) {
  auto& signing = *static_cast<Signing*>(*abstract);
  try {
    const auto blob = signing.sign({reinterpret_cast<const char*>(data), data_size});
    auto* copy = static_cast<unsigned char*>(std::malloc(blob.size()));
    if (copy == nullptr) return -1;
    std::memcpy(copy, blob.data(), blob.size());
    *signature = copy;
    *size = blob.size();
    return 0;
  } catch (const std::exception& error) {
    signing.error = error.what();
    return -1;
  }
}

// Only what this libssh2 knows stays: 1.10 removes the rest with a memcpy over
// overlapping memory (AddressSanitizer).
std::string supported_only(LIBSSH2_SESSION* session, const std::string& preference) {
  const char** known = nullptr;
  const int count = libssh2_session_supported_algs(session, LIBSSH2_METHOD_HOSTKEY, &known);
  std::string list;
  std::istringstream names(preference);
  for (std::string name; std::getline(names, name, ',');) {
    const char** end = known + std::max(count, 0);
    if (std::find(known, end, name) != end) list += (list.empty() ? "" : ",") + name;
  }
  if (count > 0) libssh2_free(session, known);
  return list;
}

}  // namespace

std::string SshSession::Impl::last_message() const {
  char* text = nullptr;
  const int code = libssh2_session_last_error(session.get(), &text, nullptr, 0);
  return std::string(text == nullptr || *text == '\0' ? "error" : text) + " (" + std::to_string(code) + ")";
}

void SshSession::Impl::fail_waiting(Waited why, const std::string& doing) const {
  throw SshError(WorkerCondition::kUnreachable,
                 why == Waited::kInterrupted
                     ? who + ": given up while " + doing + " because the daemon is stopping"
                     : who + ": no answer in time while " + doing);
}

SshSession::SshSession(std::unique_ptr<Wire> wire, std::string who, const std::vector<HostKey>& host_keys,
                       Deadline deadline)
    : impl_(std::make_unique<Impl>()) {
  // Not thread-safe inside libssh2, and needed before any session.
  static std::once_flag once;
  std::call_once(once, [] { libssh2_init(0); });

  auto& my = *impl_;
  my.wire = std::move(wire);
  my.who = std::move(who);
  my.session.reset(libssh2_session_init_ex(nullptr, nullptr, nullptr, my.wire.get()));
  if (!my.session) throw std::bad_alloc();
  set_callbacks(my.session.get());
  libssh2_session_set_blocking(my.session.get(), 0);
  const auto preference = supported_only(my.session.get(), host_key_preference(host_keys));
  libssh2_session_method_pref(my.session.get(), LIBSSH2_METHOD_HOSTKEY, preference.c_str());
  try {
    const int rc = my.finish(deadline, "greeting and exchanging keys (is it an SSH server?)",
                             [&] { return libssh2_session_handshake(my.session.get(), my.wire->fd()); });
    if (rc == 0) return;
    if (my.wire->ended()) {
      throw SshError(WorkerCondition::kUnreachable,
                     my.who + " hung up before the handshake was over: " + my.last_message() +
                         "; sshd does so above MaxStartups, or when it bans our address",
                     true);
    }
    if (rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
        rc == LIBSSH2_ERROR_METHOD_NONE) {
      auto detail = my.who + ": no common key exchange: " + my.last_message();
      if (rsa_is_outdated()) {
        detail += "; if the machine only has an RSA host key, " + libssh2_name() +
                  " cannot use it: give it an ed25519 or ECDSA one (ssh-keygen -A) and restart its sshd";
      }
      throw SshError(WorkerCondition::kUnreachable, detail);
    }
    throw SshError(WorkerCondition::kUnreachable, my.who + ": the handshake failed: " + my.last_message());
  } catch (...) {
    my.abandon();
    throw;
  }
}

SshSession::~SshSession() {
  if (impl_->session && !impl_->broken) {
    // One try; the peer learns of it from the closed socket anyway.
    libssh2_session_disconnect(impl_->session.get(), "done");
  }
  impl_->abandon();
}

HostKey SshSession::host_key() const {
  size_t size = 0;
  int type = 0;
  const char* blob = libssh2_session_hostkey(impl_->session.get(), &size, &type);
  HostKey key;
  if (blob == nullptr) return key;
  key.blob.assign(blob, size);
  std::string_view inside = key.blob;
  key.type = take_ssh_field(inside).value_or("");  // the blob begins with its type
  return key;
}

void SshSession::log_in(const std::string& user, const Credential& credential, Deadline deadline,
                        const std::shared_ptr<const Interrupter>& interrupter) {
  auto& my = *impl_;
  auto* session = my.session.get();
  const auto doing = "logging in as " + user;
  const auto fail = [&](const std::string& hint, bool rsa) {
    auto message = my.who;
    if (my.wire->ended()) {
      throw SshError(WorkerCondition::kUnreachable,
                     message + " hung up during the login of " + user + ": " + my.last_message());
    }
    message += " refused user " + user + " with " + credential.label + ": " + my.last_message();
    if (rsa && rsa_is_outdated()) {
      message += "; " + libssh2_name() +
                 " can sign with RSA only by SHA-1, which today's sshd refuses: use an ed25519 or ECDSA key";
    } else {
      message += hint;
    }
    throw SshError(WorkerCondition::kAuthFailed, message);
  };
  try {
    const auto offer = [&](const std::string& public_blob, Signing& signing) {
      void* abstract = &signing;
      const int rc = my.finish(deadline, doing, [&] {
        return libssh2_userauth_publickey(session, user.c_str(),
                                          reinterpret_cast<const unsigned char*>(public_blob.data()),
                                          public_blob.size(), sign_for_libssh2, &abstract);
      });
      if (!signing.error.empty()) throw SshError(WorkerCondition::kAuthFailed, my.who + ": " + signing.error);
      return rc;
    };
    if (const auto& key = credential.private_key; !key.empty()) {
      int rc = 0;
      if (const auto& ed25519 = credential.ed25519) {
        Signing signing{[&](std::string_view data) { return ed25519->sign(data); }, {}};
        rc = offer(ed25519->public_blob(), signing);
      } else {
        rc = my.finish(deadline, doing, [&] {
          // An empty passphrase, since libssh2 dereferences a null one.
          return libssh2_userauth_publickey_frommemory(session, user.c_str(), user.size(), nullptr, 0,
                                                       key.data(), key.size(), "");
        });
      }
      if (rc == 0) return;
      fail("; is its public key in authorized_keys of " + user + " on the worker?", looks_like_rsa(key));
    }
    SshAgent agent(credential.agent_socket, deadline, interrupter);
    auto identities = agent.identities();
    if (identities.empty()) {
      throw SshError(WorkerCondition::kAuthFailed, "ssh-agent: it holds no key; add one with ssh-add");
    }
    // sshd counts every offer (MaxAuthTries), so hopeless ones come last.
    std::stable_partition(identities.begin(), identities.end(), [](const AgentIdentity& id) {
      return !(rsa_is_outdated() && id.type == "ssh-rsa");
    });
    int rc = 0;
    std::string offered;
    for (const auto& identity : identities) {
      Signing signing{[&](std::string_view data) { return agent.sign(identity, data); }, {}};
      rc = offer(identity.blob, signing);
      if (rc == 0) return;
      offered +=
          (offered.empty() ? "" : ", ") + identity.type + " " + fingerprint({identity.type, identity.blob});
      if (my.wire->ended()) break;  // MaxAuthTries
    }
    const bool only_rsa = std::all_of(identities.begin(), identities.end(),
                                      [](const AgentIdentity& id) { return id.type == "ssh-rsa"; });
    if (my.wire->ended()) {
      throw SshError(WorkerCondition::kAuthFailed,
                     my.who + " hung up after these keys of the ssh-agent were offered: " + offered +
                         "; it may allow fewer tries (MaxAuthTries) than the agent has keys");
    }
    fail("; it offered " + offered + "; is one of them in authorized_keys of " + user + "?", only_rsa);
  } catch (...) {
    my.abandon();
    throw;
  }
}

bool SshSession::usable() { return !impl_->broken && impl_->wire->alive(); }

}  // namespace maand
