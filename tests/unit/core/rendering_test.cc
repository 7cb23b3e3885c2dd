// The files of one allocation (workspace.md 7, list of differences).
#include "reconciler/core/rendering.h"

#include <gtest/gtest.h>

#include "reconciler/core/worker_files.h"
#include "tests/support/fake_values.h"

namespace maand {
namespace {

// One job with templates, on two workers.
class World {
 public:
  World() {
    for (const char* host : {"w1", "w2"}) {
      Worker worker;
      worker.host = WorkerHost(host);
      worker.labels = {"web", "worker"};
      workers.push_back(worker);
    }
    job.name = JobName("api");
    job.version = "2.0.0";
    job.files = make_file_set({{.path = "Makefile", .content = sha256("start:")}});
  }

  World& file(const std::string& path, const std::string& text, FileMode mode = FileMode::kRegular) {
    auto parsed = parse_template(text);
    const auto* problem = std::get_if<TemplateProblem>(&parsed);
    EXPECT_EQ(problem, nullptr) << problem->message;
    job.templates.push_back({path, mode, std::get<TemplatePtr>(parsed)});
    return *this;
  }

  std::variant<AllocationContent, std::vector<RenderFailure>> render(std::uint32_t worker = 0) {
    const std::map<JobName, PlacedJob> placed{{job.name, {&job, &placement}}};
    const Variables variables(
        {workers, disabled, placed, ports, conf, settings_of_jobs, sources, prometheus, names});
    const ScrapeTexts scrape;
    JobRenderer renderer(job, variables, settings, scrape);
    const auto known = applied.find(worker);
    return renderer.render(workers[worker], worker, known == applied.end() ? nullptr : &known->second);
  }
  AllocationContent content(std::uint32_t worker = 0) {
    auto result = render(worker);
    const auto* failures = std::get_if<std::vector<RenderFailure>>(&result);
    EXPECT_EQ(failures, nullptr) << failures->at(0).problem.message;
    return std::get<AllocationContent>(result);
  }
  std::string text(const AllocationContent& content, const std::string& path) {
    for (const ShippedFile& file : content.files->files) {
      if (file.path == path) return file.text ? *file.text : "(as it is)";
    }
    return "(not there)";
  }
  // As if `content` had been confirmed.
  void confirm(const AllocationContent& content, std::uint32_t worker = 0) {
    AppliedAllocation& allocation = applied[worker];
    allocation.files = content.files;
    allocation.rendered_with = content.with;
    allocation.version = job.version;
  }

  std::vector<Worker> workers;
  Job job;
  RenderSettings settings{BucketId("b1"), "/opt/worker", 7};
  std::map<std::string, std::string> conf;
  FakeValues stored;
  VariableSources sources{BucketId("b1"), nullptr, nullptr, ""};
  std::map<std::uint32_t, AppliedAllocation> applied;

