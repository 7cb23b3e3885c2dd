// workspace.md 5.2, R2.3; 14-E: no walk over every path.
#include "reconciler/core/waves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <sstream>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

// Jobs by name with what they demand.
class Catalog {
 public:
  Catalog() = default;
  // `b>a d>a d>b c`
  explicit Catalog(const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const auto arrow = word.find('>');
      Job& job = at(word.substr(0, arrow));
      if (arrow == std::string::npos) continue;
      at(word.substr(arrow + 1));
      job.demands.push_back({JobName(word.substr(arrow + 1)), "", ""});
    }
  }
  Job& at(const std::string& name) {
    for (Job& job : jobs) {
      if (job.name.str() == name) return job;
    }
    jobs.emplace_back().name = JobName(name);
    return jobs.back();
  }
  std::vector<const Job*> pointers() const {
    std::vector<const Job*> out;
    for (const Job& job : jobs) out.push_back(&job);
    return out;
  }
  std::deque<Job> jobs;  // a reference stays good
};

// `a 0, b 1`
std::string sequence(const Catalog& catalog, const Waves& waves) {
  std::map<JobName, int> sorted;
  for (std::size_t i = 0; i < catalog.jobs.size(); ++i) sorted[catalog.jobs[i].name] = waves.sequence[i];
  std::string out;
  for (const auto& [name, wave] : sorted) {
    out += (out.empty() ? "" : ", ") + name.str() + " " + std::to_string(wave);
  }
  return out;
}

TEST(Waves, AJobComesAfterEverythingItDemands) {  // workspace.md 5.2
  const struct {
    const char* demands;
    const char* sequence;
  } kCases[] = {
      {"", ""},
      {"a b", "a 0, b 0"},
      {"b>a c>b d>a d>b", "a 0, b 1, c 2, d 2"},  // the original's own example
      {"z>m m>a", "a 0, m 1, z 2"},
      {"a>m m>z", "a 2, m 1, z 0"},
      {"d>a d>c c>b b>a", "a 0, b 1, c 2, d 3"},
      {"b>a b>a", "a 0, b 1"},
  };
  for (const auto& [demands, expected] : kCases) {
    const Catalog catalog(demands);
    const Waves waves = deployment_waves(catalog.pointers());
    EXPECT_EQ(sequence(catalog, waves), expected);
    EXPECT_TRUE(waves.cycles.empty());
  }
}

TEST(Waves, DemandsOfJobsThatAreNotThereDoNotCount) {
  Catalog catalog("b>a");
  catalog.at("a").demands.push_back({JobName("nobody"), "", ""});
  EXPECT_EQ(sequence(catalog, deployment_waves(catalog.pointers())), "a 0, b 1");
}

TEST(Waves, ACycleIsToldAsAPathAndSharesAWave) {
  const struct {
    const char* demands;
    Lines cycles;  // `jobs: path`
    const char* sequence;
  } kCases[] = {
      {"b>a a>b", {"a,b: a -> b -> a"}, "a 0, b 0"},
      {"a>a b>a", {"a: a -> a"}, "a 0, b 1"},
      {"a>b b>c c>a d>a c>base", {"a,b,c: a -> b -> c -> a"}, "a 1, b 1, base 0, c 1, d 2"},
      {"a>b b>a b>c c>b", {"a,b,c: a -> b -> a"}, "a 0, b 0, c 0"},
      {"y>x x>y b>a a>b a>x", {"a,b: a -> b -> a", "x,y: x -> y -> x"}, "a 1, b 1, x 0, y 0"},
      {"a>b b>c c>d d>a a>c", {"a,b,c,d: a -> c -> d -> a"}, "a 0, b 0, c 0, d 0"},
  };
  for (const auto& [demands, cycles, expected] : kCases) {
    const Catalog catalog(demands);
    const Waves waves = deployment_waves(catalog.pointers());
    Lines told;
    for (const Cycle& cycle : waves.cycles) {
      std::string line;
      for (const JobName& job : cycle.jobs) line += (line.empty() ? "" : ",") + job.str();
      told.push_back(line + ": " + to_string(cycle));
    }
    EXPECT_EQ(told, cycles);
    EXPECT_EQ(sequence(catalog, waves), expected);
  }
}

TEST(Waves, ALongCycleIsShownByItsEnds) {
  std::string demands;
  for (int i = 10; i < 30; ++i) {
    demands += "j" + std::to_string(i) + ">j" + std::to_string(i == 29 ? 10 : i + 1) + " ";
  }
  const Waves waves = deployment_waves(Catalog(demands).pointers());
  ASSERT_EQ(waves.cycles.size(), 1u);
  EXPECT_EQ(waves.cycles[0].path.size(), 21u);
  EXPECT_EQ(to_string(waves.cycles[0]), "j10 -> j11 -> j12 -> j13 -> … -> j27 -> j28 -> j29 -> j10");
}

