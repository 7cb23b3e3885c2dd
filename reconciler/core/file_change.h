// How one file of an allocation would change, as it is shown to people.
//
// Nothing in here is a secret, or tells one: where a file holds one, its text comes
// in with `<secret>` in its place, and its sizes and digests are not told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/files.h"

namespace maand {

// Lines of a unified diff without line feeds: `@@ -1,2 +1,3 @@`, ` same`, `-gone`, `+new`.
struct TextDiff {
  std::vector<std::string> lines;
  bool cut = false;  // there are more
};
// Made by a library, outside of core (gitsource/text_diff.h).
using DiffTexts = std::function<TextDiff(std::string_view before, std::string_view after)>;

// One side of a change.
struct FileSide {
  const ShippedFile* file = nullptr;  // null: it is not there
  std::optional<std::string> text;    // secrets replaced; nullopt: not known here
  bool holds_secret = false;          // its real bytes are others than `text`, or may be
};

struct FileChange {
  enum class Kind { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kChanged;
  std::string path;
  // Of either side, where it is there and may be told.
  std::optional<std::uint64_t> old_bytes, new_bytes;
  std::string old_mode, new_mode;  // `0644`, `0600 root:app`, `symlink`; both empty where they are the same
  std::vector<std::string> diff;   // empty: `note` says why, or there is nothing to show
  bool cut = false;                // the diff goes on
  std::string note;  // `binary`, `differs (holds a secret)`, `old content is not known here`, …
  friend bool operator==(const FileChange&, const FileChange&) = default;
};
const char* to_string(FileChange::Kind kind);  // "added", "removed", "changed"

// Longer texts are not compared, only their sizes are told.
inline constexpr std::size_t kMostDiffTextBytes = 1u << 20;

// REQUIRES: at least one side is there. `diff_added`: an added text is shown whole.
FileChange change_of(const FileSide& before, const FileSide& after, bool diff_added, const DiffTexts& diff);

// `0640 root:app`; the owner only where the manifest names one.
std::string mode_text(const ShippedFile& file);

// `~ conf/app.ini, 120 → 131 bytes, 0644 → 0600, binary`
std::string title_of(const FileChange& change);

}  // namespace maand
