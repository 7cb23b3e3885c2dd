#include "executor/ssh_transport.h"

#include <poll.h>

#include <charconv>
#include <random>
#include <thread>
#include <utility>

#include "executor/host_key_check.h"
#include "executor/ssh_error.h"
#include "executor/ssh_session.h"
#include "executor/start_limiter.h"

namespace maand {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMostTries = 4;

struct Hop {
  std::string address;
  int port = 22;
  std::string user;
  std::vector<std::string> host_keys;
  std::string who() const { return address + " port " + std::to_string(port); }
};

// `user@host:port`; user and port may be left out, IPv6 stands in brackets.
Hop parse_jump(const std::string& text, const std::string& default_user) {
  const auto fail = [&] {
    throw SshError(WorkerCondition::kUnreachable, "jump '" + text + "' is not user@host:port");
  };
  Hop hop;
  hop.user = default_user;
  std::string_view rest = text;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    hop.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) fail();
    hop.address = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) fail();
  } else {
    const auto colon = rest.find(':');
    hop.address = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), hop.port);
    if (error != std::errc{} || end != port.data() + port.size() || hop.port < 1 || hop.port > 65535) fail();
  }
  if (hop.user.empty() || hop.address.empty()) fail();
  return hop;
}

[[noreturn]] void stopping(const std::string& who) {
  throw SshError(WorkerCondition::kUnreachable, who + ": not connected because the daemon is stopping");
}

class SshConnection : public Connection {
 public:
  SshConnection(std::unique_ptr<SshSession> session, std::shared_ptr<const Interrupter> interrupter)
      : interrupter_(std::move(interrupter)), session_(std::move(session)) {}
  CommandResult run(const std::string& command, const StdinSource& stdin_source, const OutputTaker& on_stdout,
                    const OutputTaker& on_stderr, Deadline deadline) override {
    return session_->run(command, stdin_source, on_stdout, on_stderr, deadline);
  }
  Forwarded forward(const std::string& address, int port, Deadline deadline) override {
    try {
      return {session_->channel_to(address, port, deadline), ""};
    } catch (const SshError& error) {
      return {nullptr, error.what()};
    }
  }
  bool usable() const override { return !interrupter_->fired() && session_->usable(); }

 private:
  std::shared_ptr<const Interrupter> interrupter_;
  std::unique_ptr<SshSession> session_;
};

}  // namespace

struct SshTransport::Impl {
  explicit Impl(SshOptions given)
      : options(std::move(given)),
        known_hosts(known_hosts_file()),
        starts(options.max_starting, options.max_starting_per_target),
        interrupter(std::make_shared<Interrupter>()) {}

  SshOptions options;
  KnownHostsFile known_hosts;
  StartLimiter starts;
  std::shared_ptr<Interrupter> interrupter;

  Credential credential_for(const Endpoint& endpoint) const {
    if (endpoint.key == "agent") return {"the ssh-agent's keys", {}, options.agent_socket};
    const bool handed = !in_secrets(endpoint.key) && in_credentials(endpoint.key);
    return load_key_file((handed ? options.credentials_dir : options.secrets_dir).string(), endpoint.key);
  }

  bool in_secrets(const std::string& name) const {
    std::error_code ignored;
    return std::filesystem::exists(options.secrets_dir / name, ignored);
  }
  bool in_credentials(const std::string& name) const {
    std::error_code ignored;
    return !options.credentials_dir.empty() &&
           std::filesystem::exists(options.credentials_dir / name, ignored);
  }
  // Also with accept-new, which cannot write there: a key that it would contradict must not be new.
  std::filesystem::path known_hosts_file() const {
    const std::string name = "known_hosts";
    const bool handed = !in_secrets(name) && in_credentials(name);
    return (handed ? options.credentials_dir : options.secrets_dir) / name;
  }

