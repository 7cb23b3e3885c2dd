// A referee that never whistles would keep every promise.
#include "tests/simulation/referee.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const CommitId kHead("0123456789abcdef0123456789abcdef01234567");

Wish wish() {
  Wish made;
  made.workers = {1, 2};
  made.jobs["api"] = {};
  return made;
}

FileSetPtr files(const Wish& asked) {
  return make_file_set({{.path = "conf", .content = sha256(asked.conf("api"))}});
}

Operation operation(Action action, const std::string& id, std::uint64_t seq, int worker = 1) {
  Operation made;
  made.id = OperationId(id);
  made.seq = seq;
  made.allocation = {JobName("api"), host(worker)};
  made.action = action;
  made.new_version = "1.0.0";
  made.files = files(wish());
  return made;
}

Place running() {
  Place place;
  place.running = true;
  place.last_good = true;
  place.loaded = sha256("older");
  place.loaded_version = "0.9.0";
  return place;
}

TEST(Referee, KeepsQuietAboutAnOrderlyRollout) {
  Referee referee;
  referee.committed(kHead, wish());
  for (const int worker : {1, 2}) {
    const Operation restart =
        operation(Action::kRestart, std::to_string(worker), static_cast<std::uint64_t>(worker), worker);
    referee.on_submit(restart, kHead, false);
    referee.on_begin(restart, running());
    referee.on_end(restart, running(), {.kind = OutcomeKind::kSucceeded});
  }
  referee.on_applied(kHead);
  EXPECT_THAT(referee.broken(), IsEmpty());
  EXPECT_EQ(referee.targets(), 2);
}

TEST(Referee, SeesATargetThatRunsTwiceForOneOperation) {
  Referee referee;
  const Operation start = operation(Action::kStart, "1", 1);
  referee.on_begin(start, {});
  referee.on_begin(start, {});
  EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr("runs twice")));
}

TEST(Referee, SeesAnOlderOperationAfterANewerOne) {
  Referee referee;
  Place place;
  place.newest = 2;
  referee.on_begin(operation(Action::kStart, "1", 1), place);
  EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr("after a newer one")));
}

TEST(Referee, SeesARestartOfWhatRunsAlready) {
  Referee referee;
  Place place = running();
  place.loaded = files(wish())->digest;
  place.loaded_version = "1.0.0";
  referee.on_begin(operation(Action::kRestart, "1", 1), place);
  EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr("runs there already")));
}

TEST(Referee, SeesABatchThatIsTooLarge) {
  Referee referee;
  referee.on_begin(operation(Action::kRestart, "1", 1, 1), running());
  referee.on_begin(operation(Action::kRestart, "2", 2, 2), running());
  EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr("batch of 2")));
}

TEST(Referee, SeesWhatIsTakenAwayUnreadOrAlthoughItIsWanted) {
  struct {
    Action action;
    bool readable, there, paused;
    const char* said;
  } const rows[] = {
      {Action::kStop, true, true, false, "although it is wanted"},
      {Action::kRemove, false, false, false, "nobody could read"},
      {Action::kStart, true, false, false, "nobody wants it"},
      {Action::kRestart, true, true, true, "suspended"},
  };
  for (const auto& row : rows) {
    Referee referee;
    Wish asked = wish();
    asked.readable = row.readable;
    if (!row.there) asked.jobs.clear();
    referee.committed(kHead, asked);
    referee.on_submit(operation(row.action, "1", 1), kHead, row.paused);
    EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr(row.said)));
  }
}

TEST(Referee, SeesANoteThatSaysMoreThanIsSo) {
  Referee referee;
  referee.committed(kHead, wish());
  referee.on_applied(kHead);
  EXPECT_THAT(referee.broken(),
              ElementsAre(HasSubstr("api@w1 never came to api 1.0.0 1"), HasSubstr("api@w2")));
}

TEST(Referee, SeesFilesOfAVersionThatChangedWithoutIt) {
  Referee referee;
  Wish changed = wish();
  ++changed.jobs["api"].revision;
  referee.committed(kHead, changed);
  std::map<AllocationKey, Place> places;
  for (const int worker : {1, 2}) {
    const Operation restart =
        operation(Action::kRestart, std::to_string(worker), static_cast<std::uint64_t>(worker), worker);
    referee.on_end(restart, {}, {.kind = OutcomeKind::kSucceeded});
    Place& place = places[restart.allocation];
    place = running();
    place.version = "1.0.0";
    place.files = restart.files;
    place.loaded = place.files->digest;
  }
  referee.on_applied(kHead);
  EXPECT_THAT(referee.broken(), ElementsAre(HasSubstr("api@w1 never came"), HasSubstr("api@w2 never came")));
  referee.at_rest(kHead, places);
  EXPECT_THAT(referee.broken(), ::testing::Contains(HasSubstr("has other files")).Times(2));
}

TEST(Referee, SeesWhatIsNotAsItShouldBeInTheEnd) {
  Referee referee;
  referee.committed(kHead, wish());
  Place older = running();
  older.version = "0.9.0";
  older.files = empty_file_set();
  referee.at_rest(kHead, {{{JobName("api"), host(1)}, older}, {{JobName("db"), host(1)}, running()}});
  EXPECT_THAT(referee.broken(),
              ElementsAre(HasSubstr("has 0.9.0"), HasSubstr("other files"), HasSubstr("older files"),
                          HasSubstr("api@w2 does not run"), HasSubstr("db@w1 still runs")));
}

}  // namespace
}  // namespace maand::simulation
