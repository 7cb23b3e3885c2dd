// Where a file lies that maand.conf names as one of secrets/: there, or with what the
// service manager hands over (systemd's LoadCredential=, in $CREDENTIALS_DIRECTORY).
//
// secrets/ comes first: what lies there was put there for this bucket. What maand writes
// itself (kv.db, kv.key, tokens, ca.key) is only ever looked for there.
#pragma once

#include <filesystem>
#include <string>

#include "reconciler/cli/bucket.h"

namespace maand {

// Empty: nothing is handed over. Any thread, as long as nobody changes the environment.
std::filesystem::path handed_credentials();

// The second place only when the file is in it and not in the first, so that errors name
// the first. `name` is a plain file name (app/config_puts.h).
std::filesystem::path secret_place(const Bucket& bucket, const std::string& name);

}  // namespace maand
