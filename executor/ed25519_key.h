// An ed25519 private key as ssh-keygen writes it, made ready to sign once.
//
// libssh2 would do all of it, but offers the text to every decoder of OpenSSL
// before it reads it by itself, twice a login: 2 of the 6 ms that a first deploy
// cost per worker. Every other kind of key goes that way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

// Immutable and cheap to copy; any thread.
class Ed25519Key {
 public:
  // From the content of an `OPENSSH PRIVATE KEY` file without a passphrase
  // (OpenSSH, PROTOCOL.key). nullopt for every other content, whatever it is.
  static std::optional<Ed25519Key> read(std::string_view file);

  // The public key as SSH sends it (RFC 8709 section 4).
  const std::string& public_blob() const { return public_blob_; }
  // 64 bytes, without the algorithm's name. Throws std::runtime_error when
  // OpenSSL refuses.
  std::string sign(std::string_view data) const;

 private:
  struct Secret;
  Ed25519Key(std::shared_ptr<const Secret> secret, std::string public_blob);

  std::shared_ptr<const Secret> secret_;
  std::string public_blob_;
};

}  // namespace maand
