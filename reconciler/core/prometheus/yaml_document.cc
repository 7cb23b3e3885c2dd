#include "reconciler/core/prometheus/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

// Leaves the parser, whose events have no other way out; caught in parse_yaml.
struct Refused {
  int line;
  std::string message;
  std::string advice;
};

int depth_of(const YamlValue& value) {
  int deepest = 0;
  for (const YamlValue& item : value.items) deepest = std::max(deepest, depth_of(item));
  for (const YamlMember& member : value.members) deepest = std::max(deepest, depth_of(member.value));
  return deepest + 1;
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::size_t skipped_bytes) : skipped_(skipped_bytes) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    begin(mark, anchor, YamlValue::Kind::kNull, "");
    end();
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    YamlValue& value = begin(mark, anchor, YamlValue::Kind::kScalar, tag);
    value.text = text;
    value.plain = tag == "?";
    end();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, anchor, YamlValue::Kind::kList, tag);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, anchor, YamlValue::Kind::kMap, tag);
  }
  void OnMapEnd() override {
    settle_keys(open_.back().value);
    end();
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const int line = mark.line + 1;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{line, "an alias stands for something that contains it", "write the value out"};
    if (++aliases_ > kMaxYamlAliases) {
      throw Refused{line, "more than " + std::to_string(kMaxYamlAliases) + " aliases",
                    "write the values out"};
    }
    count(found->second, line, static_cast<int>(open_.size()));
    YamlValue copy = found->second;
    copy.offset = skipped_ + static_cast<std::size_t>(mark.pos);
    copy.line = line;
    open_.push_back({std::move(copy), 0});
    end();
  }

  YamlValue take() { return std::move(root_); }

 private:
  struct Open {
    YamlValue value;
    YAML::anchor_t anchor;
    std::optional<YamlValue> key;  // of a map: read, and waiting for its value
  };

  YamlValue& begin(const YAML::Mark& mark, YAML::anchor_t anchor, YamlValue::Kind kind,
                   const std::string& tag) {
    const int line = mark.line + 1;
    if (open_.size() >= static_cast<std::size_t>(kMaxYamlDepth)) {
      throw Refused{line, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels", "flatten it"};
    }
    count_node(line);
    Open& open = open_.emplace_back();
    open.anchor = anchor;
    open.value.kind = kind;
    open.value.offset = skipped_ + static_cast<std::size_t>(std::max(mark.pos, 0));
    open.value.line = line;
    if (tag.size() > 1 && tag != "tag:yaml.org,2002:str") open.value.tag = tag;
    return open.value;
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) {
      const int line = done.value.line;
      count(done.value, line, static_cast<int>(open_.size()));  // the copy is memory as well
      anchors_[done.anchor] = done.value;
    }
    if (open_.empty()) {
      root_ = std::move(done.value);
    } else if (Open& parent = open_.back(); parent.value.kind == YamlValue::Kind::kList) {
      parent.value.items.push_back(std::move(done.value));
    } else if (!parent.key) {
      take_key(parent, std::move(done.value));
    } else {
      parent.value.members.push_back({std::move(*parent.key), std::move(done.value)});
      parent.key.reset();
    }
  }

  static void take_key(Open& parent, YamlValue key) {
    if (key.kind == YamlValue::Kind::kNull) {
      key.kind = YamlValue::Kind::kScalar;
      key.text = "null";
      key.plain = true;
    }
    if (key.kind != YamlValue::Kind::kScalar)
      throw Refused{key.line, "a key is " + std::string(describe(key.kind)), "use text as the key"};
    if (key.text.size() > kMaxYamlKeyBytes || key.text.find('\n') != std::string::npos) {
      throw Refused{key.line,
                    "a key is longer than " + std::to_string(kMaxYamlKeyBytes) + " bytes or one line",
                    "use a shorter key"};
    }
    parent.key = std::move(key);
  }

  // Keys are unique, as Prometheus demands; `<<` gives what its maps say and the
  // map itself does not.
  void settle_keys(YamlValue& map) {
    std::map<std::string, int, std::less<>> lines;
    for (const YamlMember& member : map.members) {
      const auto [first, fresh] = lines.emplace(member.key.text, member.key.line);
      if (fresh) continue;
      throw Refused{member.key.line,
                    "the key " + quote(member.key.text) + " stands in line " + std::to_string(first->second) +
                        " already",
                    "keep one of the two"};
    }
    const auto merge = std::find_if(map.members.begin(), map.members.end(),
                                    [](const YamlMember& m) { return m.key.plain && m.key.text == "<<"; });
    if (merge == map.members.end()) return;
    const YamlValue from = std::move(merge->value);
    const int line = merge->key.line;
    map.members.erase(merge);
    lines.erase("<<");
    std::vector<const YamlValue*> maps;
    if (from.kind == YamlValue::Kind::kMap) maps.push_back(&from);
    for (const YamlValue& item : from.items) maps.push_back(&item);
    for (const YamlValue* one : maps) {
      if (one->kind != YamlValue::Kind::kMap) maps.clear();
      if (maps.empty()) break;
    }
    if (maps.empty()) throw Refused{line, "`<<` takes a map or a list of maps", "give it an alias of a map"};
    for (const YamlValue* one : maps) {
      for (const YamlMember& member : one->members) {
        if (lines.emplace(member.key.text, line).second) map.members.push_back(member);
      }
    }
  }

  void count_node(int line) {
    if (++nodes_ > kMaxYamlNodes)
      throw Refused{line, "more than " + std::to_string(kMaxYamlNodes) + " values", "split the file"};
  }

  // A copy of `value` costs what writing it out would cost.
  void count(const YamlValue& value, int line, int depth) {
    if (depth + depth_of(value) > kMaxYamlDepth) {
      throw Refused{line, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels", "flatten it"};
    }
    count_copies(value, line);
  }

  void count_copies(const YamlValue& value, int line) {
    count_node(line);
    copied_bytes_ += value.text.size();
    if (copied_bytes_ > kMaxYamlAliasBytes)
      throw Refused{line, "its aliases stand for too much text", "write it once"};
    for (const YamlValue& item : value.items) count_copies(item, line);
    for (const YamlMember& member : value.members) {
      copied_bytes_ += member.key.text.size();
      count_copies(member.value, line);
    }
  }

  std::size_t skipped_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlValue> anchors_;
  YamlValue root_;
  int aliases_ = 0;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
};

