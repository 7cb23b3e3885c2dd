// Is a signature good, and whose is it? Asked of the real gpgv and ssh-keygen, which read
// nothing but the operator's keys, the signature and the signed bytes, in a private directory.
#pragma once

#include <functional>
#include <string>

#include "gitsource/git_options.h"
#include "gitsource/signed_commit.h"
#include "reconciler/core/signatures.h"

namespace maand {

// REQUIRES: signed_commit.kind is kOpenPgp. Expired and revoked keys are refused as of now; no
// keyserver and no agent is asked.
SignatureVerdict check_openpgp(const VerifyOptions& options, const SignedCommit& signed_commit,
                               const std::function<bool()>& stopped);

// REQUIRES: signed_commit.kind is kSsh. Namespace `git`; valid-after and valid-before are held
// against the date of the commit, as git does.
SignatureVerdict check_ssh(const VerifyOptions& options, const SignedCommit& signed_commit,
                           const std::function<bool()>& stopped);

// What `gpgv --status-fd` wrote. Pure.
SignatureVerdict read_gpgv_status(const std::string& status, int exit_status);

}  // namespace maand
