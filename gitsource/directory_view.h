// FileView over a plain directory, as the commit it would become: for
// `maand validate DIR` and `maand plan --workspace DIR`.
//
// Blob and tree ids are git's own, so a directory that was committed as it is
// compares equal to its commit. As in git: directories without files are not
// there, `.git` is not looked into, a directory with a `.git` of its own is a
// submodule, sockets and devices do not exist. Unlike git, .gitignore is not
// read: what lies there counts.
#pragma once

#include <memory>
#include <string>

#include "reconciler/core/ports.h"

namespace maand {

// Reads everything below `root` once. No symlink below `root` is followed,
// `root` itself may be one. read() throws when a file changed since then.
// Throws SourceError: kNotFound when `root` is no directory, kOther when
// something in it cannot be read.
std::unique_ptr<FileView> open_directory_view(const std::string& root);

}  // namespace maand
