#include "reconciler/core/prometheus/yaml_text.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "reconciler/core/prometheus/yaml_scalar.h"

namespace maand {
namespace {

// Where a list or a map below a key begins, when its map is at `column`.
std::size_t below(std::size_t column) { return 4 * ((column + 4) / 4); }

std::string one_line(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::kNull:
      return "null";
    case YamlValue::Kind::kList:
      return "[]";
    case YamlValue::Kind::kMap:
      return "{}";
    case YamlValue::Kind::kScalar:
      break;
  }
  if (value.plain && looks_like_another_type(value.text)) return value.text;
  return yaml_string(value.text);
}

class Writer {
 public:
  // `line` is what stands to the left on the first line, `column` bytes long.
  void write(const YamlValue& value, std::string line, std::size_t column) {
    if (!value.items.empty()) {
      for (const YamlValue& item : value.items) {
        write(item, std::move(line) + "- ", column + 2);
        line.assign(column, ' ');
      }
    } else if (!value.members.empty()) {
      for (const YamlMember* member : sorted(value.members)) {
        write_member(*member, std::move(line), column);
        line.assign(column, ' ');
      }
    } else {
      lines_.push_back(std::move(line) + one_line(value));
    }
  }

  std::vector<std::string> take() { return std::move(lines_); }

 private:
  static std::vector<const YamlMember*> sorted(const std::vector<YamlMember>& members) {
    std::vector<const YamlMember*> out;
    for (const YamlMember& member : members) out.push_back(&member);
    std::sort(out.begin(), out.end(),
              [](const YamlMember* a, const YamlMember* b) { return a->key.text < b->key.text; });
    return out;
  }

  void write_member(const YamlMember& member, std::string line, std::size_t column) {
    line += one_line(member.key) + ":";
    if (member.value.items.empty() && member.value.members.empty()) {
      lines_.push_back(std::move(line) + " " + one_line(member.value));
      return;
    }
    lines_.push_back(std::move(line));
    write(member.value, std::string(below(column), ' '), below(column));
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> yaml_lines(const YamlValue& value) {
  Writer writer;
  writer.write(value, "", 0);
  return writer.take();
}

}  // namespace maand
