#include "gitsource/git_error.h"

#include <git2.h>

namespace maand {

std::string git_last_error() {
  const git_error* error = git_error_last();
  std::string out = error && error->message ? error->message : "no further information";
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}

bool git_means_corrupt(int code) {
  const git_error* error = git_error_last();
  const int error_class = error ? error->klass : GIT_ERROR_NONE;
  switch (error_class) {
    case GIT_ERROR_ODB:
    case GIT_ERROR_OBJECT:
    case GIT_ERROR_ZLIB:
    case GIT_ERROR_TREE:
    case GIT_ERROR_INDEXER:
    case GIT_ERROR_SHA:
      return true;
    case GIT_ERROR_REFERENCE:
    case GIT_ERROR_REPOSITORY:
    case GIT_ERROR_CONFIG:
      return code == GIT_ERROR || code == GIT_ENOTFOUND || code == GIT_EINVALID;
    default:
      return code == GIT_EMISMATCH;
  }
}

void throw_mirror_error(int code, const std::string& doing) {
  const std::string text = git_last_error();
  if (git_means_corrupt(code)) {
    throw SourceError(SourceProblem::kMirrorBroken, "could not " + doing + ": the mirror is damaged (" +
                                                        text + "); it will be cloned again");
  }
  throw SourceError(SourceProblem::kOther, "could not " + doing + ": " + text +
                                               "; check that the mirror's disk has space and can be written");
}

}  // namespace maand