// What YAML does not allow anywhere, and what would let positions slip.
bool readable(std::string_view text, const Site& site) {
  if (text.size() > kMaxYamlBytes) {
    site.error("has more than " + std::to_string(kMaxYamlBytes) + " bytes", "split the file");
    return false;
  }
  if (!is_utf8(text)) {
    site.error("is not UTF-8 text", "save the file as UTF-8");
    return false;
  }
  int line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    const bool control =
        (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (!control) continue;
    site.error("line " + std::to_string(line) + ": holds a control character",
               "remove it, or escape it in quotes");
    return false;
  }
  return true;
}

}  // namespace

const YamlValue* YamlValue::find(std::string_view key) const {
  for (const YamlMember& member : members) {
    if (member.key.text == key) return &member.value;
  }
  return nullptr;
}

bool same_yaml(const YamlValue& a, const YamlValue& b) {
  if (a.kind != b.kind || a.text != b.text || a.tag != b.tag) return false;
  if (a.plain != b.plain && looks_like_another_type(a.text)) return false;
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_yaml) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    [](const YamlMember& x, const YamlMember& y) {
                      return same_yaml(x.key, y.key) && same_yaml(x.value, y.value);
                    });
}

const char* describe(YamlValue::Kind kind) {
  switch (kind) {
    case YamlValue::Kind::kNull:
      return "nothing";
    case YamlValue::Kind::kScalar:
      return "text";
    case YamlValue::Kind::kList:
      return "a list";
    case YamlValue::Kind::kMap:
      return "a map";
  }
  return "nothing";
}

std::optional<YamlValue> parse_yaml(std::string_view text, const Site& site) {
  if (!readable(text, site)) return std::nullopt;
  const std::size_t mark_bytes = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::istringstream stream(std::string(text.substr(mark_bytes)));
  try {
    YAML::Parser parser(stream);
    Builder builder(mark_bytes);
    if (!parser.HandleNextDocument(builder)) return YamlValue{};
    Builder rest(mark_bytes);
    if (parser.HandleNextDocument(rest)) {
      site.error("holds more than one document, and only the first would be read",
                 "move the others into files of their own");
      return std::nullopt;
    }
    return builder.take();
  } catch (const Refused& refused) {
    site.error("line " + std::to_string(refused.line) + ": " + refused.message, refused.advice);
  } catch (const YAML::Exception& error) {
    site.error("line " + std::to_string(error.mark.line + 1) + ", column " +
                   std::to_string(error.mark.column + 1) + ": " + printable(error.msg),
               "correct the YAML");
  } catch (const std::exception& error) {
    site.error(printable(error.what()), "correct the YAML");
  }
  return std::nullopt;
}

}  // namespace maand
