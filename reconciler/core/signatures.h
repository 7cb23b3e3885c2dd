// R1.5: who signed a commit? The seam to whoever can tell, and what is asked of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/core/ids.h"

namespace maand {

enum class VerifyMode {
  kNone,
  kHead,    // the commit that is to be applied
  kStrict,  // and every commit of its first-parent chain since the last applied one
};

struct SignatureVerdict {
  enum class Kind {
    kGood,  // by a key that is trusted, over exactly the bytes of the commit
    kUnsigned,
    kUntrusted,  // by a key nobody said to trust
    kExpired,    // the key, or the signature, or trust in it has run out
    kRevoked,
    kBad,        // not over these bytes, or nothing that can be a signature
    kUnchecked,  // it could not be found out
  } kind = Kind::kUnchecked;
  std::string signer;  // name and key as far as known, printable; empty: unknown
  std::string detail;  // more about why not, a clause; may be empty
  friend bool operator==(const SignatureVerdict&, const SignatureVerdict&) = default;
};

// `is not signed`, `is signed by ann (ED25519 SHA256:…), whose key is revoked`
std::string sentence(const SignatureVerdict& verdict);

// Calls block, with deadlines of their own, and throw SourceError when the mirror cannot be read. On
// the thread of Source.
class Signatures {
 public:
  virtual ~Signatures() = default;
  virtual SignatureVerdict verify(const CommitId& commit) = 0;
  // What `head` reaches by first parents and none of `known` reaches at all, newest first; at most
  // `most`. One of `known` that the mirror has not, reaches nothing.
  virtual std::vector<CommitId> chain(const CommitId& head, const std::vector<CommitId>& known,
                                      std::size_t most) = 0;
};

}  // namespace maand
