// Which certificates lie in the variables for an allocation, and which files become of
// them (workspace.md 6.1, 8.1): `certs/<name>.crt` 0644, `certs/<name>.key` 0600 and
// `certs/ca.crt` 0644.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/files.h"
#include "reconciler/core/model.h"
#include "reconciler/core/values.h"
#include "reconciler/core/variables.h"

namespace maand {

// Stands for a certificate, or its key, that is not there yet.
inline constexpr std::string_view kCertificateToCome = "<issued when this is applied>";

// `maand/job/<job>/worker/<address>`
std::string allocation_namespace(const JobName& job, std::string_view address);
// `certs/<name>.crt` and `certs/<name>.key`: keys of that namespace, and paths.
std::string certificate_path(std::string_view name);
std::string private_key_path(std::string_view name);
inline constexpr std::string_view kAuthorityPath = "certs/ca.crt";

struct StoredPair {  // null: it is not there
  const StoredValue* certificate = nullptr;
  const StoredValue* key = nullptr;
  bool complete() const { return certificate && key; }
};
// Points into the snapshot, which may be null.
StoredPair stored_pair(const ValueSnapshotPtr& stored, const std::string& ns, std::string_view name);

// What keeps a pair there: without white space around either, as every value (6.1), the key sealed.
std::vector<ValueChange> keep_pair(const std::string& ns, std::string_view name, std::string_view certificate,
                                   std::string_view key);

// As a file: values are kept without white space around them.
std::string pem_file(std::string_view stored);
ShippedFile certificate_file(const Job& job, std::string path, std::string_view pem);

struct CertificateFiles {
  std::vector<ShippedFile> files;
  std::string inputs;   // tells which certificates they are (RenderedWith::values)
  std::string problem;  // set: the allocation waits, and for what
};
// Of a job with certificates, on the worker with that address. Where one is not there,
// VariableSources::certificates_awaited decides.
CertificateFiles certificate_files(const Job& job, std::string_view address, const VariableSources& sources);

}  // namespace maand
