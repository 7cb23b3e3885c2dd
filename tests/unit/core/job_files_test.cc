// workspace.md 2.9, R3.2, R3.3.
#include "reconciler/core/job_files.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/fake_file_view.h"
#include "tests/unit/core/told.h"

namespace maand {
namespace {

using testing::FakeFileView;
using testing::told_with_path;
using Lines = std::vector<std::string>;

constexpr const char* kDirectory = "workspace/jobs/api";

struct Loaded {
  FileSetPtr files;
  Lines told;
  Job job;
};

Loaded load(const FakeFileView& view, WorkspaceLimits limits = {}, ContentDigests* digests = nullptr) {
  Diagnostics diagnostics;
  const auto entries = view.list(kDirectory).value();
  Job job;
  job.name = JobName("api");
  Diagnostics catalogue;
  load_job_files(view, kDirectory, "jobs/api", entries, limits, digests, job, diagnostics, catalogue);
  for (const Diagnostic& one : diagnostics.all()) EXPECT_FALSE(one.advice.empty()) << one.message;
  return {job.files, told_with_path(diagnostics), job};
}

// A job with a Makefile and whatever `add` puts beside it.
FakeFileView job() { return FakeFileView{{"workspace/jobs/api/Makefile", "start:\n"}}; }

std::string in_job(std::string_view path) { return std::string(kDirectory) + "/" + std::string(path); }

Lines paths(const FileSetPtr& files) {
  Lines out;
  for (const ShippedFile& file : files->files) out.push_back(file.path);
  return out;
}

TEST(JobFiles, ShipsContentModesAndSymlinksAsInGit) {  // R3.2
  FakeFileView view = job();
  view.file(in_job("manifest.json"), "{}")
      .executable(in_job("tools/run.sh"), "#!/bin/sh\n")
      .symlink(in_job("current"), "tools");
  const auto [files, told, ignored] = load(view);
  EXPECT_EQ(told, Lines{});
  ASSERT_EQ(paths(files), (Lines{"Makefile", "current", "manifest.json", "tools/run.sh"}));
  EXPECT_EQ(files->files[0].mode, FileMode::kRegular);
  EXPECT_EQ(files->files[0].content, sha256("start:\n"));
  EXPECT_EQ(files->files[0].size_bytes, 7u);
  EXPECT_EQ(view.blob(files->files[0].blob), "start:\n");
  EXPECT_EQ(files->files[1].mode, FileMode::kSymlink);
  EXPECT_EQ(files->files[1].content, sha256("tools"));
  EXPECT_EQ(files->files[3].mode, FileMode::kExecutable);
}

TEST(JobFiles, SomeFilesStayAtHome) {  // R3.2
  FakeFileView view = job();
  for (const char* path : {"_modules/command_x.py", "_modules/deep/y.tpl", "vars.toml"}) {
    view.file(in_job(path), "x = \"y\"\n");
  }
  view.file(
      in_job("secrets.age.toml"),
      "x = \"\"\"\n-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n\"\"\"\n");
  for (const char* path : {"_prometheus/dashboards/a.html", "_prometheus/deep/y.tpl"})
    view.file(in_job(path), "x");
  for (const char* path : {"conf/vars.toml", "conf/_modules/x", "_modules_too", ".hidden"})
    view.file(in_job(path), "x");
  const auto [files, told, ignored] = load(view);
  EXPECT_EQ(told, Lines{});
  EXPECT_EQ(paths(files),
            (Lines{".hidden", "Makefile", "_modules_too", "conf/_modules/x", "conf/vars.toml"}));
}

// A committed venv would break the job: its symlinks are absolute.
TEST(JobFiles, WhatToolsMakeStaysAtHomeAtAnyDepth) {  // workspace.md 2.9
  FakeFileView view = job();
  view.symlink(in_job(".venv/bin/python"), "/usr/bin/python3").submodule(in_job("web/node_modules/a"));
  for (const char* path : {"venv/x.tpl", "web/app/__pycache__/x.pyc", "web/node_modules/b/start",
                           "_modules/__pycache__/x.pyc", "web/app.js", "venv.txt", "my_venv/x"}) {
    view.file(in_job(path), "{{");
  }
  view.symlink(in_job("lib/venv"), "app");
  const Loaded loaded = load(view);
  EXPECT_EQ(paths(loaded.files), (Lines{"Makefile", "lib/venv", "my_venv/x", "venv.txt", "web/app.js"}));
  EXPECT_TRUE(loaded.job.templates.empty());
  EXPECT_EQ(loaded.told,
            (Lines{"jobs/api/.venv warning is not shipped", "jobs/api/venv warning is not shipped",
                   "jobs/api/web/app/__pycache__ warning is not shipped",
                   "jobs/api/web/node_modules warning is not shipped"}));
}

TEST(JobFiles, PrometheusYmlIsPlainOrRendered) {  // workspace.md 2.9
  for (const char* name : {"prometheus.yml", "prometheus.yml.tpl", "deep/prometheus.yml"}) {
    FakeFileView view = job();
    view.file(in_job(name), "");
    const Loaded loaded = load(view);
    EXPECT_EQ(loaded.told, Lines{});
    EXPECT_EQ(loaded.job.is_prometheus, !std::string_view(name).starts_with("deep/")) << name;
  }
  FakeFileView both = job();
  both.file(in_job("prometheus.yml"), "").file(in_job("prometheus.yml.tpl"), "");
  EXPECT_EQ(load(both).told, Lines{"jobs/api/prometheus.yml.tpl error stands beside prometheus.yml"});
}

TEST(JobFiles, AMakefileIsRequired) {  // workspace.md 2.9
  FakeFileView view;
  view.file(in_job("manifest.json"), "{}");
  EXPECT_EQ(load(view).told, Lines{"jobs/api error has no Makefile"});
  view.file(in_job("makefile"), "");
  EXPECT_EQ(load(view).told.size(), 1u) << "its name is exact";
  view.file(in_job("Makefile/x"), "");
  EXPECT_EQ(load(view).told.size(), 1u) << "a directory is no Makefile";
  FakeFileView rendered;
  rendered.file(in_job("Makefile.tpl"), "");
  EXPECT_EQ(load(rendered).told, Lines{});
}

// Each line: one more entry beside a Makefile, and what is told.
TEST(JobFiles, RefusesWhatMayNotBeThere) {
  using Kind = EntryKind;
  const std::string lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
  const struct {
    const char* path;
    Kind kind;
    std::string content;
    const char* told;
  } kCases[] = {
      {"data/x", Kind::kRegular, "", "jobs/api/data error belongs to the running application on the worker"},
      {"logs", Kind::kRegular, "", "jobs/api/logs error belongs to the running application on the worker"},
      {"bin/tool", Kind::kExecutable, "",
       "jobs/api/bin error belongs to the running application on the worker"},
      {"start", Kind::kRegular, "",
       "jobs/api/start error has the name of a target, so make would call that target up to date"},
      {"status/x", Kind::kRegular, "",
       "jobs/api/status error has the name of a target, so make would call that target up to date"},
      {"lib", Kind::kSubmodule, "",
       "jobs/api/lib error is a git submodule, and its files are not in the commit"},
      {"_modules/lib", Kind::kSubmodule, "",
       "jobs/api/_modules/lib error is a git submodule, and its files are not in the commit"},
      {"big.bin", Kind::kRegular, lfs, "jobs/api/big.bin error is a Git LFS pointer, not the file itself"},
      {"huge", Kind::kRegular, std::string(2000, 'x'),
       "jobs/api/huge error has 2000 bytes, and limits.max_file_bytes is 1999"},
      {"app.conf.tpl", Kind::kSymlink, "a", "jobs/api/app.conf.tpl error is a symlink"},
      {"_prometheus/scrape.yaml", Kind::kSymlink, "a", "jobs/api/_prometheus/scrape.yaml error is a symlink"},
      {"a\\b", Kind::kRegular, "", "jobs/api/a\\b error the path holds a backslash"},
      {"a\nb", Kind::kRegular, "", "jobs/api/a\\x0ab error the path holds a control character"},
      {"a\xff", Kind::kRegular, "", "jobs/api/a\\xff error the path is not UTF-8"},
      {"a/../../b", Kind::kRegular, "", "jobs/api/a/../../b error the path has the component \"..\""},
      {"link", Kind::kSymlink, "/etc/passwd", "jobs/api/link error is a symlink whose target is absolute"},
      {"link", Kind::kSymlink, "../other",
       "jobs/api/link error is a symlink whose target leaves the job directory"},
  };
  for (const auto& [path, kind, content, line] : kCases) {
    FakeFileView view = job();
    if (kind == Kind::kRegular) view.file(in_job(path), content);
    if (kind == Kind::kExecutable) view.executable(in_job(path), content);
    if (kind == Kind::kSymlink) view.symlink(in_job(path), content);
    if (kind == Kind::kSubmodule) view.submodule(in_job(path));
    EXPECT_EQ(load(view, {.max_file_bytes = 1999}).told, Lines{line}) << path;
  }
}

TEST(JobFiles, AllProblemsAreToldAtOnce) {  // R1.6
  FakeFileView view;
  view.file(in_job("data/a"), "")
      .file(in_job("x.tpl"), "{{")
      .symlink(in_job("l"), "/")
      .submodule(in_job("s"));
  EXPECT_EQ(load(view).told.size(), 5u);
}

TEST(JobFiles, ContentThatOnlyMentionsLfsIsNoPointer) {
  FakeFileView view = job();
  view.file(in_job("README"), "see version https://git-lfs.github.com/spec/v1");
  view.file(in_job("long"), "version https://git-lfs.github.com/spec/v1\n" + std::string(2000, 'x'));
  EXPECT_EQ(load(view).told, Lines{});
}

TEST(JobFiles, SymlinksStayInsideTheJob) {
  const struct {
    const char* path;
    const char* target;
    const char* problem;  // nullptr: acceptable
  } kCases[] = {
      {"l", "a", nullptr},
      {"l", "./a/b", nullptr},
      {"l", "data/current", nullptr},
      {"d/l", "../a", nullptr},
      {"d/e/l", "../../a", nullptr},
      {"d/l", "..", nullptr},
      {"l", "..", "leaves the job directory"},
      {"d/l", "../../a", "leaves the job directory"},
      {"l", "a/..", "has `..` behind a name"},
      {"x/l", "up/../..", "has `..` behind a name"},
      {"l", "/a", "is absolute"},
      {"l", "", "is empty"},
      {"l", "a\nb", "holds a control character"},
      {"l", "a\\b", "holds a backslash"},
      {"l", "\xff", "is not UTF-8"},
  };
  for (const auto& [path, target, problem] : kCases) {
    const auto found = symlink_problem(path, target);
    EXPECT_EQ(found, problem ? std::optional<std::string>(problem) : std::nullopt)
        << path << " -> " << target;
  }
  EXPECT_TRUE(symlink_problem("l", std::string(5000, 'a')));
}

class Remembered : public ContentDigests {
 public:
  const Digest* find(const BlobId& blob) const override {
    const auto it = known_.find(blob);
    return it == known_.end() ? nullptr : &it->second;
  }
  void put(const BlobId& blob, const Digest& digest) override { known_[blob] = digest; }

