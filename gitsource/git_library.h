// Process-wide settings of libgit2: once, before anything else of it is used.
#pragma once

#include <string>

namespace maand {

// Starts libgit2 and
//  - clears the configuration search paths: an unreadable $HOME or a strange
//    /etc/gitconfig must neither fail nor change what we do;
//  - turns the owner check off: it protects from *running* things a foreign
//    repository configures, which libgit2 never does, and `safe.directory=*`
//    is ignored by 1.5 (libraries.md);
//  - caps mapped windows and the object cache, whose defaults grow to gigabytes;
//  - syncs what it writes, so that a kept ref survives power loss (R7).
// Thread-safe; cheap when done before. Throws SourceError.
void git_library_start();

// Trust these authorities for https. The child only.
void git_library_trust(const std::string& ca_file);

}  // namespace maand
