// What rendering says and remembers; what comes out is in template_vectors_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

using Kind = TemplateProblem::Kind;

TemplateProblem problem_of(TemplateWorld& world, std::string_view text) {
  const auto got = world.outcome(text);
  const auto* problem = std::get_if<TemplateProblem>(&got);
  return problem ? *problem : TemplateProblem{.message = "no problem"};
}

TEST(TemplateEvaluation, AnErrorNamesTheNodeAndItsPlace) {
  TemplateWorld world;
  EXPECT_EQ(world.told("a\n {{.Nope}}"),
            "execution 2:4 at <.Nope>: can't evaluate field Nope in type maand.TemplateData");
  EXPECT_EQ(world.told("{{add .Job 1}}"),
            "execution 1:7 at <.Job>: wrong type for value; expected int; got string");
  EXPECT_EQ(world.told("{{div 1 0}}"), "execution 1:3 at <div 1 0>: error calling div: division by zero");
  EXPECT_EQ(world.told("{{define \"x\"}}{{index . 3}}{{end}}{{template \"x\" .Labels}}"),
            "execution 1:17 in template \"x\" at <index . 3>: error calling index: index out of range: 3; "
            "expected at "
            "most 2");
  EXPECT_EQ(world.told("{{template \"x\"}}"),
            "execution 1:12 at <{{template \"x\"}}>: template \"x\" not defined");
}

// workspace.md 7.3: else a target of scrape.yaml.tpl would be the port of nobody.
TEST(TemplateEvaluation, DataOfAJobAloneHasNoFieldsOfAnAllocation) {
  TemplateWorld world;
  world.job_only = true;
  EXPECT_EQ(world.told("{{.Job}} {{.CurrentVersion}} {{.NewVersion}}").find("execution"), std::string::npos);
  for (const char* field :
       {".WorkerIP", ".Labels", ".AllocationID", ".JobPath", ".WorkerData.BucketID", ".UpdateSeq"}) {
    EXPECT_NE(world.told(std::string("{{") + field + "}}").find("belongs to an allocation"),
              std::string::npos)
        << field;
  }
}

TEST(TemplateEvaluation, AMissingValueCanBeToldFromEverythingElse) {
  TemplateWorld world;
  const TemplateProblem problem = problem_of(world, "{{get \"maand/bucket\" \"later\"}}");
  EXPECT_EQ(problem.kind, Kind::kMissingValue);
  EXPECT_EQ(problem.ns, "maand/bucket");
  EXPECT_EQ(problem.key, "later");
  EXPECT_EQ(problem.message,
            "at <get \"maand/bucket\" \"later\">: error calling get: there is no key \"later\" in namespace "
            "\"maand/bucket\"");
  const TemplateProblem secret = problem_of(world, "{{getSecret \"later\"}}");
  EXPECT_EQ(secret.kind, Kind::kMissingValue);
  EXPECT_EQ(secret.key, "later");
}

TEST(TemplateEvaluation, DenialAlwaysFails) {
  for (const char* text : {"{{get \"no\" \"x\"}}", "{{getOptional \"no\" \"x\"}}", "{{keys \"no\"}}"}) {
    TemplateWorld world;
    const TemplateProblem problem = problem_of(world, text);
    EXPECT_EQ(problem.kind, Kind::kDenied) << text;
    EXPECT_EQ(problem.ns, "no") << text;
  }
}

TEST(TemplateEvaluation, WhatIsNotEvaluatedIsNeitherAskedForNorAFailure) {
  TemplateWorld world;
  EXPECT_EQ(
      world.told("{{if false}}{{get \"no\" \"x\"}}{{end}}{{or true (get \"no\" \"x\")}}{{and false .Nope}}"),
      "truefalse");
  EXPECT_TRUE(world.values.asked.empty());
}

TEST(TemplateEvaluation, EveryUseIsAsked) {
  TemplateWorld world;
  world.told(
      "{{get \"maand/bucket\" \"name\"}}{{getOptional \"vars/job/web\" \"none\"}}{{getSecret \"password\"}}"
      "{{keys \"maand/worker\"}}");
  EXPECT_EQ(world.values.asked, (std::vector<std::string>{"get maand/bucket name", "get vars/job/web none",
                                                          "secret password", "keys maand/worker"}));
}