 private:
  std::map<BlobId, Digest> known_;
};

TEST(JobFiles, TemplatesAreRenderedToTheNameWithoutTpl) {  // workspace.md 7.1
  FakeFileView view = job();
  view.file(in_job("conf/app.ini.tpl"), "{{ .Job }}")
      .executable(in_job("run.sh.tpl"), "#!/bin/sh\n")
      .executable(in_job("both.sh"), "#!/bin/sh\n")
      .file(in_job("both.sh.tpl"), "#!/bin/sh\n# {{ .Job }}\n");
  const Loaded loaded = load(view);
  EXPECT_EQ(loaded.told, Lines{});
  EXPECT_EQ(paths(loaded.files), Lines{"Makefile"}) << "neither the sources nor what they replace";
  const auto& templates = loaded.job.templates;
  ASSERT_EQ(templates.size(), 3u);
  EXPECT_EQ(templates[0].path, "both.sh");
  EXPECT_EQ(templates[0].mode, FileMode::kExecutable) << "the mode of the file it replaces";
  EXPECT_EQ(templates[1].path, "conf/app.ini");
  EXPECT_EQ(templates[1].mode, FileMode::kRegular);
  EXPECT_EQ(templates[2].path, "run.sh");
  EXPECT_EQ(templates[2].mode, FileMode::kExecutable) << "its own mode in git";
}

TEST(JobFiles, ATemplateThatDoesNotParseBreaksTheJobAndSaysWhere) {
  FakeFileView view = job();
  view.file(in_job("conf/app.ini.tpl"), "ok\n  {{ nonsense }}\n");
  const Loaded loaded = load(view);
  ASSERT_EQ(loaded.told.size(), 1u);
  EXPECT_EQ(loaded.told[0].rfind("jobs/api/conf/app.ini.tpl error line 2, column 6: ", 0), 0u)
      << loaded.told[0];
}

TEST(JobFiles, ARuleForFilesThatMatchesNoneIsAWarning) {
  FakeFileView view = job();
  view.file(in_job("conf/app.ini.tpl"), "x");
  const auto entries = view.list(kDirectory).value();
  Job job;
  job.name = JobName("api");
  for (const char* pattern : {"Makefile", "conf/app.ini", "*.tpl", "conf/none", "conf"}) {
    job.file_rules.push_back({pattern, 0600, "", ""});
  }
  Diagnostics diagnostics;
  Diagnostics catalogue;
  load_job_files(view, kDirectory, "jobs/api", entries, {}, nullptr, job, diagnostics, catalogue);
  EXPECT_EQ(testing::told(diagnostics), (Lines{"warning files.conf/none: matches no file of the job",
                                               "warning files.conf: matches no file of the job"}));
}

TEST(JobFiles, AFileOfOursThatIsADirectoryIsAnErrorAndShipsNothing) {
  FakeFileView view = job();
  for (const char* path : {"secrets.age.toml/a", "secrets.age.toml/b/c.tpl", "vars.toml/a", "vars.toml.d/a"})
    view.file(in_job(path), "{{");
  const Loaded loaded = load(view);
  EXPECT_EQ(paths(loaded.files), (Lines{"Makefile", "vars.toml.d/a"}));
  EXPECT_EQ(loaded.told, (Lines{"jobs/api/secrets.age.toml error is a directory, and has to be a file",
                                "jobs/api/vars.toml error is a directory, and has to be a file"}));
}

TEST(JobFiles, VarsTomlIsAFlatTableOfText) {  // workspace.md 6.1
  FakeFileView view = job();
  view.file(in_job("vars.toml"), "greeting = \"hello\"\n");
  EXPECT_EQ(load(view).job.vars, (std::map<std::string, std::string>{{"greeting", "hello"}}));
  view.file(in_job("vars.toml"), "n = 1\n[t]\na = \"b\"\n");
  EXPECT_EQ(load(view).told,
            (Lines{"jobs/api/vars.toml error n: must be text", "jobs/api/vars.toml error t: must be text"}));
}

TEST(JobFiles, ARememberedDigestSparesTheRead) {
  FakeFileView view = job();
  view.file(in_job("a"), "same").file(in_job("b"), "same");
  Remembered digests;
  const Loaded first = load(view, {}, &digests);
  EXPECT_EQ(view.reads(), 2) << "equal files are read once";
  const Loaded second = load(view, {}, &digests);
  EXPECT_EQ(view.reads(), 2);
  EXPECT_EQ(first.files->list_id, second.files->list_id);
}

TEST(JobFiles, ARememberedDigestHidesNoProblem) {
  FakeFileView view = job();
  const char* pointer = "version https://git-lfs.github.com/spec/v1\n";
  view.file(in_job("p"), pointer).symlink(in_job("l"), "/etc").file(in_job("t"), "/etc");
  Remembered digests;
  EXPECT_EQ(load(view, {}, &digests).told.size(), 2u);
  EXPECT_EQ(load(view, {}, &digests).told.size(), 2u);
}

}  // namespace
}  // namespace maand
