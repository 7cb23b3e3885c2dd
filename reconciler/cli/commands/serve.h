// `maand serve`: the daemon.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconciler/cli/context.h"

namespace maand {

struct ServeOptions {
  std::vector<std::string> buckets;  // --bucket, behind the verb; more than one: a daemon of several
  std::string directory;             // --buckets; every bucket in it
  // Of a daemon of several; empty: MAAND__HTTP__…, else the defaults of maand.conf.
  std::optional<std::string> listen;
  std::optional<std::string> health_listen;
  std::optional<std::string> webhook_listen;
  std::string tls_cert;  // files
  std::string tls_key;
  bool allow_plaintext = false;
};

// Runs until SIGTERM or SIGINT. Returns an ExitStatus.
int run_serve(const Context& context, const ServeOptions& options);

}  // namespace maand
