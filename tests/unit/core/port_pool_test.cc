// workspace.md 2.3, 4.1 and its list of differences, R1.6, R1.7.
#include "reconciler/core/port_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

namespace maand {
namespace {

using Lines = std::vector<std::string>;

// `a.http=8080 a.admin b.x`: declared ports, fixed with a number, else of the pool.
PortClaims claims(const std::string& text) {
  PortClaims out;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto dot = word.find('.');
    const auto equals = std::min(word.find('='), word.size());
    PortBinding port;
    port.name = word.substr(dot + 1, equals - dot - 1);
    if (equals < word.size()) port.fixed = std::stoi(word.substr(equals + 1));
    out.declared[JobName(word.substr(0, dot))].push_back(port);
  }
  return out;
}

// The same words, each with its number.
PortTable table(const std::string& text) {
  PortTable out;
  for (const auto& [job, ports] : claims(text).declared) {
    for (const PortBinding& port : ports) out[job][port.name] = *port.fixed;
  }
  return out;
}

std::string shown(const PortTable& numbers) {
  std::string out;
  for (const auto& [job, ports] : numbers) {
    for (const auto& [name, number] : ports) {
      out += (out.empty() ? "" : " ") + job.str() + "." + name + "=" + std::to_string(number);
    }
  }
  return out;
}

struct Case {
  const char* rule;
  const char* declared;
  const char* before;
  const char* after;
};

void expect_all(const std::vector<Case>& cases, const PortPool& pool) {
  for (const Case& one : cases) {
    const PortAssignment got = assign_ports(claims(one.declared), pool, table(one.before));
    EXPECT_EQ(shown(got.numbers), one.after) << one.rule;
    EXPECT_TRUE(got.problems.empty()) << one.rule;
  }
}

TEST(PortPool, NumbersStayWhereTheyAreAndTheSmallestFreeIsNext) {  // workspace.md 4.1
  expect_all(
      {
          {"nothing asks", "", "", ""},
          {"in the order of jobs, then ports", "b.x a.y a.x", "", "a.x=100 a.y=101 b.x=102"},
          {"a number given out stays", "a.x b.x", "b.x=100", "a.x=101 b.x=100"},
          {"also for a job that comes earlier in the order", "a.x b.x c.x", "b.x=101 c.x=100",
           "a.x=102 b.x=101 c.x=100"},
          {"a gap is filled", "a.x b.x c.x d.x", "a.x=100 c.x=102", "a.x=100 b.x=101 c.x=102 d.x=103"},
          {"out of the pool it moves", "a.x b.x", "a.x=99 b.x=104", "a.x=100 b.x=101"},
          {"the ends belong to the pool", "a.x b.x", "a.x=100 b.x=103", "a.x=100 b.x=103"},
          {"a number of a job that left is free at once", "b.x", "a.x=100 b.x=101", "b.x=101"},
          {"and may be taken in the same pass", "b.x c.x", "a.x=100 b.x=101", "b.x=101 c.x=100"},
          {"a port that is no longer declared is free at once", "a.x b.x", "a.x=101 a.y=100",
           "a.x=101 b.x=100"},
          {"a damaged table that gives one number twice is set right", "a.x b.x", "a.x=100 b.x=100",
           "a.x=100 b.x=101"},
      },
      {.min = 100, .max = 103});
}

TEST(PortPool, AFixedPortIsReservedBeforeTheOthers) {  // workspace.md, list of differences
  expect_all(
      {
          {"whatever the order of names", "a.x b.x=100", "", "a.x=101 b.x=100"},
          {"a dynamic port makes way for it", "a.x b.x=100", "a.x=100", "a.x=101 b.x=100"},
          {"it need not lie in the pool", "a.x=80", "", "a.x=80"},
          {"it changes when the manifest says so", "a.x=81", "a.x=80", "a.x=81"},
          {"two jobs may fix one number, on different workers", "a.x=80 b.x=80", "", "a.x=80 b.x=80"},
          {"two jobs swap in one commit", "a.x=81 b.x=80", "a.x=80 b.x=81", "a.x=81 b.x=80"},
          {"a name moves to another job in one commit", "b.x=80", "a.x=80", "b.x=80"},
          {"a job is renamed in one commit", "new.x=80 new.y", "old.x=80 old.y=101", "new.x=80 new.y=100"},
          {"fixed becomes dynamic and stays when it lies in the pool", "a.x b.x", "b.x=100",
           "a.x=101 b.x=100"},
      },
      {.min = 100, .max = 103});
}

TEST(PortPool, NumbersThatAreClosedAreNotGivenOut) {  // R3.11
  const PortPool pool{.min = 100, .max = 103, .closed = {100, 102, 80}};
  expect_all({{"none of them is new", "a.x a.y", "", "a.x=101 a.y=103"},
              {"and none of them is kept", "a.x a.y", "a.x=102 a.y=101", "a.x=103 a.y=101"}},
             pool);
  const PortAssignment got = assign_ports(claims("a.x=80 a.y=81"), pool, {});
  EXPECT_EQ(shown(got.numbers), "a.y=81");
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].reason, Reason::kPortClaimed);
  EXPECT_EQ(got.problems[0].jobs, std::vector<JobName>{JobName("a")});
  EXPECT_EQ(to_string(got.problems[0].diagnostic),
            "jobs/a/manifest.json: resources.ports.x: the job a asks for port 80, which is not available: "
            "somebody outside of this bucket claims it — choose another number, or write {} for one of the "
            "pool");
}

