#include "reconciler/app/triggers.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{};
constexpr double kMiddle = 0.5;  // of the jitter: no deviation

TEST(Triggers, ManyPokesAreOnePassWithTheFirstCause) {
  Triggers triggers(seconds(60));
  triggers.poke("operator");
  triggers.poke("commit");
  EXPECT_TRUE(triggers.pending());
  EXPECT_EQ(triggers.take(), "operator");
  EXPECT_FALSE(triggers.pending());
}

TEST(Triggers, APokeDuringAPassMakesAnotherPass) {
  Triggers triggers(seconds(60));
  triggers.poke("commit");
  triggers.take();
  triggers.poke("operator");
  triggers.pass_ended(kStart, true, kMiddle);
  EXPECT_TRUE(triggers.pending());
  EXPECT_EQ(triggers.requested(), 2u);
  EXPECT_EQ(triggers.served(), 1u);
}

// `maand reconcile --wait` waits for a pass that began after its word.
TEST(Triggers, WhatWasTakenIntoAPassIsServedByTheOneThatFollows) {
  Triggers triggers(std::chrono::seconds(60));
  triggers.poke("commit");
  triggers.take();
  triggers.poke("operator");
  const std::uint64_t word = triggers.requested();
  EXPECT_EQ(triggers.take_into_pass(), "operator");
  triggers.pass_ended(Instant{}, true, 0.5, true);
  EXPECT_LT(triggers.served(), word);
  triggers.poke("operator");
  triggers.take();
  triggers.pass_ended(Instant{}, true, 0.5);
  EXPECT_GE(triggers.served(), word);
}

TEST(Triggers, APollIsDueAfterTheInterval) {
  Triggers triggers(seconds(60));
  triggers.pass_ended(kStart, true, kMiddle);
  triggers.tick(kStart + seconds(59));
  EXPECT_FALSE(triggers.pending());
  triggers.tick(kStart + seconds(60));
  EXPECT_TRUE(triggers.pending());
  EXPECT_EQ(triggers.take(), "commit");
}

TEST(Triggers, WhatDidNotConvergeIsTriedAgainWithBackoff_R2_7) {
  Triggers triggers(seconds(3600));
  for (const int wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    triggers.pass_ended(kStart, false, kMiddle);
    EXPECT_EQ(triggers.next_due(), kStart + seconds(wait));
  }
  triggers.pass_ended(kStart, true, kMiddle);
  EXPECT_EQ(triggers.next_due(), kStart + seconds(3600));
}

TEST(Triggers, TheJitterStaysWithinItsShare_R1_1) {
  for (const double jitter : {0.0, 0.25, 0.5, 0.75, 0.999}) {
    Triggers triggers(seconds(60));
    triggers.pass_ended(kStart, true, jitter);
    EXPECT_GE(triggers.next_due(), kStart + milliseconds(57'000));
    EXPECT_LE(triggers.next_due(), kStart + milliseconds(63'000));
  }
}

}  // namespace
}  // namespace maand
