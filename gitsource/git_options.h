// What the git side needs to know; filled from `[git]` of maand.conf.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace maand {

// Whose signatures count (R1.5): paths; an empty one is not there. They are read for every
// verification.
struct VerifyOptions {
  std::string keyring;          // OpenPGP public keys, binary or armoured
  std::string allowed_signers;  // SSH, as ssh-keygen(1) has them
  std::string revoked_signers;  // SSH public keys, or a KRL
  std::string gpgv = "gpgv";    // names in the usual directories, or absolute paths
  std::string ssh_keygen = "ssh-keygen";
  std::chrono::milliseconds deadline{20'000};  // of one process
};

struct GitOptions {
  std::string url;              // file://, https://, ssh://, user@host:path or an absolute path
  std::string branch = "main";  // or a full name below refs/
  std::string mirror;           // directory of the bare mirror; made when missing

  // Credentials: paths only. They are read in the child that needs them.
  std::string ssh_key;      // private key file, or "agent"; empty: agent if there is one
  std::string known_hosts;  // for ssh remotes; a host that is not in it is refused
  std::string username;     // https: default "maand"; ssh: when the URL names none, default "git"
  std::string token_file;   // https: password or token, one line
  std::string ca_file;      // https: trust these authorities instead of the system's

  std::string notes_ref = "refs/notes/maand";
  bool push_notes = true;  // false: notes are written to the mirror only
  std::string notes_url;   // empty: `url`

  // Patterns of core/preview/preview_refs.h: told with every listing.
  std::vector<std::string> preview_refs;

  // A network operation ends when nothing was heard for stall_timeout, and in
  // any case after clone_timeout. Both hold even where the library would wait for ever.
  std::chrono::milliseconds stall_timeout{60'000};
  std::chrono::milliseconds clone_timeout{1'800'000};
  std::uint64_t max_fetch_bytes = 4ull << 30;  // a larger pack is refused
  std::size_t blob_cache_bytes = 64u << 20;

  VerifyOptions verify;

  std::string bucket_id;
  std::string bucket_name;
  std::string committer_name = "maand";  // of notes commits
  std::string committer_email = "maand@localhost";

  // How the network half is started: program and first arguments (README.md).
  std::vector<std::string> transport_command = {"/proc/self/exe", "git-transport"};

  std::string notes_remote() const { return notes_url.empty() ? url : notes_url; }
  std::string branch_ref() const { return branch.rfind("refs/", 0) == 0 ? branch : "refs/heads/" + branch; }
};

}  // namespace maand
