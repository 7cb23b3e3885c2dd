#include "reconciler/core/workers_edit.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "reconciler/core/json_document.h"
#include "reconciler/core/json_slices.h"
#include "reconciler/core/quantity.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Member {
  Span key;  // with its quotes
  Span value;
};

// Walks JSON that is known to be valid; on anything else it stops, and `lost` is set.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  bool lost() const { return lost_; }
  std::size_t at() const { return at_; }

  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char c) {
    blanks();
    if (lost_ || at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) { lost_ = !take(c) || lost_; }

  Span value() {
    blanks();
    const std::size_t begin = at_;
    if (at_ >= text_.size()) {
      lost_ = true;
    } else if (text_[at_] == '"') {
      string();
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      nested();
    } else {
      while (at_ < text_.size() && std::string_view(" \t\r\n,]}").find(text_[at_]) == std::string_view::npos)
        ++at_;
      lost_ = lost_ || at_ == begin;
    }
    return {begin, at_};
  }

 private:
  void string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size()) {
      lost_ = true;
    } else {
      ++at_;
    }
  }
  void nested() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        string();
        if (lost_) return;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
    lost_ = true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  bool lost_ = false;
};

std::string_view slice(std::string_view text, const Span& span) {
  return text.substr(span.begin, span.end - span.begin);
}

// The string that a literal stands for; "" for what is none.
std::string meaning(std::string_view literal) {
  Diagnostics unheard;
  const auto value = parse_json(literal, "", unheard);
  return value && value->kind == JsonValue::Kind::kString ? value->text : "";
}

struct Edit {
  Span place;
  std::string text;
};

// How the members of an object are written: what stands in front of one, and between key and value.
struct Style {
  std::string before;  // ", " or ",\n    "
  std::string between = ": ";
};

Style style_of(std::string_view text, std::size_t opened, const std::vector<Member>& members) {
  const Member& last = members.back();
  const std::size_t previous = members.size() > 1 ? members[members.size() - 2].value.end : opened;
  std::string before;
  for (const char c : text.substr(previous, last.key.begin - previous))
    before += c == ',' ? "" : std::string(1, c);
  // One member alone on the line of its brace: its gap is the brace's, not what separates two.
  if (members.size() == 1 && before.find('\n') == std::string::npos) before = " ";
  return {"," + before, std::string(text.substr(last.key.end, last.value.begin - last.key.end))};
}

using Parse = std::optional<double> (*)(std::string_view);

void put(std::string_view text, std::size_t opened, const std::vector<Member>& members,
         const std::string& key, Parse parse, long long amount, const std::string& unit,
         std::vector<Edit>& edits) {
  const std::string literal = json_quote(std::to_string(amount) + " " + unit);
  for (const Member& member : members) {
    if (meaning(slice(text, member.key)) != key) continue;
    const std::string given = meaning(slice(text, member.value));
    const auto meant = given.empty() ? std::nullopt : parse(given);
    if (!meant || *meant != static_cast<double>(amount)) edits.push_back({member.value, literal});
    return;
  }
  const Style style = style_of(text, opened, members);
  const std::size_t end = members.back().value.end;
  edits.push_back({{end, end}, style.before + json_quote(key) + style.between + literal});
}

}  // namespace

std::optional<std::string> with_facts(std::string_view text, const std::map<WorkerHost, WorkerFacts>& facts) {
  Walker walk(text);
  std::vector<Edit> edits;
  walk.need('[');
  if (!walk.lost() && !walk.take(']')) {
    do {
      walk.need('{');
      const std::size_t opened = walk.at();
      std::vector<Member> members;
      if (!walk.take('}')) {
        do {
          Member member;
          member.key = walk.value();
          walk.need(':');
          member.value = walk.value();
          members.push_back(member);
        } while (!walk.lost() && walk.take(','));
        walk.need('}');
      }
      if (walk.lost()) return std::nullopt;
      std::string host;
      for (const Member& member : members) {
        if (meaning(slice(text, member.key)) == "host")
          host = std::string(trim(meaning(slice(text, member.value))));
      }
      const auto found = facts.find(WorkerHost(host));
      if (found == facts.end()) continue;
      put(text, opened, members, "memory", parse_memory_mb, found->second.memory_mb, "mb", edits);
      put(text, opened, members, "cpu", parse_cpu_mhz, found->second.cpu_mhz, "mhz", edits);
    } while (walk.take(','));
    walk.need(']');
  }
  if (walk.lost()) return std::nullopt;
  std::string out;
  std::size_t done = 0;
  // Two at the same place keep their order; those of one object need not be in the file's.
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.place.begin < b.place.begin; });
  for (const Edit& edit : edits) {
    out += text.substr(done, edit.place.begin - done);
    out += edit.text;
    done = edit.place.end;
  }
  return out + std::string(text.substr(done));
}

std::optional<WorkerFacts> parse_facts(std::string_view output, std::string& problem) {
  std::map<std::string, double, std::less<>> found;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    const std::string_view line = trim(output.substr(0, end));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const std::string_view digits = line.substr(blank + 1);
    double number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && rest == digits.data() + digits.size() && number > 0 && number < 1e15)
      found.emplace(std::string(line.substr(0, blank)), number);
  }
  for (const auto& [key, what] :
       {std::pair("memory_kb", "how much memory it has"), std::pair("cpus", "how many processors it has"),
        std::pair("mhz", "how fast its processors are")}) {
    if (found.count(key) > 0) continue;
    problem = std::string("it does not tell ") + what;
    return std::nullopt;
  }
  WorkerFacts facts;
  facts.memory_mb = static_cast<long long>(std::ceil(found["memory_kb"] / 1024));
  facts.cpu_mhz = static_cast<long long>(found["cpus"]) * static_cast<long long>(found["mhz"]);
  if (facts.cpu_mhz == 0) {
    problem = "it does not tell how fast its processors are";
    return std::nullopt;
  }
  return facts;
}

}  // namespace maand
