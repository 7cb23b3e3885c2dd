#include "gitsource/signed_commit.h"

#include <charconv>

namespace maand {
namespace {

constexpr std::string_view kSignature = "gpgsig ";
constexpr std::string_view kOtherSignature = "gpgsig-sha256 ";
constexpr std::string_view kPgp = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kPgpEnd = "-----END PGP SIGNATURE-----";
constexpr std::string_view kSsh = "-----BEGIN SSH SIGNATURE-----";
constexpr std::string_view kSshEnd = "-----END SSH SIGNATURE-----";
constexpr std::size_t kMostSignatureBytes = 64 << 10;

SignedCommit unusable(std::string wrong) {
  SignedCommit out;
  out.kind = SignedCommit::Kind::kUnusable;
  out.wrong = std::move(wrong);
  return out;
}

// `committer Name <mail> 1700000000 +0100`
bool read_time(std::string_view line, std::int64_t& time) {
  const std::size_t mail = line.rfind("> ");
  if (mail == std::string_view::npos) return false;
  const std::string_view rest = line.substr(mail + 2);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), time);
  return error == std::errc{} && end != rest.data() + rest.size() && *end == ' ' && time >= 0;
}

// Exactly one block, from its first line to its last.
bool is_one_block(std::string_view text, std::string_view begin, std::string_view end) {
  if (!text.starts_with(begin) || text.find("-----BEGIN", begin.size()) != std::string_view::npos)
    return false;
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text.ends_with(end);
}

}  // namespace

SignedCommit parse_signed_commit(std::string_view raw) {
  if (raw.find('\0') != std::string_view::npos) return unusable("the commit holds a zero byte");
  SignedCommit out;
  int signatures = 0;
  int committers = 0;
  bool in_signature = false;
  std::size_t at = 0;
  while (at < raw.size() && raw[at] != '\n') {
    const std::size_t end = raw.find('\n', at);
    if (end == std::string_view::npos) return unusable("the header of the commit has no end");
    const std::string_view line = raw.substr(at, end - at);
    const std::string_view with_end = raw.substr(at, end + 1 - at);
    at = end + 1;
    if (line.front() == ' ') {  // goes on with the header above
      if (in_signature) {
        out.signature.append(with_end.substr(1));
      } else {
        out.payload.append(with_end);
      }
      continue;
    }
    in_signature = line.starts_with(kSignature);
    if (line.starts_with(kOtherSignature)) return unusable("the commit is signed for another object format");
    if (in_signature) {
      ++signatures;
      out.signature.append(with_end.substr(kSignature.size()));
      continue;
    }
    if (line.starts_with("committer ")) {
      ++committers;
      if (!read_time(line, out.committed_at)) return unusable("the commit has no readable date");
    }
    out.payload.append(with_end);
  }
  out.payload.append(raw.substr(at));
  if (signatures == 0) {
    out.signature.clear();
    return out;
  }
  if (signatures > 1) return unusable("the commit has more than one signature");
  if (committers != 1) return unusable("the commit has not exactly one committer");
  if (out.signature.size() > kMostSignatureBytes) return unusable("the signature is longer than 64 KiB");
  if (is_one_block(out.signature, kPgp, kPgpEnd)) {
    out.kind = SignedCommit::Kind::kOpenPgp;
  } else if (is_one_block(out.signature, kSsh, kSshEnd)) {
    out.kind = SignedCommit::Kind::kSsh;
  } else {
    return unusable("the signature is not one OpenPGP or SSH signature");
  }
  return out;
}

}  // namespace maand
