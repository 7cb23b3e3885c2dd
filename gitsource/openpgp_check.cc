#include <openssl/evp.h>

#include <sstream>
#include <vector>

#include "gitsource/bounded_command.h"
#include "gitsource/private_directory.h"
#include "gitsource/signature_check.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Kind = SignatureVerdict::Kind;

constexpr std::string_view kBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kEnd = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr std::size_t kMostUserId = 200;

// Of one armoured block, without the lines around it. Empty: it is damaged.
std::string unarmoured(std::string_view block) {
  std::string text;
  std::istringstream lines{std::string(block)};
  bool data = false;  // behind the empty line that ends the headers
  for (std::string line; std::getline(lines, line);) {
    const std::string_view word = trim(line);
    if (!data) {
      data = word.empty();
      continue;
    }
    if (!word.empty() && word.front() == '=') break;  // the checksum
    text += word;
  }
  if (text.empty() || text.size() % 4 != 0) return "";
  std::string out(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return "";
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

// gpgv takes keys in binary only. Empty: there are none.
std::string binary_keys(const std::string& file) {
  if (file.find(kBegin) == std::string::npos) return file;
  std::string out;
  std::size_t at = 0;
  while ((at = file.find(kBegin, at)) != std::string::npos) {
    const std::size_t begin = file.find('\n', at);
    const std::size_t end = file.find(kEnd, at);
    if (begin == std::string::npos || end == std::string::npos || begin > end) return "";
    // The line that begins the block may be followed by headers, or by nothing.
    const std::string keys = unarmoured(std::string_view(file).substr(begin + 1, end - begin - 1));
    if (keys.empty()) return "";
    out += keys;
    at = end;
  }
  return out;
}

SignatureVerdict unchecked(std::string detail) { return {Kind::kUnchecked, "", std::move(detail)}; }

// The rest of `[GNUPG:] WORD rest`.
struct Status {
  std::string word;
  std::vector<std::string> arguments;
  std::string rest;
};

std::vector<Status> lines_of(const std::string& text) {
  std::vector<Status> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string prefix;
    Status status;
    if (!(words >> prefix >> status.word) || prefix != "[GNUPG:]") continue;
    std::getline(words >> std::ws, status.rest);
    std::istringstream rest(status.rest);
    for (std::string word; rest >> word;) status.arguments.push_back(word);
    out.push_back(std::move(status));
  }
  return out;
}

// `KEYID Name <mail>` → `Name <mail> (KEYID)`
std::string signer_of(const Status& status) {
  if (status.arguments.empty()) return "";
  const std::string key = printable(status.arguments[0].substr(0, 40));
  if (status.arguments.size() == 1) return "key " + key;
  const std::string name = status.rest.substr(status.arguments[0].size() + 1);
  return printable(name.substr(0, kMostUserId)) + " (key " + key + ")";
}

}  // namespace

SignatureVerdict read_gpgv_status(const std::string& text, int exit_status) {
  int signatures = 0;
  int valid = 0;
  SignatureVerdict verdict = unchecked("gpgv said nothing of it");
  for (const Status& status : lines_of(text)) {
    const auto found = [&](Kind kind, std::string detail = "") {
      ++signatures;
      verdict = {kind, signer_of(status), std::move(detail)};
    };
    if (status.word == "GOODSIG") {
      found(Kind::kGood);
    } else if (status.word == "EXPSIG") {
      found(Kind::kExpired, "the signature");
    } else if (status.word == "EXPKEYSIG") {
      found(Kind::kExpired, "the key");
    } else if (status.word == "REVKEYSIG") {
      found(Kind::kRevoked);
    } else if (status.word == "BADSIG") {
      found(Kind::kBad);
    } else if (status.word == "ERRSIG") {
      const bool no_key = status.arguments.size() >= 6 && status.arguments[5] == "9";
      found(no_key ? Kind::kUntrusted : Kind::kUnchecked,
            no_key ? "" : "gpgv cannot check that kind of signature");
      verdict.signer = status.arguments.empty() ? "" : "key " + printable(status.arguments[0].substr(0, 40));
    } else if (status.word == "VALIDSIG") {
      ++valid;
    } else if (status.word == "NODATA") {
      verdict = {Kind::kBad, "", "there is no signature in it"};
    }
  }
  if (signatures > 1 || valid > 1) return {Kind::kBad, "", "it holds several signatures"};
  if (verdict.kind == Kind::kGood && (valid != 1 || exit_status != 0))
    return {Kind::kUnchecked, verdict.signer, "gpgv did not confirm it"};
  return verdict;
}

SignatureVerdict check_openpgp(const VerifyOptions& options, const SignedCommit& signed_commit,
                               const std::function<bool()>& stopped) {
  if (options.keyring.empty())
    return {Kind::kUntrusted, "an OpenPGP key", "policy.keyring names no OpenPGP keys"};
  const auto file = read_key_file(options.keyring);
  const std::string keys = file ? binary_keys(*file) : "";
  if (keys.empty()) return unchecked("the file of policy.keyring cannot be read, or holds no keys");
  const PrivateDirectory directory;
  const auto keyring = directory.ok() ? directory.write("keys.gpg", keys) : std::nullopt;
  const auto signature = keyring ? directory.write("signature", signed_commit.signature) : std::nullopt;
  const auto payload = signature ? directory.write("payload", signed_commit.payload) : std::nullopt;
  if (!payload) return unchecked("there is no room for temporary files");
  const CommandEnd end = run_bounded({.argv = {options.gpgv, "--homedir", directory.path(), "--status-fd",
                                               "1", "--keyring", *keyring, "--", *signature, *payload},
                                      .input = {},
                                      .home = directory.path(),
                                      .deadline = options.deadline,
                                      .stopped = stopped});
  switch (end.kind) {
    case CommandEnd::Kind::kExited:
      return read_gpgv_status(end.out, end.status);
    case CommandEnd::Kind::kMissing:
      return unchecked("there is no gpgv; install the package gpgv");
    case CommandEnd::Kind::kTimedOut:
      return unchecked("gpgv did not answer in time");
    case CommandEnd::Kind::kStopped:
      return unchecked("maand is leaving");
    default:
      return unchecked("gpgv broke down");
  }
}

}  // namespace maand
