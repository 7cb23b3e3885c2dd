// What is made of the numbers that workers kept, after the store was lost (workspace.md 4.1).
#include "reconciler/core/port_recall.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

PortTable of(const std::string& job, const std::string& port, int number) {
  return {{JobName(job), {{port, number}}}};
}

TEST(PortRecall, WhatAllWorkersTellIsTaken) {
  const RecalledPorts out =
      recall_ports({{WorkerHost("w1"), of("a", "http", 30005)}, {WorkerHost("w2"), of("a", "http", 30005)}});
  EXPECT_EQ(out.numbers, of("a", "http", 30005));
  EXPECT_TRUE(out.conflicts.empty());
}

TEST(PortRecall, TheNumberThatMostTellWinsAndItIsSaid) {
  const RecalledPorts out = recall_ports({{WorkerHost("w1"), of("a", "http", 30001)},
                                          {WorkerHost("w2"), of("a", "http", 30005)},
                                          {WorkerHost("w3"), of("a", "http", 30005)}});
  EXPECT_EQ(out.numbers, of("a", "http", 30005));
  ASSERT_EQ(out.conflicts.size(), 1u);
  EXPECT_EQ(out.conflicts[0],
            "port http of a has different numbers: 30001 on w1, 30005 on w2 w3; taken is 30005");
}

TEST(PortRecall, OfAsManyTheSmallerNumberWins) {
  EXPECT_EQ(
      recall_ports({{WorkerHost("w1"), of("a", "http", 30007)}, {WorkerHost("w2"), of("a", "http", 30002)}})
          .numbers,
      of("a", "http", 30002));
}

TEST(PortRecall, ANumberOfTwoPortsIsLeftToTheFirst) {
  const RecalledPorts out =
      recall_ports({{WorkerHost("w1"), of("b", "x", 30001)}, {WorkerHost("w2"), of("a", "y", 30001)}});
  EXPECT_EQ(out.numbers, of("a", "y", 30001));
  ASSERT_EQ(out.conflicts.size(), 1u);
  EXPECT_EQ(out.conflicts[0], "port x of b and port y of a both have 30001; it is left to the latter");
}

TEST(PortRecall, NumbersThatAreNoneDoNotCount) {
  for (const int number : {-1, 0, 65536}) {
    EXPECT_TRUE(recall_ports({{WorkerHost("w1"), of("a", "http", number)}}).numbers.empty()) << number;
  }
}

}  // namespace
}  // namespace maand
