// `maand secrets …`: secrets of jobs, in git (in the checkout a person works in) or stored at rest on
// the control host.
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct SecretsSetOptions {
  std::string job;
  std::string key;
  std::string file;     // the value; empty: stdin
  bool stored = false;  // at rest on the control host, not in git
};
struct SecretsRemoveOptions {
  std::string job;
  std::string key;
  bool stored = false;
};
struct SecretsEditOptions {
  std::string job;
  bool stored = false;
};
struct SecretsListOptions {
  std::string job;  // empty: every job
};
struct SecretsRotateOptions {};
struct SecretsRecipientOptions {};

// No value is on any command line, in the environment or in what they print.
int run_secrets_set(const Context& context, const SecretsSetOptions& options);
int run_secrets_remove(const Context& context, const SecretsRemoveOptions& options);
int run_secrets_edit(const Context& context, const SecretsEditOptions& options);
int run_secrets_list(const Context& context, const SecretsListOptions& options);
int run_secrets_rotate(const Context& context, const SecretsRotateOptions& options);
// Prints the bucket's public key, and makes its identity when there is none.
int run_secrets_recipient(const Context& context, const SecretsRecipientOptions& options);

}  // namespace maand
