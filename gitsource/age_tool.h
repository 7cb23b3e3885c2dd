// What `age` and `age-keygen` do for us: encrypt for public keys, decrypt with a file of private
// ones, make such a file. Processes within limits (bounded_command.h): a bare environment, a
// deadline, bounded output. Values go through memory files, never through argv, the environment
// or the disk.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

struct AgeResult {
  enum class State {
    kDone,
    kNoProgram,   // age is not installed
    kNoIdentity,  // the file of the private key is missing, or others may use it
    kWrongKey,    // it opens for other keys than those
    kBadInput,    // it is no age file, or damaged
    kFailed,      // did not end in time, or could not be run
  } state = State::kFailed;
  std::string text;     // kDone: what was asked for
  std::string problem;  // else: what is wrong and what to do; never a value
};

// Armored. REQUIRES: recipients are public keys (core/git_secrets.h parse_recipients).
AgeResult age_encrypt(const std::vector<std::string>& recipients, std::string_view plaintext);

// Reads of `identity` only whether it may be used; age reads the key.
AgeResult age_decrypt(const std::filesystem::path& identity, std::string_view armored,
                      std::chrono::milliseconds deadline = std::chrono::milliseconds(10'000));

// Makes a new identity (0600), whole or not at all, and on disk when it returns; never replaces one:
// whoever was faster made the one that is used. The text is its public key.
AgeResult age_make_identity(const std::filesystem::path& identity);

// The public keys of a file of private ones, one a line.
AgeResult age_recipients_of(const std::filesystem::path& identity);

}  // namespace maand