TEST(PortPool, AnExhaustedPoolNamesWhoAskedAndWhatThereIs) {  // workspace.md 4.1
  const PortPool pool{.min = 100, .max = 103, .closed = {100}};
  const PortAssignment got = assign_ports(claims("a.x=101 b.y b.x c.x"), pool, table("b.y=103 c.x=102"));
  EXPECT_EQ(shown(got.numbers), "a.x=101 b.y=103 c.x=102") << "those that have a number keep it";
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_EQ(got.problems[0].reason, Reason::kPortRangeExhausted);
  EXPECT_EQ(got.problems[0].jobs, std::vector<JobName>{JobName("b")});
  EXPECT_EQ(
      to_string(got.problems[0].diagnostic),
      "jobs/b/manifest.json: resources.ports.x: the job b asks for a port of the pool, and no number is "
      "left: 3 ports ask for one, and 2 of 100 to 103 are available — widen port_min and port_max in "
      "bucket.conf, or remove ports");
}

TEST(PortPool, AJobThatCannotBeReadKeepsItsNumbers) {  // R1.6
  PortClaims wanted = claims("b.x b.y");
  wanted.unknown = {JobName("a"), JobName("never_seen")};
  const PortTable before = table("a.x=100 a.fixed=8080 b.y=102 gone.x=103");
  EXPECT_EQ(shown(assign_ports(wanted, {.min = 100, .max = 103}, before).numbers),
            "a.fixed=8080 a.x=100 b.x=101 b.y=102");
  const PortAssignment none = assign_ports(wanted, {.min = 100, .max = 100}, before);
  EXPECT_EQ(shown(none.numbers), "a.fixed=8080 a.x=100");
  ASSERT_EQ(none.problems.size(), 2u);
  EXPECT_NE(none.problems[0].diagnostic.message.find("and 0 of 100 to 100 are available"), std::string::npos);
}

// Whatever is asked: no number of the pool twice, nothing outside of it, every port
// has a number or a problem, and asked again with its own answer nothing moves.
TEST(PortPool, IsUniqueCompleteAndStable) {
  std::mt19937 random(20260101);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  PortTable sticky;
  for (int round = 0; round < 2000; ++round) {
    const PortPool pool{.min = pick(1, 5), .max = pick(5, 30), .closed = {pick(1, 30), pick(1, 30)}};
    PortClaims wanted;
    std::size_t ports = 0;
    for (int job = pick(0, 6); job > 0; --job) {
      std::vector<PortBinding>& declared = wanted.declared[JobName("j" + std::to_string(pick(0, 9)))];
      declared.clear();
      for (int port = pick(0, 5); port > 0; --port) {
        declared.push_back({"p" + std::to_string(port), std::nullopt});
        if (pick(0, 2) == 0) declared.back().fixed = pick(1, 40);
      }
    }
    for (const auto& [job, declared] : wanted.declared) ports += declared.size();
    const PortAssignment got = assign_ports(wanted, pool, sticky);

    std::size_t numbered = 0;
    std::set<int> fixed;
    std::set<int> dynamic;
    for (const auto& [job, declared] : wanted.declared) {
      for (const PortBinding& port : declared) {
        if (port.fixed) fixed.insert(*port.fixed);
      }
    }
    for (const auto& [job, declared] : wanted.declared) {
      for (const PortBinding& port : declared) {
        if (got.numbers.count(job) == 0 || got.numbers.at(job).count(port.name) == 0) continue;
        ++numbered;
        const int number = got.numbers.at(job).at(port.name);
        ASSERT_EQ(pool.closed.count(number), 0u);
        if (port.fixed) {
          ASSERT_EQ(number, *port.fixed);
        } else {
          ASSERT_TRUE(pool.min <= number && number <= pool.max);
          ASSERT_EQ(fixed.count(number), 0u);
          ASSERT_TRUE(dynamic.insert(number).second);
        }
      }
    }
    ASSERT_EQ(numbered + got.problems.size(), ports);
    const PortAssignment again = assign_ports(wanted, pool, got.numbers);
    ASSERT_EQ(again.numbers, got.numbers);
    ASSERT_EQ(again.problems.size(), got.problems.size());
    sticky = got.numbers;
  }
}

}  // namespace
}  // namespace maand
