#include "reconciler/core/prometheus/alert_file.h"

#include <map>
#include <utility>

#include "reconciler/core/prometheus/yaml_scalar.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::string_view kDummyBase = "http://127.0.0.1:1/consoles/runbooks/x/";

std::string url_of(const std::string& slug, std::string_view base) {
  return std::string(base) + url_component(slug) + ".html";
}

// Text that is there and not blank.
bool says_something(const YamlValue* value) {
  return value && value->kind == YamlValue::Kind::kScalar && !trim(value->text).empty();
}

std::string at_line(const YamlValue& value, const std::string& message) {
  return "line " + std::to_string(value.line) + ": " + message;
}

class Reader {
 public:
  Reader(AlertFile& file, const std::set<std::string, std::less<>>& slugs) : file_(file), slugs_(slugs) {}

  void read(const YamlValue& root, const Site& site) {
    const YamlValue* groups = root.find("groups");
    if (root.kind == YamlValue::Kind::kNull) {
      site.error("is empty", "write at least one group, or remove the file");
      return;
    }
    if (!groups || groups->kind != YamlValue::Kind::kList || groups->items.empty()) {
      site.member("groups").error("must be a list of at least one group",
                                  "write `groups:` and below it `- name: …`");
      return;
    }
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < groups->items.size(); ++i)
      read_group(groups->items[i], names, site.member("groups").item(i));
    if (site_errors_) return;
    check_edits(root, site);
  }

 private:
  void error(const Site& site, const std::string& message, const std::string& advice) {
    site_errors_ = true;
    site.error(message, advice);
  }

  void read_group(const YamlValue& group, std::set<std::string_view>& names, const Site& site) {
    const YamlValue* name = group.find("name");
    if (!says_something(name)) {
      error(site, at_line(group, "the group has no name"), "give it a `name`");
    } else if (!names.insert(name->text).second) {  // Prometheus refuses the file
      error(site.member("name"),
            at_line(*name, "the group " + quote(name->text) + " stands twice in this file"),
            "give each group a name of its own");
    }
    const YamlValue* rules = group.find("rules");
    if (!rules || rules->kind == YamlValue::Kind::kNull) return;
    if (rules->kind != YamlValue::Kind::kList) {
      error(site.member("rules"), at_line(*rules, "must be a list"),
            "write each rule as an item `- alert: …`");
      return;
    }
    for (std::size_t i = 0; i < rules->items.size(); ++i)
      read_rule(rules->items[i], site.member("rules").item(i));
  }

  void read_rule(const YamlValue& rule, const Site& site) {
    const YamlValue* alert = rule.find("alert");
    if (says_something(alert) == says_something(rule.find("record"))) {
      error(site, at_line(rule, "must have exactly one of `alert` and `record`"),
            "split it into two rules, or name it");
    } else if (says_something(alert)) {
      file_.alerts.push_back(alert->text);
    }
    if (!says_something(rule.find("expr")))
      error(site.member("expr"), at_line(rule, "the rule has no expression"), "give it an `expr`");
    const YamlValue* annotations = rule.find("annotations");
    if (!annotations) return;
    for (const YamlMember& member : annotations->members) {
      if (member.key.text == "runbook")
        read_runbook(*annotations, member, site.member("annotations").member("runbook"));
    }
  }

  // `disk` and `disk.md` both name `_prometheus/runbooks/disk.md`.
  void read_runbook(const YamlValue& annotations, const YamlMember& member, const Site& site) {
    if (!says_something(&member.value)) {
      if (member.value.kind != YamlValue::Kind::kNull && member.value.kind != YamlValue::Kind::kScalar)
        error(site, at_line(member.key, "must be text"), "name a file of _prometheus/runbooks/");
      return;
    }
    const std::string_view name = trim(member.value.text);
    const auto slug = slugs_.find(name.ends_with(".md") ? name.substr(0, name.size() - 3) : name);
    if (slug == slugs_.end()) {
      error(site, at_line(member.key, "there is no runbook " + quote(name)),
            "add _prometheus/runbooks/" + printable(name) + (name.ends_with(".md") ? "" : ".md") +
                ", or name one that is there");
      return;
    }
    const YamlValue* url = annotations.find("runbook_url");
    if (says_something(url)) return;
    if (url) {  // there and empty: a second key would be one too many
      replace(*url, "", *slug);
    } else {
      replace(member.key, quoted_key(member.key), "");
      replace(member.value, "", *slug);
    }
  }

  std::string quoted_key(const YamlValue& key) const {
    const std::size_t at = scalar_start(file_.text, key);
    const bool quoted = at < file_.text.size() && (file_.text[at] == '"' || file_.text[at] == '\'');
    return quoted ? "\"runbook_url\"" : "runbook_url";
  }

  void replace(const YamlValue& scalar, const std::string& text, const std::string& slug) {
    const std::vector<TextEdit> edits = replace_scalar(file_.text, scalar, text);
    for (std::size_t i = 0; i < edits.size(); ++i) file_.edits.push_back({edits[i], i == 0 ? slug : ""});
    if (edits.empty()) unfound_ = true;
    is_plain_ = is_plain_ && is_plain_edit(scalar, edits);
    expected_.emplace(scalar.offset, slug.empty() ? "runbook_url" : url_of(slug, kDummyBase));
  }

  // One scalar on one line, without anchor, alias or block: nothing that could go wrong.
  bool is_plain_edit(const YamlValue& scalar, const std::vector<TextEdit>& edits) const {
    if (edits.size() != 1 || edits[0].offset != scalar.offset) return false;
    const std::string_view gone = std::string_view(file_.text).substr(edits[0].offset, edits[0].length_bytes);
    return !gone.empty() && std::string_view("*|>?").find(gone[0]) == std::string_view::npos &&
           gone.find('\n') == std::string_view::npos;
  }

  // Reads again what would be shipped. Editing text by position is only safe when
  // the result says what was meant and nothing else changed.
  void check_edits(const YamlValue& read, const Site& site) {
    if (is_plain_ && !unfound_) return;  // half the cost of a usual file
    YamlValue root = read;
    apply_to(root);
    Diagnostics ignored;
    const std::optional<YamlValue> again =
        parse_yaml(alert_text(file_, kDummyBase), Site(ignored, site.path()));
    if (!unfound_ && again && same_yaml(*again, root)) return;
    error(site, "its `runbook` annotations are written in a way that cannot be edited in place",
          "write each as `runbook: name` on one line");
  }

  void apply_to(YamlValue& value) const {
    for (YamlValue& item : value.items) apply_to(item);
    for (YamlMember& member : value.members) {
      for (YamlValue* scalar : {&member.key, &member.value}) {
        if (const auto found = expected_.find(scalar->offset); found != expected_.end())
          set(*scalar, found->second);
      }
      apply_to(member.value);
    }
  }

  static void set(YamlValue& value, const std::string& text) {
    if (value.kind != YamlValue::Kind::kScalar) return;  // a map begins where its first key does
    value.text = text;
    value.tag.clear();
  }

  AlertFile& file_;
  const std::set<std::string, std::less<>>& slugs_;
  std::map<std::size_t, std::string> expected_;  // offset of a scalar → what it becomes
  bool unfound_ = false;
  bool is_plain_ = true;  // every edit is
  bool site_errors_ = false;
};

}  // namespace

std::string url_component(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("-_.~").find(c) != std::string_view::npos;
    if (safe) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

AlertFile parse_alert_file(std::string path, std::string text,
                           const std::set<std::string, std::less<>>& slugs, const Site& site) {
  AlertFile file;
  file.path = std::move(path);
  file.basename = file.path.substr(file.path.rfind('/') + 1);
  file.text = std::move(text);
  if (const std::optional<YamlValue> root = parse_yaml(file.text, site))
    Reader(file, slugs).read(*root, site);
  return file;
}

std::string alert_text(const AlertFile& file, std::string_view base) {
  if (file.edits.empty()) return file.text;
  std::vector<TextEdit> edits;
  for (const RunbookEdit& one : file.edits) {
    edits.push_back(one.edit);
    if (!one.slug.empty()) edits.back().text = '"' + url_of(one.slug, base) + '"';
  }
  return apply_edits(file.text, std::move(edits));
}

}  // namespace maand
