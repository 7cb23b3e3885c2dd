// What does a certificate say, and do it, its key and the CA fit one another?
//
// Pure: reads text that is there already, and makes nothing. No private key is ever
// part of an answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/applied.h"
#include "reconciler/core/model.h"

namespace maand {

struct CertificateFacts {
  std::string common_name;  // as it stands there: foreign text
  WallTime not_before;
  WallTime not_after;
  std::vector<std::string> addresses;       // of its alternative names, as text; sorted
  std::vector<std::string> names;           // DNS names, lower-case; sorted
  std::optional<CertificateSpec::Key> key;  // nullopt: another kind
  bool authority = false;                   // CA:TRUE
  // Issued by an original maand, which gave no extended usage, no names and RSA keys.
  bool original = false;
  friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

// Of the first certificate in `pem`. nullopt: there is none, or it cannot be read.
std::optional<CertificateFacts> certificate_facts(std::string_view pem);

// `authority` signed `certificate`; both PEM. False where either cannot be read.
bool signed_by(std::string_view certificate, std::string_view authority);

// `key`, PEM in any of the usual forms and not encrypted, is the key of `certificate`.
bool key_fits(std::string_view certificate, std::string_view key);
bool is_pkcs8(std::string_view key);

// An IP address as `addresses` tells it: IPv6 in full, so that one address has one form.
// nullopt: `text` is none.
std::optional<std::string> address_of(std::string_view text);
std::string address_text(std::string_view bytes);  // 4 or 16 of them

}  // namespace maand
