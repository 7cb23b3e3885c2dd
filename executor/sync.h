// What has to travel so that an allocation's files become those of an operation
// (R3.2): the members of the stream and the lists that describe the result.
#pragma once

#include <string>
#include <vector>

#include "executor/tar_stream.h"
#include "reconciler/core/operation.h"

namespace maand {

// An operation that restores sends the lists without the files: the worker has those.
// `full`: the worker holds another list than we believed; send everything.
// Members below `f/` are the files that differ, those below `meta/` describe the
// whole result: `paths` and `dirs` (one a line), `digests` (sha256sum(1) lines of
// the regular files), `attributes` (permissions and owners of files that travel),
// `worker.json`, `jobs.json`. The last one is `end`. REQUIRES: a rendered file that
// travels has its bytes (ShippedFile::text).
std::vector<TarMember> members_of(const Operation& operation, bool full);

// `640 app:www-data`: permissions, and the owner to be set. `-`: whoever it is; `.`: who maand
// is there, for a file that was somebody else's. Not of symlinks.
std::string attributes_word(const ShippedFile& file, bool was_given_away = false);

// Bytes of file content that travel, for deadlines.
std::uint64_t payload_bytes(const std::vector<TarMember>& members);

}  // namespace maand
