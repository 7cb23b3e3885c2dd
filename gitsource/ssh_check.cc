#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <vector>

#include "gitsource/bounded_command.h"
#include "gitsource/private_directory.h"
#include "gitsource/signature_check.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Kind = SignatureVerdict::Kind;

constexpr std::size_t kMostPrincipals = 20;
constexpr std::size_t kMostPrincipalBytes = 1000;

// `20261126155900Z`
std::string verify_time(std::int64_t seconds) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(std::min<std::int64_t>(seconds, 253'402'300'799))};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02u%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

// Of the last `… key SHA256:…`; empty: there is none.
std::string key_in(const std::string& text) {
  const std::size_t at = text.rfind("SHA256:");
  if (at == std::string::npos) return "";
  return printable(text.substr(at, std::min(text.find_first_of(" \r\n", at), at + 60) - at));
}

class SshCheck {
 public:
  SshCheck(const VerifyOptions& options, const SignedCommit& signed_commit,
           const std::function<bool()>& stopped)
      : options_(options), commit_(signed_commit), stopped_(stopped) {}

  SignatureVerdict run() {
    if (options_.allowed_signers.empty())
      return {Kind::kUntrusted, "an SSH key", "policy.allowed_signers names no SSH keys"};
    if (!lay_out()) return {Kind::kUnchecked, "", problem_};
    const CommandEnd found = ask({"-Y", "find-principals", "-f", allowed_, "-s", signature_, time_});
    if (broken(found)) return {Kind::kUnchecked, "", problem_};
    std::vector<std::string> principals;
    std::istringstream lines(found.out);
    for (std::string line; std::getline(lines, line) && principals.size() < kMostPrincipals;) {
      const std::string name(trim(line));
      if (!name.empty() && name.size() <= kMostPrincipalBytes &&
          printable(name, 4 * kMostPrincipalBytes) == name)
        principals.push_back(name);
    }
    if (found.status == 0) {
      for (const std::string& principal : principals) {
        std::vector<std::string> words = {"-Y", "verify",  "-n", "git",      "-f", allowed_,
                                          "-I", principal, "-s", signature_, time_};
        if (!revoked_.empty()) words.insert(words.end(), {"-r", revoked_});
        const CommandEnd end = ask(words);
        if (broken(end)) return {Kind::kUnchecked, "", problem_};
        if (end.status == 0) return {Kind::kGood, printable(principal) + " (" + key_in(end.out) + ")", ""};
      }
    }
    return why_not(principals, found.err);
  }

 private:
  bool lay_out() {
    const auto allowed = read_key_file(options_.allowed_signers);
    problem_ = "the file of policy.allowed_signers cannot be read";
    if (!allowed) return false;
    problem_ = "the file of policy.revoked_signers cannot be read";
    std::optional<std::string> revoked;
    if (!options_.revoked_signers.empty() && !(revoked = read_key_file(options_.revoked_signers)))
      return false;
    problem_ = "there is no room for temporary files";
    if (!directory_.ok()) return false;
    const auto a = directory_.write("allowed", *allowed);
    const auto s = directory_.write("signature", commit_.signature);
    const auto r = revoked ? directory_.write("revoked", *revoked) : std::optional<std::string>("");
    if (!a || !s || !r) return false;
    allowed_ = *a;
    signature_ = *s;
    revoked_ = *r;
    time_ = "-Overify-time=" + verify_time(commit_.committed_at);
    return true;
  }

  CommandEnd ask(std::vector<std::string> words) {
    words.insert(words.begin(), options_.ssh_keygen);
    return run_bounded({.argv = std::move(words),
                        .input = commit_.payload,
                        .home = directory_.path(),
                        .deadline = options_.deadline,
                        .stopped = stopped_});
  }

  bool broken(const CommandEnd& end) {
    switch (end.kind) {
      case CommandEnd::Kind::kExited:
        return false;
      case CommandEnd::Kind::kMissing:
        problem_ = "there is no ssh-keygen; install the package openssh-client";
        break;
      case CommandEnd::Kind::kTimedOut:
        problem_ = "ssh-keygen did not answer in time";
        break;
      case CommandEnd::Kind::kStopped:
        problem_ = "maand is leaving";
        break;
      default:
        problem_ = "ssh-keygen broke down";
    }
    return true;
  }

  // For words only: nothing that is said here lets a commit pass.
  SignatureVerdict why_not(const std::vector<std::string>& principals, const std::string& said) {
    const CommandEnd alone = ask({"-Y", "check-novalidate", "-n", "git", "-s", signature_});
    if (broken(alone)) return {Kind::kUnchecked, "", problem_};
    if (alone.status != 0) return {Kind::kBad, "", ""};
    const std::string key = key_in(alone.out);
    if (principals.empty()) {
      const bool known = said.find("key has expired") != std::string::npos ||
                         said.find("not yet valid") != std::string::npos;
      return {Kind::kUntrusted, key,
              known ? "policy.allowed_signers does not allow the key at the date of the commit" : ""};
    }
    std::string who = printable(principals.front()) + " (" + key + ")";
    if (!revoked_.empty()) {
      const CommandEnd listed = ask(
          {"-Y", "verify", "-n", "git", "-f", allowed_, "-I", principals.front(), "-s", signature_, time_});
      if (listed.kind == CommandEnd::Kind::kExited && listed.status == 0) return {Kind::kRevoked, who, ""};
    }
    return {Kind::kUntrusted, std::move(who), "policy.allowed_signers does not allow the key for this"};
  }

  const VerifyOptions& options_;
  const SignedCommit& commit_;
  const std::function<bool()>& stopped_;
  const PrivateDirectory directory_;
  std::string allowed_, signature_, revoked_, time_;
  std::string problem_;
};

}  // namespace

SignatureVerdict check_ssh(const VerifyOptions& options, const SignedCommit& signed_commit,
                           const std::function<bool()>& stopped) {
  return SshCheck(options, signed_commit, stopped).run();
}

}  // namespace maand
