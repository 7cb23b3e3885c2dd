// The bucket's CA on disk: `secrets/ca.crt` and `secrets/ca.key` (0600), and what it signs.
//
// It is made when the first certificate is asked for. One that an original maand made goes on
// working, and so does any other whose key is in PEM without a passphrase.
#pragma once

#include <filesystem>
#include <memory>

#include "reconciler/core/certificate_issuer.h"

namespace maand {

inline constexpr const char* kAuthorityFile = "ca.crt";
inline constexpr const char* kAuthorityKeyFile = "ca.key";

// `secrets_directory` must exist. create() needs the BucketLock.
std::unique_ptr<CertificateIssuer> open_bucket_authority(const std::filesystem::path& secrets_directory);

}  // namespace maand
