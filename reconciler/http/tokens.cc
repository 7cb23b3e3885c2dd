#include "reconciler/http/tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMaxTokenBytes = 256;
constexpr std::string_view kPrefix = "maand_";
constexpr std::string_view kScheme = "sha256:";

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text, std::size_t bytes) {
  if (text.size() != 2 * bytes) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int value = 0;
    for (const char c : text.substr(i, 2)) {
      if (c >= '0' && c <= '9') {
        value = value * 16 + (c - '0');
      } else if (c >= 'a' && c <= 'f') {
        value = value * 16 + (c - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    out += static_cast<char>(value);
  }
  return out;
}

std::string hash_of(std::string_view salt, std::string_view token) {
  std::string input(salt);
  input += token;
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  OPENSSL_cleanse(input.data(), input.size());
  return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// A problem in words, or "".
std::string read_entry(std::string_view line, TokenEntry& entry) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() < 3 || words.size() > 4) return "is not NAME ROLE sha256:SALT:HASH [EXPIRY]";
  if (!is_token_name(words[0])) return "does not begin with a name";
  entry.name = words[0];
  if (words[1] != "read" && words[1] != "operate") {
    return "gives no role after the name; there are read and operate";  // not what it says: it may be a token
  }
  entry.role = words[1] == "read" ? Role::kRead : Role::kOperate;
  const std::size_t colon = words[2].rfind(':');
  const bool known = words[2].starts_with(kScheme) && colon >= kScheme.size();
  const auto salt =
      known ? from_hex(words[2].substr(kScheme.size(), colon - kScheme.size()), kSaltBytes) : std::nullopt;
  const auto hash = known ? from_hex(words[2].substr(colon + 1), SHA256_DIGEST_LENGTH) : std::nullopt;
  if (!salt || !hash) return "holds no sha256:SALT:HASH as `maand token add` writes it";
  entry.salt = *salt;
  entry.hash = *hash;
  if (words.size() == 4 && !(entry.expires = parse_expiry(words[3]))) {
    return "does not end in an expiry like 2027-02-01T00:00:00Z";
  }
  return "";
}

}  // namespace

bool is_token_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 63 && word(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return word(c) || c == '_' || c == '.' || c == '-'; });
}

Tokens Tokens::parse(std::string_view text, std::vector<std::string>& problems) {
  Tokens out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == '#') continue;
    TokenEntry entry;
    std::string problem = read_entry(line, entry);
    const auto same = [&](const TokenEntry& other) { return other.name == entry.name; };
    if (problem.empty() && std::any_of(out.entries_.begin(), out.entries_.end(), same)) {
      problem = "gives the name " + entry.name + " again";
    }
    if (problem.empty()) {
      out.entries_.push_back(std::move(entry));
    } else {
      problems.push_back("line " + std::to_string(number) + " " + problem);
    }
  }
  return out;
}

const TokenEntry* Tokens::find(std::string_view token) const {
  if (token.empty() || token.size() > kMaxTokenBytes) return nullptr;
  const TokenEntry* found = nullptr;
  for (const TokenEntry& entry : entries_) {
    const std::string hash = hash_of(entry.salt, token);
    if (CRYPTO_memcmp(hash.data(), entry.hash.data(), hash.size()) == 0) found = &entry;
  }
  return found;
}

std::string to_line(const TokenEntry& entry) {
  std::string out = entry.name + ' ' + to_string(entry.role) + ' ' + std::string(kScheme) +
                    to_hex(entry.salt) + ':' + to_hex(entry.hash);
  if (entry.expires) out += ' ' + expiry_text(*entry.expires);
  return out;
}

std::string expiry_text(TokenEntry::Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<TokenEntry::Time> parse_expiry(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  // The clock counts nanoseconds in 64 bits and ends in 2262.
  if (!date.ok() || date.year() < std::chrono::year(1970) || date.year() > std::chrono::year(2261) ||
      number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2));
}

NewToken make_token(std::string name, Role role, std::optional<TokenEntry::Time> expires,
                    std::string_view random) {
  NewToken out;
  out.token = std::string(kPrefix) + to_hex(random.substr(0, kTokenBytes));
  out.entry.name = std::move(name);
  out.entry.role = role;
  out.entry.salt = random.substr(kTokenBytes, kSaltBytes);
  out.entry.hash = hash_of(out.entry.salt, out.token);
  if (expires) out.entry.expires = std::chrono::floor<std::chrono::seconds>(*expires);
  return out;
}

}  // namespace maand
