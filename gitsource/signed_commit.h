// Which bytes of a commit are signed, and by what? Git's own framing, taken strictly: a commit that
// could be read in two ways is not verified at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace maand {

struct SignedCommit {
  enum class Kind { kUnsigned, kOpenPgp, kSsh, kUnusable } kind = Kind::kUnsigned;
  std::string payload;    // the commit without its signature
  std::string signature;  // armoured, one block
  std::int64_t committed_at = 0;
  std::string wrong;  // kUnusable: a clause
};

// `raw`: the object as the database has it. Total.
SignedCommit parse_signed_commit(std::string_view raw);

}  // namespace maand
