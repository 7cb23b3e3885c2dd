// The seam to whoever holds the key of the bucket's CA and makes key pairs. Implementation:
// store/bucket_authority; for unit tests a double in tests/support.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/model.h"

namespace maand {

// What is wrong and what to do.
class CertificateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BucketAuthority {
  std::string certificate;  // PEM; empty: there is none
  bool absent = false;      // neither certificate nor key: one may be made
  std::string problem;      // why it signs nothing, and what to do; empty: it does, or it is absent
};

// What a certificate is asked for (workspace.md 12.2 and the list of differences).
struct CertificateWish {
  CertificateSpec spec;
  std::vector<std::string> addresses;  // IP addresses it is for
  std::vector<std::string> names;      // DNS names it is for
  WallTime now;
  std::chrono::hours lifetime;  // from now; it ends with the CA at the latest
};

struct IssuedPair {
  std::string certificate;  // PEM
  std::string key;          // PEM: the usual form of its kind, or PKCS #8
};

// Thread-safe.
class CertificateIssuer {
 public:
  virtual ~CertificateIssuer() = default;
  // Reads what is there; quick. Never throws.
  virtual BucketAuthority authority(WallTime now) = 0;
  // Makes the CA of the bucket where it is absent: durable when it returns, and whole or not at
  // all after a crash. May take seconds. Throws CertificateError.
  virtual void create(const BucketId& bucket, WallTime now) = 0;
  // May take seconds (RSA). Throws CertificateError.
  virtual IssuedPair issue(const CertificateWish& wish) = 0;
};

}  // namespace maand
