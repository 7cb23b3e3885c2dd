// The certificate and key a listener shows, and what TLS may be with them:
// 1.2 at least, ciphers with forward secrecy, no renegotiation.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>

struct ssl_ctx_st;
struct ssl_st;

namespace maand {

// Which file, what is wrong with it, and what to do.
class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Immutable, shared by the listeners that speak TLS. Files are read once: a
// renewed certificate is taken over with the next start, which a reload is.
class TlsContext {
 public:
  // `certificate`: PEM, our own first, then those between it and the root. `key`:
  // PEM, not encrypted, for its owner alone (0600). Throws TlsError.
  TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For one connection that a client opened; freed by the caller. nullptr: no memory.
  ssl_st* accept(int fd) const;

 private:
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace maand
