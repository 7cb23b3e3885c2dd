// workspace.md 3.1.
#include "reconciler/core/placement.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

Worker worker(const char* host, std::vector<std::string> labels) {
  Worker out;
  out.host = WorkerHost(host);
  out.labels = std::move(labels);
  out.labels.emplace_back("worker");
  return out;
}

Job job(const char* name, std::vector<std::string> selectors) {
  Job out;
  out.name = JobName(name);
  out.selectors = std::move(selectors);
  return out;
}

using Indices = std::vector<std::uint32_t>;

TEST(Placement, AWorkerMatchesWhenItHasEverySelectorAsALabel) {
  const std::vector<Worker> workers = {worker("w0", {"api"}), worker("w1", {"api", "ssd"}),
                                       worker("w2", {"ssd"})};
  const struct {
    std::vector<std::string> selectors;
    Indices expected;
  } kCases[] = {
      {{"worker"}, {0, 1, 2}},
      {{"api"}, {0, 1}},
      {{"api", "ssd"}, {1}},
      {{"ssd", "worker"}, {1, 2}},
      {{"nothing"}, {}},
      {{"api", "nothing"}, {}},
      {{}, {}},
      {{"API"}, {}},
  };
  for (const auto& [selectors, expected] : kCases) {
    const Job one = job("j", selectors);
    EXPECT_EQ(place(workers, {&one}), std::vector<Indices>{expected});
    for (std::uint32_t i = 0; i < workers.size(); ++i) {
      const bool placed = std::find(expected.begin(), expected.end(), i) != expected.end();
      EXPECT_EQ(matches(one, workers[i]), placed);
    }
  }
}

TEST(Placement, ManyWorkersAndJobsAgreeWithThePairwiseRule) {
  std::vector<Worker> workers;
  for (int i = 0; i < 200; ++i) {
    workers.push_back(worker(("w" + std::to_string(i)).c_str(),
                             {"m" + std::to_string(i % 7), "n" + std::to_string(i % 3)}));
  }
  std::vector<Job> jobs;
  for (int i = 0; i < 60; ++i) {
    jobs.push_back(job("j", {"m" + std::to_string(i % 7), i % 2 ? "worker" : "n" + std::to_string(i % 3)}));
  }
  std::vector<const Job*> pointers;
  for (const Job& one : jobs) pointers.push_back(&one);
  const auto placed = place(workers, pointers);
  ASSERT_EQ(placed.size(), jobs.size());
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    Indices expected;
    for (std::uint32_t w = 0; w < workers.size(); ++w) {
      if (matches(jobs[j], workers[w])) expected.push_back(w);
    }
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(placed[j], expected) << j;
  }
}

TEST(Placement, NothingToPlaceOrNowhereToPlaceItIsNoProblem) {
  const Job one = job("j", {"worker"});
  EXPECT_EQ(place({}, {&one}), std::vector<Indices>{{}});
  EXPECT_TRUE(place({worker("w", {})}, {}).empty());
}

TEST(Placement, SaysWhyAndWhyNot) {
  const Worker w = worker("10.0.0.1", {"api", "ssd"});
  EXPECT_EQ(explain_placement(job("api", {"api"}), w),
            "api is placed on 10.0.0.1: the worker has the label \"api\"");
  EXPECT_EQ(explain_placement(job("api", {"api", "ssd"}), w),
            "api is placed on 10.0.0.1: the worker has the labels \"api\" and \"ssd\"");
  EXPECT_EQ(explain_placement(job("db", {"db", "ssd"}), w),
            "db is not placed on 10.0.0.1: the worker lacks the label \"db\"");
  EXPECT_EQ(explain_placement(job("db", {"db", "x", "y"}), w),
            "db is not placed on 10.0.0.1: the worker lacks the labels \"db\", \"x\" and \"y\"");
  EXPECT_EQ(explain_placement(job("db", {}), w),
            "db is not placed on 10.0.0.1: its `selectors` hold only empty text, which matches no worker");
}

}  // namespace
}  // namespace maand
