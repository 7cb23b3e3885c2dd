// How is a key pair made, and a certificate for it signed (workspace.md 12.1, 12.2)?
// OpenSSL in memory: no files, no program, and no key ever on a command line.
#pragma once

#include <chrono>
#include <string>

#include "reconciler/core/certificate_issuer.h"

namespace maand {

// Self-signed for ten years. RSA takes seconds. Throws CertificateError.
IssuedPair make_authority(const std::string& common_name, CertificateSpec::Key kind, WallTime now);

// Signed with `authority` (PEM, RSA or EC in any unencrypted form). Throws CertificateError.
IssuedPair sign_certificate(const IssuedPair& authority, const CertificateWish& wish);

}  // namespace maand