// The promise on random graphs without a cycle, against the definition.
TEST(Waves, EveryDemandRisesAndTheSequenceIsTheLongestChain) {
  std::mt19937 random(7);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  for (int round = 0; round < 400; ++round) {
    const int count = pick(1, 25);
    const int density = pick(1, 60);
    std::vector<int> label(static_cast<std::size_t>(count));  // names must not tell the order
    for (int i = 0; i < count; ++i) label[static_cast<std::size_t>(i)] = i;
    std::shuffle(label.begin(), label.end(), random);
    Catalog catalog;
    std::map<std::string, Lines> demands;
    for (int i = 0; i < count; ++i) {
      const std::string name = "j" + std::to_string(label[static_cast<std::size_t>(i)]);
      Job& job = catalog.at(name);
      for (int j = 0; j < i; ++j) {
        if (pick(0, 99) >= density) continue;
        const std::string upstream = "j" + std::to_string(label[static_cast<std::size_t>(j)]);
        job.demands.push_back({JobName(upstream), "", ""});
        demands[name].push_back(upstream);
      }
    }
    std::shuffle(catalog.jobs.begin(), catalog.jobs.end(), random);
    const Waves waves = deployment_waves(catalog.pointers());
    ASSERT_TRUE(waves.cycles.empty());
    std::map<std::string, int> longest;
    const std::function<int(const std::string&)> chain = [&](const std::string& name) {
      const auto known = longest.find(name);
      if (known != longest.end()) return known->second;
      int most = 0;
      for (const std::string& upstream : demands[name]) most = std::max(most, chain(upstream) + 1);
      return longest[name] = most;
    };
    for (std::size_t i = 0; i < catalog.jobs.size(); ++i) {
      const Job& job = catalog.jobs[i];
      ASSERT_EQ(waves.sequence[i], chain(job.name.str())) << job.name.str() << " in round " << round;
      for (const Demand& demand : job.demands) {
        ASSERT_GT(waves.sequence[i], chain(demand.job.str())) << "round " << round;
      }
    }
  }
}

// With cycles: no demand ever falls, and it stays level only inside one of them.
TEST(Waves, ARandomGraphHasAnOrderWhateverItsCycles) {
  std::mt19937 random(11);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  for (int round = 0; round < 400; ++round) {
    const int count = pick(1, 12);
    Catalog catalog;
    for (int i = 0; i < count; ++i) catalog.at("j" + std::to_string(i));
    for (int edges = pick(0, 2 * count); edges > 0; --edges) {
      catalog.at("j" + std::to_string(pick(0, count - 1)))
          .demands.push_back({JobName("j" + std::to_string(pick(0, count - 1))), "", ""});
    }
    const Waves waves = deployment_waves(catalog.pointers());
    std::map<JobName, std::size_t> cycle_of;
    for (std::size_t c = 0; c < waves.cycles.size(); ++c) {
      for (const JobName& job : waves.cycles[c].jobs) ASSERT_TRUE(cycle_of.emplace(job, c + 1).second);
      ASSERT_EQ(waves.cycles[c].path.front(), waves.cycles[c].path.back());
      for (std::size_t step = 1; step < waves.cycles[c].path.size(); ++step) {  // each step is a demand
        const Job& from = catalog.at(waves.cycles[c].path[step - 1].str());
        ASSERT_TRUE(std::any_of(from.demands.begin(), from.demands.end(), [&](const Demand& demand) {
          return demand.job == waves.cycles[c].path[step];
        }));
      }
    }
    std::map<JobName, int> wave;
    for (std::size_t i = 0; i < catalog.jobs.size(); ++i) wave[catalog.jobs[i].name] = waves.sequence[i];
    for (const Job& job : catalog.jobs) {
      for (const Demand& demand : job.demands) {
        const bool together = cycle_of[job.name] != 0 && cycle_of[job.name] == cycle_of[demand.job];
        ASSERT_TRUE(together ? wave[job.name] == wave[demand.job] : wave[job.name] > wave[demand.job]);
      }
    }
  }
}

// 2^60 paths lead through this ladder, and a chain of 50,000 would exhaust a stack.
TEST(Waves, TheCostIsThatOfTheDemandsNotOfThePaths) {  // workspace.md 14-E
  Catalog ladder;
  for (int i = 1; i <= 60; ++i) {
    for (const char* side : {"l", "r"}) {
      Job& job = ladder.at(side + std::to_string(i));
      if (i == 1) continue;
      job.demands = {{JobName("l" + std::to_string(i - 1)), "", ""},
                     {JobName("r" + std::to_string(i - 1)), "", ""}};
    }
  }
  const Waves waves = deployment_waves(ladder.pointers());
  EXPECT_EQ(*std::max_element(waves.sequence.begin(), waves.sequence.end()), 59);

  std::vector<Job> chain(50'000);
  std::vector<const Job*> pointers;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    chain[i].name = JobName("j" + std::to_string(i));
    if (i > 0) chain[i].demands = {{JobName("j" + std::to_string(i - 1)), "", ""}};
    pointers.push_back(&chain[i]);
  }
  EXPECT_EQ(deployment_waves(pointers).sequence.back(), 49'999);
}

}  // namespace
}  // namespace maand
