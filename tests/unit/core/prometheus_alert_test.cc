// workspace.md 13.2 (alert files) and 13.5 (runbooks linked in place).
#include <gtest/gtest.h>

#include "reconciler/core/prometheus/alert_file.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

const std::set<std::string, std::less<>> kSlugs = {"disk", "disk full"};

std::vector<std::string> told_of(const std::string& text) {
  Diagnostics diagnostics;
  parse_alert_file("_prometheus/alerts/a.yaml", text, kSlugs, Site(diagnostics, "a.yaml"));
  return testing::told(diagnostics);
}

std::string shipped(const std::string& text) {
  Diagnostics diagnostics;
  const AlertFile file =
      parse_alert_file("_prometheus/alerts/a.yaml", text, kSlugs, Site(diagnostics, "a.yaml"));
  EXPECT_EQ(testing::told(diagnostics), std::vector<std::string>{}) << text;
  return alert_text(file, "http://h:1/r/api/");
}

// One rule whose annotations are `annotations`.
std::string with(const std::string& annotations) {
  return "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations:" + annotations;
}

TEST(AlertFile, SaysWhatIsMissing) {
  using Lines = std::vector<std::string>;
  const struct {
    std::string text;
    Lines told;
  } table[] = {
      {"", {"error is empty"}},
      {"# only a comment\n", {"error is empty"}},
      {"groups: []\n", {"error groups: must be a list of at least one group"}},
      {"[]", {"error groups: must be a list of at least one group"}},
      {"groups: [{name: g}]", {}},
      {"groups: [{name: ' ', rules: []}]", {"error groups[0]: line 1: the group has no name"}},
      {"groups: [{name: g}, {name: g}]",
       {"error groups[1].name: line 1: the group \"g\" stands twice in this file"}},
      {"groups: [{name: g, rules: {}}]", {"error groups[0].rules: line 1: must be a list"}},
      {"groups: [{name: g, rules: [{alert: A, expr: up}, {record: r, expr: up}]}]", {}},
      {"groups: [{name: g, rules: [{alert: A, record: r, expr: up}]}]",
       {"error groups[0].rules[0]: line 1: must have exactly one of `alert` and `record`"}},
      {"groups: [{name: g, rules: [{expr: up}]}]",
       {"error groups[0].rules[0]: line 1: must have exactly one of `alert` and `record`"}},
      {"groups: [{name: g, rules: [{alert: A, expr: ' '}]}]",
       {"error groups[0].rules[0].expr: line 1: the rule has no expression"}},
      {with(" {runbook: nothing}"),
       {"error groups[0].rules[0].annotations.runbook: line 6: there is no runbook \"nothing\""}},
      {with(" {runbook: [disk]}"), {"error groups[0].rules[0].annotations.runbook: line 6: must be text"}},
      {with(" {runbook: ''}"), {}},
      {with("\n      runbook: disk\n      runbook_url:\n"),
       {"error its `runbook` annotations are written in a way that cannot be edited in place"}},
      {with(" {runbook: &r disk, summary: *r}"),
       {"error its `runbook` annotations are written in a way that cannot be edited in place"}},
  };
  for (const auto& row : table) EXPECT_EQ(told_of(row.text), row.told) << row.text;
}

TEST(AlertFile, NamesItsAlertsAndNotItsRecords) {
  Diagnostics diagnostics;
  const AlertFile file = parse_alert_file(
      "_prometheus/alerts/deep/a.yml",
      "groups: [{name: g, rules: [{alert: B, expr: up}, {record: r, expr: up}, {alert: A, expr: up}]}]",
      kSlugs, Site(diagnostics, "a.yml"));
  EXPECT_EQ(file.alerts, (std::vector<std::string>{"B", "A"}));
  EXPECT_EQ(file.basename, "a.yml");
}

