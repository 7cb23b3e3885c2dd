#include "reconciler/cli/errand_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconciler/cli/context.h"

namespace maand {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

Worker worker(const std::string& host, std::vector<std::string> labels) {
  Worker out;
  out.host = WorkerHost(host);
  out.labels = std::move(labels);
  return out;
}

const std::vector<Worker> kWorkers = {worker("10.0.0.2", {"web", "worker"}),
                                      worker("10.0.0.1", {"db", "worker"}),
                                      worker("db.example.org", {"cache", "db", "worker"})};

Words chosen(const Words& names, const Words& labels) {
  Words out;
  for (const Worker& one : choose_workers(kWorkers, names, labels)) out.push_back(one.host.str());
  return out;
}

TEST(ErrandWorkers, AreAllOrThoseThatAreNamedOrBearALabel) {
  const struct {
    Words names, labels, expected;
  } rows[] = {
      {{}, {}, {"10.0.0.2", "10.0.0.1", "db.example.org"}},
      {{"10.0.0.1", " 10.0.0.2 "}, {}, {"10.0.0.2", "10.0.0.1"}},
      {{"DB.example.org"}, {}, {"db.example.org"}},
      {{}, {"DB"}, {"10.0.0.1", "db.example.org"}},
      {{}, {"web", "cache"}, {"10.0.0.2", "db.example.org"}},
      {{}, {"worker"}, {"10.0.0.2", "10.0.0.1", "db.example.org"}},
  };
  for (const auto& row : rows) EXPECT_EQ(chosen(row.names, row.labels), row.expected);
}

TEST(ErrandWorkers, AWordThatIsNobodysIsRefused) {
  const struct {
    Words names, labels;
    const char* said;
  } rows[] = {
      {{"10.0.0.1", "10.0.0.9"}, {}, "there is no worker \"10.0.0.9\"; did you mean `10.0.0.1`?"},
      {{"elsewhere"}, {}, "there is no worker \"elsewhere\"; `maand cat workers` lists"},
      {{""}, {}, "there is no worker \"\""},
      {{}, {"wep"}, "there is no worker with the label \"wep\"; did you mean `web`?"},
  };
  for (const auto& row : rows) {
    try {
      chosen(row.names, row.labels);
      ADD_FAILURE() << row.said;
    } catch (const CommandError& error) {
      EXPECT_EQ(error.status(), kExitUsage);
      EXPECT_THAT(error.what(), HasSubstr(row.said));
    }
  }
}

}  // namespace
}  // namespace maand
