#include "gitsource/git_known_hosts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <optional>

#include "reconciler/core/ids.h"

namespace maand {
namespace {

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

// `*` and `?`, as in ssh_config(5).
bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_hash(std::string_view field, const std::string& name) {  // |1|salt|hash
  const std::size_t bar = field.find('|', 3);
  if (bar == std::string_view::npos) return false;
  const auto salt = base64_decoded(field.substr(3, bar - 3));
  const auto want = base64_decoded(field.substr(bar + 1));
  if (!salt || !want) return false;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
       reinterpret_cast<const unsigned char*>(name.data()), name.size(), mac, &length);
  return std::string_view(reinterpret_cast<const char*>(mac), length) == *want;
}

bool matches_hosts(std::string_view field, const std::string& name) {
  if (field.starts_with("|1|")) return matches_hash(field, name);
  bool matched = false;
  while (!field.empty()) {
    const std::size_t comma = std::min(field.find(','), field.size());
    std::string_view pattern = field.substr(0, comma);
    const bool negated = pattern.starts_with("!");
    if (negated) pattern.remove_prefix(1);
    if (matches_pattern(pattern, name)) {
      if (negated) return false;
      matched = true;
    }
    field.remove_prefix(std::min(comma + 1, field.size()));
  }
  return matched;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return out;
    const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    out.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

}  // namespace

PinnedHost find_pinned_host(std::string_view file, const std::string& host, int port) {
  std::string name = host;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (port != 0 && port != 22) name = "[" + name + "]:" + std::to_string(port);
  PinnedHost out;
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    std::vector<std::string_view> words = words_of(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
    if (words.empty() || words[0].front() == '#') continue;
    std::string_view marker;
    if (words[0].front() == '@') {
      marker = words[0];
      words.erase(words.begin());
    }
    if (words.size() < 3 || !matches_hosts(words[0], name)) continue;
    const auto blob = base64_decoded(words[2]);
    if (!blob) continue;
    if (marker == "@cert-authority") {
      out.authority_only = true;
    } else if (marker.empty() || marker == "@revoked") {
      out.keys.push_back({std::string(words[1]), *blob, !marker.empty()});
    }
  }
  return out;
}

PinVerdict judge_pin(const PinnedHost& known, std::string_view blob) {
  bool pinned = false;
  bool matched = false;
  for (const PinnedKey& key : known.keys) {
    if (key.blob == blob) {
      if (key.revoked) return PinVerdict::kRevoked;
      matched = true;
    }
    pinned = pinned || !key.revoked;
  }
  if (matched) return PinVerdict::kMatch;
  return pinned ? PinVerdict::kChanged : PinVerdict::kUnknown;
}

std::string pin_fingerprint(std::string_view blob) {
  const Digest digest = sha256(blob);
  unsigned char text[64];
  const int length = EVP_EncodeBlock(text, digest.bytes.data(), static_cast<int>(digest.bytes.size()));
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
  while (!out.empty() && out.back() == '=') out.pop_back();
  std::string type = "key";
  if (blob.size() > 4) {
    const std::size_t size = static_cast<unsigned char>(blob[3]);  // type names are short
    if (size + 4 <= blob.size()) type = blob.substr(4, size);
  }
  return type + " SHA256:" + out;
}

}  // namespace maand
