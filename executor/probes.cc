#include "executor/probes.h"

#include <exception>
#include <functional>
#include <utility>

#include "executor/http_probe.h"
#include "executor/ssh_error.h"

namespace maand {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kLoopback = "127.0.0.1";
constexpr std::chrono::seconds kReceipt{2};  // for the exit status of a command that was ended at its limit

// Nothing of the workspace stands in this line: the command is the stdin of the inner
// shell, which leads a session of its own, so that all of it can be ended at its
// limit, also when we are not connected any more. As in worker_run.sh, `kill -9`
// calls the watchdog's sleep off, because a TERM between fork and exec is lost.
std::string probe_line(bool use_sudo, const std::string& seconds) {
  return std::string("exec ") + (use_sudo ? "sudo -n " : "") +
         "/bin/sh -c 'exec 3<&0; setsid /bin/sh <&3 3<&- & p=$!; exec 3<&-; "
         "(n=; o=; trap \"o=1; [ -z \\\"\\$n\\\" ] || kill -9 \\$n\" TERM; sleep " +
         seconds +
         " & n=$!; [ -z \"$o\" ] || kill -9 $n; wait $n; [ -z \"$o\" ] || exit 0; kill -9 -$p) "
         "</dev/null >/dev/null 2>&1 & w=$!; wait $p; s=$?; kill $w 2>/dev/null; exit $s'";
}

// The worker's connection for as long as one round lasts, had when it is first needed.
class BorrowedSession {
 public:
  BorrowedSession(SessionCache& sessions, const Endpoint& endpoint, Seconds patience)
      : sessions_(sessions), endpoint_(endpoint), patience_(patience) {}
  ~BorrowedSession() { give_back(); }
  BorrowedSession(const BorrowedSession&) = delete;
  BorrowedSession& operator=(const BorrowedSession&) = delete;

  // Throws SshError when there is none to be had.
  Connection& get() {
    if (session_.connection && session_.connection->usable()) return *session_.connection;
    return take(false);
  }
  // Calls `use` with a connection. One that lay idle and turns out to be dead is
  // replaced, once. `use` returns whether it failed.
  void with(const std::function<bool(Connection&)>& use) {
    Connection& connection = get();
    const bool idle = std::exchange(session_.lay_idle, false);
    if (use(connection) && idle && !connection.usable()) use(take(true));
  }

 private:
  Connection& take(bool fresh) {
    give_back();
    session_ = sessions_.acquire(endpoint_, fresh, Steady::now() + patience_);
    if (!session_.connection) throw SshError(session_.condition, session_.detail);
    return *session_.connection;
  }
  void give_back() {
    if (session_.connection) sessions_.give_back(endpoint_, std::move(session_.connection));
  }

  SessionCache& sessions_;
  const Endpoint& endpoint_;
  const Seconds patience_;
  Session session_;
};

class Round {
 public:
  Round(const Endpoint& endpoint, const HealthSpec& spec, const ProbeSettings& settings,
        SessionCache& sessions, const std::shared_ptr<const Interrupter>& interrupter)
      : endpoint_(endpoint),
        spec_(spec),
        settings_(settings),
        interrupter_(interrupter),
        ssh_(sessions, endpoint, spec.timeout) {}

  // The failure that was told says nothing about the job.
  bool no_verdict() const { return no_verdict_; }
  // Empty: it succeeded.
  std::string ask(const HealthCheck& check) {
    if (check.type != HealthCheck::Type::kSsh && check.port == 0) {
      return "port " + check.port_name + " has no number yet";
    }
    try {
      if (check.via == HealthCheck::Via::kSsh) ssh_.get();  // its time is not the check's
      switch (check.type) {
        case HealthCheck::Type::kTcp:
          return tcp(check);
        case HealthCheck::Type::kHttp:
          return http(check);
        case HealthCheck::Type::kSsh:
          return command(check);
      }
    } catch (const SshError& error) {
      no_verdict_ = error.condition() == WorkerCondition::kBusy;
      return named(check) + error.what();
    } catch (const std::exception& error) {  // no memory, no socket, no thread
      return named(check) + "this machine could not ask: " + error.what();
    }
    return "";
  }

