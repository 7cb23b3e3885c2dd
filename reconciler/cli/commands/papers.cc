#include "reconciler/cli/commands/papers.h"

#include <exception>
#include <iostream>
#include <set>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/schemas.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/status_view.h"

namespace maand {
namespace {

// What may go to a shell: no white space, quotes or control characters.
bool is_plain(const std::string& name) {
  return !name.empty() && name.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789_.:@-") == std::string::npos;
}

std::set<std::string> names_in(const StatusView& status, const std::string& kind) {
  std::set<std::string> out;
  for (const auto& one : status.allocations) {
    if (kind == "jobs" || kind == "both") out.insert(one.job);
    if (kind == "workers") out.insert(one.worker);
    if (kind == "allocations" || kind == "both") out.insert(one.job + "@" + one.worker);
  }
  for (const auto& one : status.jobs) {
    if (kind == "jobs" || kind == "both") out.insert(one.job);
  }
  for (const auto& one : status.set_aside) {
    if (kind == "workers") out.insert(one.worker);
  }
  return out;
}

}  // namespace

int run_schema(const Context&, const SchemaOptions& options) {
  std::cout << (options.document == "manifest"  ? kManifestSchema
                : options.document == "workers" ? kWorkersSchema
                                                : kConfSchema);
  return kExitDone;
}

int run_names(const Context& context, const NamesOptions& options) {
  try {
    const Bucket bucket = open_bucket(context);
    for (const std::string& name : names_in(parse_status(status_document(bucket)), options.kind)) {
      if (is_plain(name)) std::cout << name << "\n";
    }
  } catch (const std::exception&) {
  }
  return kExitDone;
}

}  // namespace maand
