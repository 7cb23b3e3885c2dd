// The text of one commit's note: what each bucket says about it (R4.1).
//
//   <text of other people>                   kept, first
//   maand prod: applied · 2 restarted · …    one section per bucket
//     api@10.0.0.1  1.2.0 → 1.3.0  …
//   maand staging: …
//   ---
//   {"schema": 1, "buckets": {"<bucket_id>": {…}, …}}
//
// A bucket replaces its own section and entry; every byte of the others'
// sections and entries stays as it was. Parsing is total: a note that is not
// ours, or is damaged, becomes leading text and is never lost.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace maand {

class NoteDocument {
 public:
  // A member of a JSON object, the value as its bytes stood in the note.
  struct Member {
    std::string key;
    std::string value;
    friend bool operator==(const Member&, const Member&) = default;
  };

  static NoteDocument parse(std::string_view note);

  // Replaces the part of `bucket_id`, or adds it behind the others. `text` is
  // the section: it begins with `maand <name>: `, and `json` holds the same
  // `name`. Lines of `text` that would read as a separator or as the heading
  // of another section are indented. Throws std::invalid_argument when `json`
  // is not a JSON object.
  void put(const std::string& bucket_id, const std::string& name, std::string_view text,
           std::string_view json);

  // The whole note, ending with a newline.
  std::string str() const;

  const std::string& leading() const { return leading_; }  // foreign text; "" or ends with a newline
  const std::vector<std::string>& sections() const { return sections_; }  // each ends with a newline
  const std::vector<Member>& entries() const { return entries_; }         // by bucket id, in the note's order

 private:
  static NoteDocument parse(std::string_view note, int depth);
  std::size_t section_of(const std::string& bucket_id, const std::string& name) const;

  std::string leading_;
  std::vector<std::string> sections_;
  std::vector<Member> entries_;
  std::vector<Member> others_;  // members beside `buckets`, `schema` first; kept for newer versions
};

}  // namespace maand
