// Keeps the mirror small: notes leave loose objects, every fetch leaves a pack.
#pragma once

#include <string>
#include <vector>

namespace maand {

// Cheap look whether repacking would pay: more than about 4,000 loose objects
// or more than 50 small packs.
bool git_wants_repack(const std::string& mirror);

// Puts all loose objects and all packs below 16 MiB into one pack, then removes
// them. Drops nothing, reachable or not: a force-pushed commit stays readable.
// Safe to be killed at any point. Runs in the child, under the mirror's lock.
// Throws SourceError.
void git_repack(const std::string& mirror);

// Copies `commits` with all their history from the object database of another
// repository, however damaged the rest of it is. One that cannot be read whole
// is left out. Runs in the child, under the mirror's lock. Throws SourceError.
void git_salvage(const std::string& mirror, const std::string& from, const std::vector<std::string>& commits);

}  // namespace maand
