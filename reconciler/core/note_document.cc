#include "reconciler/core/note_document.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "reconciler/core/json_slices.h"

namespace maand {
namespace {

constexpr std::string_view kSeparator = "---";
constexpr std::string_view kHeading = "maand ";
// A note comes from a shared ref; these keep a hostile one from costing
// quadratic time or the stack.
constexpr int kMaxTries = 64;
constexpr int kMaxJoined = 16;

// Lines with their newline; the last may lack one.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

bool is_separator(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line == kSeparator;
}

bool is_heading(std::string_view line) {
  return line.starts_with(kHeading) && line.find(':') != std::string_view::npos;
}

std::string heading_of(const std::string& name) { return std::string(kHeading) + name + ":"; }

void append_text(std::string& out, std::string_view text) {
  out.append(text);
  if (!out.empty() && out.back() != '\n') out.push_back('\n');
}

struct Json {
  std::size_t text_bytes = 0;  // before the separator
  std::size_t end = 0;         // behind the document
  std::vector<std::pair<std::string, std::string>> members;
};

// The first separator that really has our document behind it: other people's
// text may hold lines `---` too.
std::optional<Json> find_json(std::string_view note) {
  std::size_t at = 0;
  int tries = 0;
  for (const std::string_view line : lines_of(note)) {
    const std::size_t behind = at + line.size();
    if (is_separator(line)) {
      const std::string_view rest = note.substr(behind);
      const std::size_t first = rest.find_first_not_of(" \t\r\n");
      if (first == std::string_view::npos || rest[first] != '{' || ++tries > kMaxTries) {
        at = behind;
        continue;
      }
      const auto length = json_object_length(rest);
      if (length && is_json_object(rest.substr(0, *length))) {
        Json out{at, behind + *length, json_members(rest.substr(0, *length))};
        for (const auto& [key, value] : out.members) {
          if (key == "buckets" && is_json_object(value)) return out;
        }
      }
    }
    at = behind;
  }
  return std::nullopt;
}

// `name` inside a bucket's entry; "" when it has none.
std::string name_in(const std::string& entry) {
  if (!is_json_object(entry)) return "";
  for (const auto& [key, value] : json_members(entry)) {
    if (key != "name" || value.size() < 2 || value.front() != '"') continue;
    return json_members("{" + value + ":0}").front().first;  // unescapes it
  }
  return "";
}

std::string as_section(std::string_view text) {
  std::string out;
  bool first = true;
  for (const std::string_view line : lines_of(text)) {
    if (is_separator(line) || (!first && line.starts_with(kHeading))) out.append("  ");
    out.append(line);
    first = false;
  }
  append_text(out, "");
  return out;
}

}  // namespace

NoteDocument NoteDocument::parse(std::string_view note) { return parse(note, 0); }

NoteDocument NoteDocument::parse(std::string_view note, int depth) {
  NoteDocument out;
  const std::optional<Json> json = depth < kMaxJoined ? find_json(note) : std::nullopt;
  if (!json) {
    append_text(out.leading_, note);
    return out;
  }
  std::string* current = &out.leading_;
  for (const std::string_view line : lines_of(note.substr(0, json->text_bytes))) {
    if (is_heading(line)) current = &out.sections_.emplace_back();
    current->append(line);
  }
  for (const auto& [key, value] : json->members) {
    if (key == "buckets" && out.entries_.empty() && is_json_object(value)) {
      for (const auto& [id, entry] : json_members(value)) out.entries_.push_back({id, entry});
    } else if (key != "buckets") {
      out.others_.push_back({key, value});
    }
  }
  // Somebody appended text, or two notes were joined line by line: take the
  // rest as a note of its own.
  std::string_view rest = note.substr(json->end);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  if (!rest.empty()) {
    NoteDocument tail = parse(rest, depth + 1);
    append_text(out.leading_, tail.leading_);
    // In front, so that the newest section of a name stays the last one.
    out.sections_.insert(out.sections_.begin(), tail.sections_.begin(), tail.sections_.end());
    std::vector<Member> missing;
    for (Member& entry : tail.entries_) {
      const bool known = std::any_of(out.entries_.begin(), out.entries_.end(),
                                     [&](const Member& have) { return have.key == entry.key; });
      if (!known) missing.push_back(std::move(entry));
    }
    out.entries_.insert(out.entries_.begin(), missing.begin(), missing.end());
  }
  return out;
}

// Two buckets may bear the same name; then the order of the sections is the
// order of the entries. Counted from the end, because stray sections of a
// damaged note come first. Returns sections_.size() when there is none.
std::size_t NoteDocument::section_of(const std::string& bucket_id, const std::string& name) const {
  std::size_t behind = 0;  // entries of that name behind ours
  bool passed = false;
  for (const Member& entry : entries_) {
    if (entry.key == bucket_id) {
      passed = true;
    } else if (passed && name_in(entry.value) == name) {
      ++behind;
    }
  }
  if (!passed) return sections_.size();
  const std::string heading = heading_of(name);
  for (std::size_t i = sections_.size(); i-- > 0;) {
    if (sections_[i].starts_with(heading) && behind-- == 0) return i;
  }
  return sections_.size();
}

void NoteDocument::put(const std::string& bucket_id, const std::string& name, std::string_view text,
                       std::string_view json) {
  if (!is_json_object(json))
    throw std::invalid_argument("the note entry of bucket " + bucket_id + " is not a JSON object");
  const auto own = std::find_if(entries_.begin(), entries_.end(),
                                [&](const Member& entry) { return entry.key == bucket_id; });
  // A bucket that was renamed still finds its old section.
  const std::string old_name = own == entries_.end() ? "" : name_in(own->value);
  const std::size_t at = section_of(bucket_id, old_name.empty() ? name : old_name);
  if (own == entries_.end()) {
    entries_.push_back({bucket_id, std::string(json)});
  } else {
    own->value = std::string(json);
  }
  if (at == sections_.size()) {
    sections_.push_back(as_section(text));
  } else {
    sections_[at] = as_section(text);
  }
}

std::string NoteDocument::str() const {
  std::string out = leading_;
  for (const std::string& section : sections_) append_text(out, section);
  if (entries_.empty() && others_.empty()) return out;
  out.append(kSeparator).append("\n{");
  bool has_schema = false;
  for (const Member& member : others_) has_schema = has_schema || member.key == "schema";
  if (!has_schema) out.append("\"schema\": 1, ");
  for (const Member& member : others_) {
    out.append(json_quote(member.key)).append(": ").append(member.value).append(", ");
  }
  out.append("\"buckets\": {");
  const char* comma = "";
  for (const Member& entry : entries_) {
    out.append(comma).append(json_quote(entry.key)).append(": ").append(entry.value);
    comma = ", ";
  }
  out.append("}}\n");
  return out;
}

}  // namespace maand
