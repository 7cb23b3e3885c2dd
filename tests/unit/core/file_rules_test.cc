// `files` of a manifest: permissions and owners on the worker.
#include "reconciler/core/file_rules.h"

#include <gtest/gtest.h>

#include "tests/unit/core/told.h"

namespace maand {
namespace {

using Lines = std::vector<std::string>;

std::vector<FileRule> rules_of(const std::string& json, Lines* told = nullptr) {
  Diagnostics diagnostics;
  const auto value = parse_json(json, "manifest.json", diagnostics);
  std::vector<FileRule> rules = parse_file_rules(value.value(), Site(diagnostics, "manifest.json", "files"));
  if (told) {
    *told = testing::told(diagnostics);
  } else {
    EXPECT_EQ(testing::told(diagnostics), Lines{});
  }
  return rules;
}

struct Case {
  const char* what;
  const char* rules;
  const char* path;
  FileMode mode;
  bool rendered;
  bool secret;
  FileMode becomes;
  FileAttributes has;
};

class FileRules : public ::testing::TestWithParam<Case> {};

TEST_P(FileRules, GiveAFile) {
  const Case& row = GetParam();
  ShippedFile file{.path = row.path, .mode = row.mode};
  apply_file_rules(rules_of(row.rules), row.rendered, row.secret, file);
  EXPECT_EQ(static_cast<int>(file.mode), static_cast<int>(row.becomes)) << row.what;
  EXPECT_EQ(file.attributes.permissions, row.has.permissions) << row.what;
  EXPECT_EQ(file.attributes.owner, row.has.owner) << row.what;
  EXPECT_EQ(file.attributes.group, row.has.group) << row.what;
}

constexpr FileMode kPlain = FileMode::kRegular;
constexpr FileMode kProgram = FileMode::kExecutable;
constexpr FileMode kLink = FileMode::kSymlink;

INSTANTIATE_TEST_SUITE_P(
    Cases, FileRules,
    ::testing::Values(
        Case{"nothing said", "{}", "a", kPlain, false, false, kPlain, {}},
        Case{
            "what git says, said again", R"({"a": {"mode": "0644"}})", "a", kPlain, false, false, kPlain, {}},
        Case{"stricter",
             R"({"conf/*": {"mode": "0600", "owner": "app", "group": "www"}})",
             "conf/x",
             kPlain,
             false,
             false,
             kPlain,
             {0600, "app", "www"}},
        Case{"of another path", R"({"conf/*": {"mode": "0600"}})", "etc/x", kPlain, false, false, kPlain, {}},
        Case{"a program by its mode", R"({"a": {"mode": "0755"}})", "a", kPlain, false, false, kProgram, {}},
        Case{"a program no more", R"({"a": {"mode": "0644"}})", "a", kProgram, false, false, kPlain, {}},
        Case{"they add up, the later one wins",
             R"({"*": {"mode": "0600", "owner": "a"}, "x": {"mode": "0640"}})",
             "x",
             kPlain,
             false,
             false,
             kPlain,
             {0640, "a", ""}},
        Case{"a rendered file by its template's name",
             R"({"*.tpl": {"mode": "0600"}})",
             "x",
             kPlain,
             true,
             false,
             kPlain,
             {0600, "", ""}},
        Case{"a secret is not for everybody", "{}", "x", kPlain, true, true, kPlain, {0640, "", ""}},
        Case{"nor is a program with one", "{}", "x", kProgram, true, true, kProgram, {0750, "", ""}},
        Case{
            "unless the manifest says so", R"({"x": {"mode": "0644"}})", "x", kPlain, true, true, kPlain, {}},
        Case{"a symlink has none",
             R"({"*": {"mode": "0600", "owner": "a"}})",
             "x",
             kLink,
             false,
             false,
             kLink,
             {}}));

TEST(FileRulesOfAManifest, EveryMistakeIsTold) {
  struct {
    const char* json;
    const char* told;
  } const rows[] = {
      {R"({"a": {"mode": "0999"}})", "error files.a.mode: \"0999\" is no mode"},
      {R"({"a": {"mode": "4755"}})", "error files.a.mode: \"4755\" is no mode"},
      {R"({"a": {"mode": "0"}})", "error files.a.mode: \"0\" is no mode"},
      {R"({"a": {"mode": "0040"}})", "error files.a.mode: \"0040\" lets not even its owner read the file"},
      {R"({"a": {"mode": 420}})", "error files.a.mode: must be text, not 420"},
      {R"({"a": {"owner": "-x"}})", "error files.a.owner: \"-x\" is no name of a user or group"},
      {R"({"a": {"group": "a b"}})", "error files.a.group: \"a b\" is no name of a user or group"},
      {R"({"[a": {}})", "error files.[a: \"[a\" is no pattern"},
      {R"({"a": []})", "error files.a: must be an object, not a list"},
  };
  for (const auto& row : rows) {
    Lines told;
    rules_of(row.json, &told);
    EXPECT_EQ(told, Lines{row.told}) << row.json;
  }
}

}  // namespace
}  // namespace maand
