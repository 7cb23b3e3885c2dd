#include "reconciler/core/certificate_files.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "reconciler/core/certificate_facts.h"
#include "reconciler/core/file_rules.h"
#include "reconciler/core/text.h"

namespace maand {

std::string allocation_namespace(const JobName& job, std::string_view address) {
  return "maand/job/" + job.str() + "/worker/" + std::string(address);
}

std::string certificate_path(std::string_view name) { return "certs/" + std::string(name) + ".crt"; }
std::string private_key_path(std::string_view name) { return "certs/" + std::string(name) + ".key"; }

StoredPair stored_pair(const ValueSnapshotPtr& stored, const std::string& ns, std::string_view name) {
  if (!stored) return {};
  return {stored->find(ns, certificate_path(name)).value, stored->find(ns, private_key_path(name)).value};
}

std::vector<ValueChange> keep_pair(const std::string& ns, std::string_view name, std::string_view certificate,
                                   std::string_view key) {
  return {{ValueChange::Kind::kPut, ns, certificate_path(name), std::string(trim(certificate))},
          {ValueChange::Kind::kPutSecret, ns, private_key_path(name), std::string(trim(key))}};
}

std::string pem_file(std::string_view stored) { return std::string(trim(stored)) + "\n"; }

ShippedFile certificate_file(const Job& job, std::string path, std::string_view pem) {
  constexpr int kForItsOwner = 0600;
  const bool is_private = path.ends_with(".key");
  std::string text = pem_file(pem);
  ShippedFile file;
  file.path = std::move(path);
  file.content = sha256(text);
  file.size_bytes = text.size();
  file.text = std::make_shared<const std::string>(std::move(text));
  if (is_private) file.attributes.permissions = kForItsOwner;
  apply_file_rules(job.file_rules, false, false, file);
  return file;
}

CertificateFiles certificate_files(const Job& job, std::string_view address, const VariableSources& sources) {
  CertificateFiles out;
  const std::string ns = allocation_namespace(job.name, address);
  const auto add = [&](std::string path, std::string_view pem) {
    ShippedFile file = certificate_file(job, std::move(path), pem);
    out.inputs += file.path + " " + file.content.hex() + "\n";
    out.files.push_back(std::move(file));
  };
  if (sources.ca_pem.empty() && sources.certificates_awaited) {
    out.problem = std::string(kAuthorityPath) + ": " + *sources.certificates_awaited;
    return out;
  }
  for (const CertificateSpec& spec : job.certs) {
    const StoredPair pair = stored_pair(sources.stored, ns, spec.name);
    const bool foreign = sources.certificates_awaited && sources.authority_unsure && pair.complete() &&
                         !signed_by(pair.certificate->value, sources.ca_pem);
    if (!pair.complete() || foreign) {
      if (sources.certificates_awaited) {
        out.problem = certificate_path(spec.name) + ": " + *sources.certificates_awaited;
        return out;
      }
      add(certificate_path(spec.name), kCertificateToCome);
      add(private_key_path(spec.name), kCertificateToCome);
      continue;
    }
    std::string key = pair.key->value;
    if (pair.key->secret) {
      RevealedSecret opened =
          sources.reveal ? sources.reveal(*pair.key)
                         : RevealedSecret{RevealedSecret::State::kNoKey, "", "secrets cannot be opened here"};
      if (opened.state != RevealedSecret::State::kOpened) {
        out.problem = private_key_path(spec.name) + ": " + opened.problem;
        return out;
      }
      key = std::move(opened.text);
    }
    add(certificate_path(spec.name), pair.certificate->value);
    add(private_key_path(spec.name), key);
  }
  add(std::string(kAuthorityPath),
      sources.ca_pem.empty() ? kCertificateToCome : std::string_view(sources.ca_pem));
  return out;
}

}  // namespace maand