 private:
  std::vector<std::uint32_t> placement{0, 1};
  Disabled disabled;
  PortTable ports;
  std::map<JobName, std::map<std::string, std::string>> settings_of_jobs;
  std::map<std::string, std::string> prometheus;
  std::map<JobName, std::string> names;
};

TEST(Rendering, DotIsWhatSection72Says) {
  World world;
  world.file("all",
             "{{.AllocationID}} {{.Job}} {{.CurrentVersion}} {{.NewVersion}} {{.BucketID}} {{.WorkerIP}} "
             "{{join .Labels \"+\"}} {{.UpdateSeq}} {{.BucketPath}} {{.JobPath}} {{.WorkerData.WorkerIP}}");
  world.file("id", "{{.WorkerID}}");
  const AllocationContent content = world.content();
  EXPECT_EQ(world.text(content, "all").substr(0, 36), derived_id("api|w1"));
  EXPECT_EQ(world.text(content, "all").substr(37),
            "api 0.0.0 2.0.0 b1 w1 web+worker 7 /opt/worker/b1 /opt/worker/b1/jobs/api w1");
  EXPECT_EQ(world.text(content, "id"), worker_id(BucketId("b1"), WorkerHost("w1")));
  EXPECT_EQ(world.text(content, "Makefile"), "(as it is)");
  EXPECT_EQ(content.files->files.size(), 3u);
}

TEST(Rendering, AFileHasTheDigestOfItsText) {
  World world;
  world.file("run.sh", "#!/bin/sh\necho {{.WorkerIP}}\n", FileMode::kExecutable);
  const AllocationContent one = world.content(0);
  const AllocationContent two = world.content(1);
  const ShippedFile& file = one.files->files[1];
  EXPECT_EQ(file.content, sha256("#!/bin/sh\necho w1\n"));
  EXPECT_EQ(file.size_bytes, 18u);
  EXPECT_TRUE(file.blob.empty());
  EXPECT_EQ(file.mode, FileMode::kExecutable);
  EXPECT_NE(one.files->digest, two.files->digest);
}

TEST(Rendering, ASecretMakesItsFilePrivateUnlessTheManifestSaysOtherwise) {
  World world;
  world.stored.write({{ValueChange::Kind::kPutSecret, "secrets/job/api", "token", "s3cret"}}, {});
  world.sources.stored = world.stored.snapshot();
  world.sources.reveal = [&](const StoredValue& value) { return world.stored.reveal(value); };
  world.file("a.ini", "{{getSecret \"token\"}}").file("b.ini", "no secret");
  world.file("c.ini", "{{get \"secrets/job/api\" \"token\"}}");
  world.job.file_rules = {{"c.ini", 0644, "", ""}};
  const AllocationContent content = world.content();
  EXPECT_EQ(world.text(content, "a.ini"), "s3cret");
  EXPECT_EQ(content.files->files[1].attributes.permissions, 0640);
  EXPECT_EQ(content.files->files[2].attributes.permissions, 0);
  EXPECT_EQ(content.files->files[3].attributes.permissions, 0);
}

TEST(Rendering, EveryFailureIsTold) {
  World world;
  world.file("a", "{{get \"vars/bucket\" \"none\"}}")
      .file("b", "ok")
      .file("c", "{{get \"maand/job/db\" \"x\"}}");
  auto result = world.render();
  const auto& failures = std::get<std::vector<RenderFailure>>(result);
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].path, "a.tpl");
  EXPECT_EQ(failures[0].problem.kind, TemplateProblem::Kind::kMissingValue);
  EXPECT_EQ(failures[0].problem.key, "none");
  EXPECT_EQ(failures[1].path, "c.tpl");
  EXPECT_EQ(failures[1].problem.kind, TemplateProblem::Kind::kDenied);
}

TEST(Rendering, CurrentVersionAndUpdateSeqAreNoDifferenceByThemselves) {
  World world;
  world.file("v", "from {{.CurrentVersion}} at {{.UpdateSeq}}");
  const AllocationContent first = world.content();
  EXPECT_EQ(world.text(first, "v"), "from 0.0.0 at 7");
  world.confirm(first);
  world.settings.update_seq = 8;  // another pass, and the version is confirmed now
  const AllocationContent second = world.content();
  EXPECT_EQ(world.text(second, "v"), "from 2.0.0 at 8") << "what would be shipped";
  EXPECT_EQ(second.compared->digest, first.files->digest) << "what decides";
}

TEST(Rendering, ARealChangeIsFoundBesideTheMovingOnes) {
  World world;
  world.conf["domain"] = "a";
  world.file("v", "from {{.CurrentVersion}} on {{get \"vars/bucket\" \"domain\"}}");
  world.confirm(world.content());
  world.conf["domain"] = "b";
  const AllocationContent second = world.content();
  EXPECT_NE(second.compared->digest, world.applied[0].files->digest);
  EXPECT_NE(second.with.values, world.applied[0].rendered_with.values);
  EXPECT_EQ(world.text(second, "v"), "from 2.0.0 on b");
}

TEST(Rendering, OnlyAValueThatIsReadCounts) {
  World world;
  world.conf = {{"read", "1"}, {"other", "1"}};
  world.file("v", "{{get \"vars/bucket\" \"read\"}}");
  const Digest before = world.content().with.values;
  world.conf["other"] = "2";
  EXPECT_EQ(world.content().with.values, before);
  world.conf["read"] = "2";
  EXPECT_NE(world.content().with.values, before);
}

}  // namespace
}  // namespace maand