  // Handshake, host key and login over a wire that stands.
  std::unique_ptr<SshSession> open(std::unique_ptr<Wire> wire, const Hop& hop, const Credential& credential,
                                   Deadline deadline) {
    const auto expectation = expect_host_key(known_hosts, hop.address, hop.port, hop.host_keys);
    auto session =
        std::make_unique<SshSession>(std::move(wire), hop.who(), expectation.expected.keys, deadline);
    check_host_key(known_hosts, expectation, session->host_key(),
                   options.host_key_policy == HostKeyPolicy::kAcceptNew);
    session->log_in(hop.user, credential, deadline, interrupter);
    return session;
  }

  // One try. `deadline` moves on by the time spent waiting for a free start.
  std::unique_ptr<SshSession> start(const std::vector<Hop>& hops, const Credential& credential,
                                    Deadline& deadline) {
    const auto& first = hops.front();
    auto wire = connect_tcp(first.address, first.port, {.dead_peer_timeout = options.dead_peer_timeout},
                            deadline, interrupter);
    const auto waiting_since = steady_clock::now();
    if (!starts.enter()) stopping(first.who());
    struct Leave {
      StartLimiter& starts;
      ~Leave() { starts.leave(); }
    } leave{starts};
    deadline += steady_clock::now() - waiting_since;

    auto session = open(std::move(wire), first, credential, deadline);
    for (std::size_t i = 1; i < hops.size(); ++i) {
      auto tunnel = SshSession::tunnel(std::move(session), hops[i].address, hops[i].port, deadline);
      session = open(std::move(tunnel), hops[i], credential, deadline);
    }
    return session;
  }

  // Waits before the next try; false when there is no time or we are stopping.
  bool pause(int tries, Deadline deadline) const {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto base = milliseconds(100) * (1 << tries);
    const auto until = steady_clock::now() + base / 2 + base * static_cast<int>(random() % 100) / 100;
    if (until >= deadline) return false;
    while (!interrupter->fired() && steady_clock::now() < until) {
      pollfd fd{interrupter->fd(), POLLIN, 0};
      ::poll(&fd, 1, poll_timeout_ms(until));
    }
    return !interrupter->fired();
  }

  std::unique_ptr<SshSession> connect(const Endpoint& endpoint) {
    std::vector<Hop> hops;
    if (!endpoint.jump.empty()) hops.push_back(parse_jump(endpoint.jump, endpoint.user));
    hops.push_back({endpoint.address, endpoint.port, endpoint.user, endpoint.host_keys});
    const auto credential = credential_for(endpoint);

    const auto target = hops.front().who();
    if (!starts.enter(target)) stopping(target);
    struct Leave {
      StartLimiter& starts;
      const std::string& target;
      ~Leave() { starts.leave(target); }
    } leave{starts, target};

    auto deadline = steady_clock::now() + options.connect_timeout;
    for (int tries = 1;; ++tries) {
      try {
        return start(hops, credential, deadline);
      } catch (const SshError& error) {
        if (!error.refused_start() || tries == kMostTries || !pause(tries, deadline)) throw;
      }
    }
  }
};

SshTransport::SshTransport(SshOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
SshTransport::~SshTransport() = default;

Connected SshTransport::connect(const Endpoint& endpoint) {
  Connected connected;
  try {
    connected.connection = std::make_unique<SshConnection>(impl_->connect(endpoint), impl_->interrupter);
  } catch (const SshError& error) {
    connected.condition = error.condition();
    connected.detail = error.what();
  } catch (const std::exception& error) {  // no memory, no descriptors, no thread
    connected.condition = WorkerCondition::kUnreachable;
    connected.detail = endpoint.address + ": " + error.what();
  }
  return connected;
}

void SshTransport::interrupt() {
  impl_->interrupter->fire();
  impl_->starts.stop();
}

std::vector<std::string> SshTransport::known_hosts_notes() const {
  try {
    return impl_->known_hosts.notes();
  } catch (const std::exception& error) {
    return {error.what()};
  }
}

}  // namespace maand
