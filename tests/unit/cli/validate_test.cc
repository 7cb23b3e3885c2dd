#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/cli/maand.h"

namespace maand::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Validate : public ::testing::Test {
 protected:
  void file(const std::string& path, const std::string& text) {
    fs::create_directories((repo_.path() / path).parent_path());
    std::ofstream(repo_.path() / path) << text;
  }
  void good_workspace() {
    file("workspace/workers.json", R"([{"host": "10.0.0.1"}, {"host": "10.0.0.2"}])");
    file("workspace/jobs/api/manifest.json", R"({"version": "1.0.0", "selectors": ["worker"]})");
    file("workspace/jobs/api/Makefile", "start stop restart:\n\ttrue\n");
  }

  const TempDir repo_;
};

TEST_F(Validate, AGoodWorkspaceIsValidFromWhereverItIsNamed) {
  good_workspace();
  const std::string expected = "valid: 1 job on 2 workers, 2 allocations\n";
  EXPECT_EQ(maand({"validate", repo_.path()}).out, expected);
  EXPECT_EQ(maand({"validate", repo_.path() / "workspace"}).out, expected);
  EXPECT_EQ(maand({"validate"}, repo_.path() / "workspace" / "jobs" / "api").out, expected);
  EXPECT_EQ(maand({"validate", "workspace"}, repo_.path()).status, 0);
}

TEST_F(Validate, TellsEveryProblemAtOnceAndExitsOne) {
  good_workspace();
  file("workspace/disabled.json", "{nonsense");
  file("workspace/jobs/api/manifest.json",
       R"({"version": 7, "selectors": ["worker"], "restart_policy": "maybe"})");
  file("workspace/jobs/web/manifest.json", R"({"selectors": ["worker"]})");  // no Makefile
  const ProgramResult result = maand({"validate"}, repo_.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("error: workspace/disabled.json"),
                                HasSubstr("error: workspace/jobs/api/manifest.json: restart_policy"),
                                HasSubstr("error: workspace/jobs/api/manifest.json: version"),
                                HasSubstr("error: workspace/jobs/web")));
  EXPECT_EQ(result.err, "");
}

TEST_F(Validate, ADirectoryWithoutAManifestIsAWarning) {
  good_workspace();
  file("workspace/jobs/notes/README.md", "not a job");
  const ProgramResult result = maand({"validate"}, repo_.path());
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("warning: workspace/jobs/notes/manifest.json"));
}

TEST_F(Validate, RendersTemplatesAndTellsWhereTheyFail) {
  good_workspace();
  file("workspace/jobs/api/app.ini.tpl", "a\nb={{ div 1 0 }}\n");
  const ProgramResult result = maand({"validate"}, repo_.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("error: workspace/jobs/api/app.ini.tpl: line 2, column 6: "));
  EXPECT_EQ(result.out.find("app.ini.tpl"), result.out.rfind("app.ini.tpl")) << "once, not for each worker";
}

TEST_F(Validate, AMissingValueIsAWarningAtItsPlace) {
  good_workspace();
  file("workspace/jobs/api/app.ini.tpl", "{{get \"vars/job/api\" \"a\"}}\n{{getSecret \"b\"}}\n");
  file("workspace/jobs/web/manifest.json",
       R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"ports": {"web_http": {}}}})");
  file("workspace/jobs/web/Makefile", "start stop restart:\n\ttrue\n");
  file("workspace/jobs/web/w.tpl", "{{get \"maand/bucket\" \"web_http\"}}");
  const ProgramResult result = maand({"validate"}, repo_.path());
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("warning: workspace/jobs/api/app.ini.tpl: line 1, column 3: vars/job/api/a"),
                    HasSubstr("line 2, column 3: secrets/job/api/b"), HasSubstr("2 warnings")));
}

TEST_F(Validate, TellsThatThePoolOfPortsIsTooSmallAndThatWorkersLackMemory) {
  good_workspace();
  file("workspace/bucket.conf", "port_min = \"30000\"\nport_max = \"30000\"\n");
  file(
      "workspace/jobs/api/manifest.json",
      R"({"version": "1.0.0", "selectors": ["worker"], "resources": {"memory": {"min": "1 gb", "max": "1 gb"},
           "ports": {"api_a": {}, "api_b": {}}}})");
  const ProgramResult result = maand({"validate"}, repo_.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("memory"), HasSubstr("port")));
}

TEST_F(Validate, AnnotatesFilesForGitHub) {
  good_workspace();
  file("workspace/jobs/api/manifest.json", R"({"selectors": ["worker"], "restart_policy": "100%\nmaybe"})");
  const ProgramResult result = maand({"validate", "--format", "github"}, repo_.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out.rfind(
                "::error file=workspace/jobs/api/manifest.json,line=1,title=maand::restart_policy: ", 0),
            0u)
      << result.out;
  EXPECT_THAT(result.out, HasSubstr("100%25"));  // `%` would begin an escape
  EXPECT_EQ(result.out.find('\n'), result.out.size() - 1) << "one line for one problem";
}

TEST_F(Validate, AnAnnotationStandsOnTheLineOfItsProblem) {
  good_workspace();
  file("workspace/workers.json", "[\n {\"host\": \"10.0.0.1\"},\n {\n  \"host\": \"no host\"}\n]");
  file("workspace/jobs/api/manifest.json",
       "{\n \"selectors\": [\"worker\"],\n \"resources\": {\n  \"ports\": {\n   \"http\": 0\n}}}");
  file("workspace/jobs/api/app.ini.tpl", "a\nb={{ div 1 0 }}\n");
  const std::string out = maand({"validate", "--format", "github"}, repo_.path()).out;
  EXPECT_THAT(
      out,
      AllOf(HasSubstr("::error file=workspace/workers.json,line=4,title=maand::[1].host: "),
            HasSubstr("file=workspace/jobs/api/manifest.json,line=5,title=maand::resources.ports.http: ")));
  file("workspace/workers.json", R"([{"host": "10.0.0.1"}])");
  file("workspace/jobs/api/manifest.json", R"({"selectors": ["worker"]})");
  EXPECT_THAT(
      maand({"validate", "--format", "github"}, repo_.path()).out,
      HasSubstr("::error file=workspace/jobs/api/app.ini.tpl,line=2,title=maand::line 2, column 6: "));
}

TEST_F(Validate, PrintsJson) {
  good_workspace();
  file("workspace/jobs/api/manifest.json", R"({"selectors": ["worker"], "restart_policy": "maybe"})");
  const ProgramResult result = maand({"validate", "--json"}, repo_.path());
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out.rfind(R"({"valid":false,"errors":1,"warnings":)", 0), 0u) << result.out;
  EXPECT_THAT(result.out, HasSubstr(R"("path":"jobs/api/manifest.json","field":"restart_policy","line":1)"));
}

TEST_F(Validate, AMissingDirectoryIsAUsageError) {
  EXPECT_EQ(maand({"validate", repo_.path() / "nowhere"}).status, 2);
  EXPECT_EQ(maand({"validate"}, repo_.path()).status, 2);
}

TEST_F(Validate, AnEmptyDirectoryIsNoWorkspace) {
  const ProgramResult result = maand({"validate", repo_.path()});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("workers.json"));
}

}  // namespace
}  // namespace maand::testing
