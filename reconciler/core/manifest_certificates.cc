// `certs`: which certificates the allocations of a job get (workspace.md 2.7).
//
// Names become names of files, so they are of the grammar of job names.
#include "reconciler/core/manifest.h"
#include "reconciler/core/names.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostCommonName = 64;  // characters, X.520

// Of text that is UTF-8.
std::size_t characters(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) out += (static_cast<unsigned char>(c) & 0xc0) == 0x80 ? 0 : 1;
  return out;
}

void parse_subject(const JsonFields& fields, CertificateSpec& spec) {
  const JsonValue* subject = fields.object("subject");
  if (!subject) return;
  const JsonFields of(*subject, fields.at("subject"), {"common_name"});
  std::string name;
  if (!of.read("common_name", name)) return;
  name = std::string(trim(name));
  if (printable(name, 4 * name.size() + 8) != name) {
    of.at("common_name").error(quote(name) + " cannot be shown", "use printable UTF-8 text");
  } else if (characters(name) > kMostCommonName) {
    of.at("common_name")
        .error(quote(name) + " has " + std::to_string(characters(name)) + " characters",
               "a common name has at most " + std::to_string(kMostCommonName) +
                   "; names and addresses of workers are in the certificate anyway");
  } else {
    spec.common_name = name;
  }
}

}  // namespace

std::vector<CertificateSpec> parse_certificates(const JsonValue& object, const Site& site) {
  std::vector<CertificateSpec> out;
  for (const JsonMember* member : map_members(object)) {
    const Site at = site.member(member->key);
    CertificateSpec spec;
    spec.name = member->key;
    if (!is_job_name(spec.name)) {
      at.error(quote(spec.name) + " is no name of a certificate", kJobNameGrammar);
      continue;
    }
    if (spec.name == "ca") {
      at.error("certs/ca.crt is the certificate of the bucket's CA", "use another name");
      continue;
    }
    if (!member->value.is_null()) {
      const JsonFields fields(member->value, at, {"pkcs8", "one", "key", "subject"});
      fields.read("pkcs8", spec.pkcs8);
      fields.read("one", spec.shared);
      std::string key;
      const bool stated = fields.read("key", key);
      if (key == "rsa4096") {
        spec.key = CertificateSpec::Key::kRsa4096;
      } else if (stated && key != "ecdsa-p256") {
        fields.at("key").error(quote(key) + " is no kind of key", "write ecdsa-p256 or rsa4096");
      }
      parse_subject(fields, spec);
    }
    out.push_back(std::move(spec));
  }
  return out;
}

}  // namespace maand