TEST(TemplateEvaluation, FlagsTellWhatWasRead) {
  struct Case {
    const char* text;
    bool version, seq, secret;
  };
  for (const auto& [text, version, seq, secret] :
       std::initializer_list<Case>{{"{{.NewVersion}}{{.Job}}", false, false, false},
                                   {"{{.CurrentVersion}}", true, false, false},
                                   {"{{if false}}{{.CurrentVersion}}{{end}}", false, false, false},
                                   {"{{$.UpdateSeq}}", false, true, false},
                                   {"{{.WorkerData.UpdateSeq}}", false, true, false},
                                   {"{{.}}", true, true, false},
                                   {"{{.WorkerData}}", false, true, false},
                                   {"{{.WorkerData.WorkerIP}}", false, false, false},
                                   {"{{printf \"%v\" .}}", true, true, false},
                                   {"{{if .}}{{end}}", false, false, false},
                                   {"{{with $x := .}}{{.Job}}{{end}}", false, false, false},
                                   {"{{getSecret \"password\"}}", false, false, true},
                                   {"{{get \"secrets/job/web\" \"password\"}}", false, false, true},
                                   {"{{getOptional \"secrets/job/web\" \"none\"}}", false, false, true},
                                   {"{{if false}}{{getSecret \"password\"}}{{end}}", false, false, false},
                                   {"{{get \"vars/job/web\" \"port\"}}", false, false, false}}) {
    TemplateWorld world;
    const auto got = world.outcome(text);
    const auto* rendered = std::get_if<Rendered>(&got);
    ASSERT_NE(rendered, nullptr) << text;
    EXPECT_EQ(rendered->read_current_version, version) << text;
    EXPECT_EQ(rendered->read_update_seq, seq) << text;
    EXPECT_EQ(rendered->read_secret, secret) << text;
  }
}

TEST(TemplateEvaluation, NoMessageHoldsASecret) {
  for (const char* text :
       {"{{int (getSecret \"password\")}}", "{{int (upper (getSecret \"password\"))}}",
        "{{get (getSecret \"password\") \"x\"}}", "{{get \"maand/bucket\" (getSecret \"password\")}}",
        "{{getSecret (print \"x\" (getSecret \"password\"))}}", "{{range getSecret \"password\"}}{{end}}",
        "{{range split (getSecret \"password\") \"\"}}{{int .}}{{end}}", "{{add (getSecret \"password\") 1}}",
        "{{keys (getSecret \"password\")}}", "{{index .Labels (getSecret \"password\")}}",
        "{{call (getSecret \"password\")}}",
        "{{$x := getSecret \"password\"}}{{define \"t\"}}{{int .}}{{end}}{{template \"t\" $x}}"}) {
    TemplateWorld world;
    for (auto& [key, value] : world.values.values["secrets/job/web"]) value = "QqJzXx";
    const TemplateProblem problem = problem_of(world, text);
    EXPECT_NE(problem.message, "no problem") << text;
    for (const std::string* told : {&problem.message, &problem.ns, &problem.key}) {
      for (const char* part : {"QqJ", "QQJ", "\"Q\""})
        EXPECT_EQ(told->find(part), std::string::npos) << *told;
    }
  }
}

TEST(TemplateEvaluation, TheCatalogSaysWhyItHasNoFragment) {
  TemplateWorld world;
  world.values.scrape.reset();
  EXPECT_EQ(world.told("{{scrapeConfigs}}"),
            "execution 1:3 at <scrapeConfigs>: error calling scrapeConfigs: the catalog is broken");
}

TEST(TemplateEvaluation, OneTemplateMayBeRenderedAgain) {
  TemplateWorld world;
  const auto parsed = parse_template("{{$x := 1}}{{range .Labels}}{{$x = add $x 1}}{{end}}{{$x}}");
  for (int i = 0; i < 3; ++i) {
    const auto got = render(*std::get<TemplatePtr>(parsed), world.data(), world.values);
    EXPECT_EQ(std::get<Rendered>(got).text, "4");
  }
}

}  // namespace
}  // namespace maand
