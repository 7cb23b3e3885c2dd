// What a file of bearer tokens says (R6.2): who has one, and what it allows.
//
// One line each: `NAME ROLE sha256:SALT:HASH [EXPIRY]`, the hash being the
// SHA-256 of salt and token, the expiry like `2027-02-01T00:00:00Z`. One round of
// a fast hash is enough: a token is 256 random bits that we drew, so there is no
// list of likely ones to try, and who reads the file cannot get back to it. The
// salt keeps two files from showing that they hold the same token.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/http/role.h"

namespace maand {

struct TokenEntry {
  using Time = std::chrono::system_clock::time_point;

  std::string name;  // [A-Za-z0-9][A-Za-z0-9_.-]{0,62}
  Role role = Role::kRead;
  std::string salt;             // 16 bytes
  std::string hash;             // 32 bytes
  std::optional<Time> expires;  // to the second

  bool expired(Time now) const { return expires && *expires <= now; }
};

bool is_token_name(std::string_view name);

class Tokens {
 public:
  // Lines that are no entry allow nothing and are told in `problems`, one sentence
  // each; neither they nor what is shown of them holds a secret. Total.
  static Tokens parse(std::string_view text, std::vector<std::string>& problems);

  // The entry of `token`; nullptr: there is none. Takes as long for every token:
  // each entry is compared in full.
  const TokenEntry* find(std::string_view token) const;

  const std::vector<TokenEntry>& entries() const { return entries_; }

 private:
  std::vector<TokenEntry> entries_;
};

// The line of an entry, without its end.
std::string to_line(const TokenEntry& entry);

// `2027-02-01T00:00:00Z`
std::string expiry_text(TokenEntry::Time time);
std::optional<TokenEntry::Time> parse_expiry(std::string_view text);

// A new token, `maand_` and 64 hex digits, and the entry that knows it.
struct NewToken {
  std::string token;
  TokenEntry entry;
};
// `random`: 48 bytes that nobody can guess.
NewToken make_token(std::string name, Role role, std::optional<TokenEntry::Time> expires,
                    std::string_view random);

}  // namespace maand