 private:
  static std::string named(const HealthCheck& check) {
    std::string out = check.type == HealthCheck::Type::kTcp    ? "tcp"
                      : check.type == HealthCheck::Type::kHttp ? "http"
                                                               : "ssh";
    if (!check.port_name.empty()) out += " " + check.port_name;
    if (check.via == HealthCheck::Via::kSsh && check.type != HealthCheck::Type::kSsh) out += " via ssh";
    return out + ": ";
  }

  Deadline limit() const { return Steady::now() + spec_.timeout; }

  std::unique_ptr<Wire> dial(const std::string& host, int port, HealthCheck::Via via, Deadline deadline) {
    if (via == HealthCheck::Via::kController) {
      return connect_tcp(host, port, {.refused_hint = ""}, deadline, interrupter_);
    }
    Forwarded forwarded;
    ssh_.with([&](Connection& connection) {
      // What its address is to us is its loopback to itself.
      forwarded = connection.forward(host == endpoint_.address ? kLoopback : host, port, deadline);
      return !forwarded.wire;
    });
    if (!forwarded.wire) throw SshError(WorkerCondition::kUnreachable, forwarded.detail);
    return std::move(forwarded.wire);
  }

  std::string tcp(const HealthCheck& check) {
    dial(endpoint_.address, check.port, check.via, limit());
    return "";
  }

  std::string http(const HealthCheck& check) {
    HttpQuestion question;
    question.target = {check.scheme == HealthCheck::Scheme::kHttps, endpoint_.address, check.port,
                       check.path};
    question.expect_status = check.expect_status;
    question.ca_file = settings_.ca_file;
    const std::string problem = probe_http(
        question,
        [&](const HttpTarget& target, Deadline deadline) {
          return dial(target.host, target.port, check.via, deadline);
        },
        limit(), *interrupter_);
    return problem.empty() ? "" : named(check) + problem;
  }

  std::string command(const HealthCheck& check) {
    const std::string seconds = std::to_string(spec_.timeout.count());
    const std::string line = probe_line(endpoint_.use_sudo, seconds);
    // The shell has read all of it before any of it runs, so that a command which
    // reads stdin does not eat its own lines. What it says stays on the worker.
    const std::string script = "{\n" + check.command + "\n} </dev/null >/dev/null 2>&1\n";
    CommandResult result;
    Steady::duration took{};
    ssh_.with([&](Connection& connection) {
      bool sent = false;
      const auto begun = Steady::now();
      result = connection.run(
          line,
          [&]() -> std::string_view {
            if (std::exchange(sent, true)) return {};
            return script;
          },
          {}, {}, begun + spec_.timeout + kReceipt);
      took = Steady::now() - begun;
      return result.condition != WorkerCondition::kNone;
    });
    const bool late = took >= spec_.timeout;
    if (result.condition == WorkerCondition::kNone && result.exit_status == 0 && !late) return "";
    if (late && (result.exit_status == 137 || result.exit_status == 124 || result.exit_status <= 0)) {
      return named(check) + "the command did not end within " + seconds + " s";
    }
    if (result.condition != WorkerCondition::kNone) return named(check) + result.detail;
    return named(check) + "the command exited with " + std::to_string(result.exit_status);
  }

  const Endpoint& endpoint_;
  const HealthSpec& spec_;
  const ProbeSettings& settings_;
  const std::shared_ptr<const Interrupter>& interrupter_;
  BorrowedSession ssh_;
  bool no_verdict_ = false;
};

}  // namespace

RoundAnswer probe_round(const Endpoint& endpoint, const HealthSpec& spec, const ProbeSettings& settings,
                        SessionCache& sessions, const std::shared_ptr<const Interrupter>& interrupter) {
  if (spec.checks.empty()) return {};
  Round round(endpoint, spec, settings, sessions, interrupter);
  for (const HealthCheck& check : spec.checks) {
    const std::string problem = round.ask(check);
    if (interrupter->fired()) return {};
    if (!problem.empty()) return {round.no_verdict() ? Health::kUnprobed : Health::kUnhealthy, problem};
  }
  return {Health::kHealthy, ""};
}

}  // namespace maand
