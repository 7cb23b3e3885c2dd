#include "reconciler/core/file_change.h"

#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostPathBytes = 1000;
constexpr const char* kHoldsSecret = "differs (holds a secret)";
constexpr const char* kOldUnknown = "old content is not known here";
constexpr const char* kNewUnknown = "new content is not known here";

bool is_binary(const std::string& text) { return text.find('\0') != std::string::npos || !is_utf8(text); }

bool fit(const FileSide& side) { return !side.text || side.text->size() <= kMostDiffTextBytes; }

bool has_binary(const FileSide& side) { return side.text && is_binary(*side.text); }

// Why there is no diff of what differs. Empty: there can be one.
std::string why_no_diff(const FileSide& before, const FileSide& after, bool secret) {
  if ((before.file && has_binary(before)) || (after.file && has_binary(after)))
    return secret ? std::string("binary, ") + kHoldsSecret : "binary";
  if (before.file && !before.text) {
    // A size is not told of what holds a secret, and it may be the old side that does.
    return secret ? std::string(kHoldsSecret) + ", " + kOldUnknown : kOldUnknown;
  }
  if (after.file && !after.text) return secret ? kHoldsSecret : kNewUnknown;
  if (!fit(before) || !fit(after)) return "too long to compare here";
  return "";
}

}  // namespace

const char* to_string(FileChange::Kind kind) {
  switch (kind) {
    case FileChange::Kind::kAdded:
      return "added";
    case FileChange::Kind::kRemoved:
      return "removed";
    case FileChange::Kind::kChanged:
      return "changed";
  }
  return "changed";
}

std::string mode_text(const ShippedFile& file) {
  std::string out;
  if (file.mode == FileMode::kSymlink) return "symlink";
  const int usual = file.mode == FileMode::kExecutable ? 0755 : 0644;
  const int mode = file.attributes.permissions != 0 ? file.attributes.permissions : usual;
  out += '0';
  for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((mode >> shift) & 7));
  if (!file.attributes.owner.empty() || !file.attributes.group.empty())
    out += " " + file.attributes.owner + ":" + file.attributes.group;
  return out;
}

FileChange change_of(const FileSide& before, const FileSide& after, bool diff_added, const DiffTexts& diff) {
  FileChange out;
  out.path = after.file ? after.file->path : before.file->path;
  out.kind = !before.file  ? FileChange::Kind::kAdded
             : !after.file ? FileChange::Kind::kRemoved
                           : FileChange::Kind::kChanged;
  const bool secret = before.holds_secret || after.holds_secret;
  if (before.file && !secret) out.old_bytes = before.file->size_bytes;
  if (after.file && !secret) out.new_bytes = after.file->size_bytes;
  if (before.file && after.file) {
    out.old_mode = mode_text(*before.file);
    out.new_mode = mode_text(*after.file);
    if (out.old_mode == out.new_mode) out.old_mode = out.new_mode = "";
    if (before.file->content == after.file->content) return out;
  }
  if (out.kind == FileChange::Kind::kRemoved || (out.kind == FileChange::Kind::kAdded && !diff_added)) {
    if (secret) out.note = "holds a secret";
    return out;
  }
  out.note = why_no_diff(before, after, secret);
  if (!out.note.empty()) return out;
  TextDiff found = diff(before.file ? *before.text : "", after.file ? *after.text : "");
  out.diff = std::move(found.lines);
  out.cut = found.cut;
  if (out.diff.empty() && secret) out.note = kHoldsSecret;
  return out;
}

std::string title_of(const FileChange& change) {
  std::string out = change.kind == FileChange::Kind::kAdded     ? "+ "
                    : change.kind == FileChange::Kind::kRemoved ? "- "
                                                                : "~ ";
  out += printable(change.path, kMostPathBytes);
  if (change.old_bytes && change.new_bytes) {
    out += *change.old_bytes == *change.new_bytes ? ", " + std::to_string(*change.new_bytes) + " bytes"
                                                  : ", " + std::to_string(*change.old_bytes) + " → " +
                                                        std::to_string(*change.new_bytes) + " bytes";
  } else if (change.old_bytes || change.new_bytes) {
    out += ", " + std::to_string(change.old_bytes ? *change.old_bytes : *change.new_bytes) + " bytes";
  }
  if (!change.new_mode.empty()) out += ", " + change.old_mode + " → " + change.new_mode;
  if (!change.note.empty()) out += ", " + change.note;
  return out;
}

}  // namespace maand