TEST(AlertFile, EverythingButTheRunbookSurvivesByteForByte) {  // 14-A 27
  const std::string text =
      "# top\n"
      "groups:\n"
      "- name: g   # a group\n"
      "  interval: 30s\n"
      "  limit: 5\n"
      "  rules:\n"
      "    - record: r\n"
      "      expr: sum(up)\n"
      "    - alert:   A\n"
      "      expr: |\n"
      "        up == 0\n"
      "      keep_firing_for: 5m\n"
      "      annotations:\n"
      "        summary: 'it''s {{ $labels.instance }}'\n"
      "        runbook: disk.md   # see there\n"
      "        unknown: [1, 0755]\n"
      "# end";
  std::string expected = text;
  expected.replace(expected.find("runbook: disk.md"), 16, "runbook_url: \"http://h:1/r/api/disk.html\"");
  EXPECT_EQ(shipped(text), expected);
  const std::string without =
      "groups: [{name: g, rules: [{alert: A, expr: up, annotations: {summary: x}}]}]\n\n#\n";
  EXPECT_EQ(shipped(without), without);
}

TEST(AlertFile, ARunbookIsLinkedHoweverItIsWritten) {
  const std::string url = "runbook_url: \"http://h:1/r/api/disk.html\"";
  const struct {
    std::string written, shipped;
  } table[] = {
      {"\n      runbook: disk\n", "\n      " + url + "\n"},
      {"\n      runbook:   \"disk\"   # c\n",
       "\n      runbook_url:   \"http://h:1/r/api/disk.html\"   # c\n"},
      {"\n      'runbook': 'disk'\n", "\n      \"runbook_url\": \"http://h:1/r/api/disk.html\"\n"},
      {"\n      runbook: |\n        disk\n      z: 1\n", "\n      " + url + "\n      z: 1\n"},
      {"\n      runbook: >-\n        disk\n        full\n      z: 1\n",
       "\n      runbook_url: \"http://h:1/r/api/disk%20full.html\"\n      z: 1\n"},
      {" {runbook: disk, z: 1}", " {" + url + ", z: 1}"},
      {" {\"runbook\":\"disk\"}", " {\"runbook_url\":\"http://h:1/r/api/disk.html\"}"},
      {"\n      ? runbook\n      : disk\n",
       "\n      ? runbook_url\n      : \"http://h:1/r/api/disk.html\"\n"},
      {" {runbook: disk, runbook_url: 'http://x'}", " {runbook: disk, runbook_url: 'http://x'}"},
      {" {runbook: disk, runbook_url: ''}", " {runbook: disk, runbook_url: \"http://h:1/r/api/disk.html\"}"},
      {" {runbook: ''}", " {runbook: ''}"},
      // An anchored map is one place in the file, however often it is used.
      {" &a\n      runbook: disk\n  - {alert: B, expr: up, annotations: *a}\n",
       " &a\n      " + url + "\n  - {alert: B, expr: up, annotations: *a}\n"},
      {" &a\n      runbook: disk\n  - {alert: B, expr: up, annotations: {<<: *a, z: 1}}\n",
       " &a\n      " + url + "\n  - {alert: B, expr: up, annotations: {<<: *a, z: 1}}\n"},
      {" {runbook: &r disk}\n  - {alert: B, expr: up, annotations: {runbook: *r}}\n",
       " {runbook_url: &r \"http://h:1/r/api/disk.html\"}\n  - {alert: B, expr: up, annotations: "
       "{runbook_url: "
       "\"http://h:1/r/api/disk.html\"}}\n"},
  };
  for (const auto& row : table) EXPECT_EQ(shipped(with(row.written)), with(row.shipped));
}

TEST(AlertFile, TextThatLooksLikeARunbookElsewhereStays) {
  const std::string text =
      "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up # runbook: disk\n    labels: {runbook: "
      "disk}\n";
  EXPECT_EQ(shipped(text), text);
}

}  // namespace
}  // namespace maand
