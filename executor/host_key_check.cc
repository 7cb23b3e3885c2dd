#include "executor/host_key_check.h"

#include "executor/ssh_error.h"

namespace maand {
namespace {

std::string describe(const HostKey& key) { return key.type + " " + fingerprint(key); }

std::string describe(const std::vector<HostKey>& keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : " or ") + describe(key);
  return text;
}

[[noreturn]] void refuse(HostKeyVerdict verdict, const HostKeyExpectation& expectation,
                         const HostKey& presented) {
  const auto shows = expectation.name + " shows host key " + describe(presented);
  if (verdict == HostKeyVerdict::kRevoked) {
    throw SshError(WorkerCondition::kHostKeyChanged,
                   shows + ", which secrets/known_hosts lists as @revoked; give the machine a new host key");
  }
  if (verdict == HostKeyVerdict::kUnknown) {
    throw SshError(WorkerCondition::kHostKeyUnknown,
                   shows +
                       ", which nobody vouched for; compare it on the machine (ssh-keygen -lf "
                       "/etc/ssh/ssh_host_*_key.pub), then add to secrets/known_hosts: " +
                       expectation.name + " " + to_line(presented) + " (or set host_key in workers.json)");
  }
  throw SshError(
      WorkerCondition::kHostKeyChanged,
      shows + ", but " + describe(expectation.expected.keys) + " is expected by " +
          (expectation.from_workspace ? "host_key in workers.json" : "secrets/known_hosts") +
          "; somebody may stand in between; if the machine was set up anew, replace the key there");
}

[[noreturn]] void unreadable(const std::exception& error) {
  throw SshError(WorkerCondition::kHostKeyUnknown,
                 std::string("no host key can be checked: ") + error.what());
}

}  // namespace

HostKeyExpectation expect_host_key(KnownHostsFile& file, const std::string& address, int port,
                                   const std::vector<std::string>& workspace_keys) {
  HostKeyExpectation expectation;
  expectation.name = known_hosts_name(address, port);
  try {
    expectation.expected = file.find(expectation.name);
  } catch (const std::exception& error) {
    unreadable(error);
  }
  if (workspace_keys.empty()) return expectation;
  expectation.from_workspace = true;
  expectation.expected.keys.clear();
  for (const auto& line : workspace_keys) {
    const auto key = parse_host_key(line);
    if (!key) {
      throw SshError(WorkerCondition::kHostKeyUnknown,
                     "host_key of " + address + " in workers.json is no key (`ssh-ed25519 AAAA…`): " + line);
    }
    expectation.expected.keys.push_back(*key);
  }
  return expectation;
}

void check_host_key(KnownHostsFile& file, const HostKeyExpectation& expectation, const HostKey& presented,
                    bool accept_new) {
  auto verdict = judge(expectation.expected, presented);
  if (verdict == HostKeyVerdict::kUnknown && accept_new) {
    try {
      verdict = file.accept(expectation.name, presented);
    } catch (const std::exception& error) {
      unreadable(error);
    }
  }
  if (verdict != HostKeyVerdict::kKnown) refuse(verdict, expectation, presented);
}

}  // namespace maand
