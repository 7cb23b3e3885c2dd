// The note of one commit, shared by several buckets and by people (R4.1).
#include "reconciler/core/note_document.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace maand {
namespace {

constexpr const char* kProd = R"({"name": "prod", "state": "applied"})";
constexpr const char* kStaging = R"({"name": "staging", "state": "held"})";

std::string after_put(std::string_view note, const char* id, const char* name, const char* text,
                      const char* json) {
  NoteDocument document = NoteDocument::parse(note);
  document.put(id, name, text, json);
  return document.str();
}

TEST(NoteDocument, AFirstSectionIsTextThenSeparatorThenOneJsonDocument) {
  EXPECT_EQ(
      after_put("", "b1", "prod", "maand prod: applied\n  api@w 1 → 2", kProd),
      "maand prod: applied\n  api@w 1 → 2\n---\n{\"schema\": 1, \"buckets\": {\"b1\": {\"name\": \"prod\", "
      "\"state\": \"applied\"}}}\n");
}

struct Case {
  const char* what;
  const char* note;
  const char* text;  // of bucket b1, named prod
  const char* expected;
};

class PutProd : public ::testing::TestWithParam<Case> {};

TEST_P(PutProd, KeepsEverythingThatIsNotItsOwn) {
  const Case& c = GetParam();
  SCOPED_TRACE(c.what);
  const std::string once = after_put(c.note, "b1", "prod", c.text, R"({"name":"prod","n":2})");
  EXPECT_EQ(once, c.expected);
  EXPECT_EQ(after_put(once, "b1", "prod", c.text, R"({"name":"prod","n":2})"), once)
      << "doing it again changes nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Notes, PutProd,
    ::testing::Values(
        Case{"its own part is replaced in place, the other's bytes stay",
             "maand prod: old\n  line\nmaand staging: x\n  y  \n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":1}, \"b2\": {\"name\" "
             ":\"staging\", \"f\": 1.50e3}}}\n",
             "maand prod: new\n",
             "maand prod: new\nmaand staging: x\n  y  \n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}, \"b2\": {\"name\" "
             ":\"staging\", \"f\": 1.50e3}}}\n"},
        Case{"a person's note becomes leading text", "deployed by hand\nsee ticket 7", "maand prod: new\n",
             "deployed by hand\nsee ticket 7\nmaand prod: new\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}}}\n"},
        Case{"a separator line in foreign text is no separator", "title\n---\nbody {\n", "maand prod: new\n",
             "title\n---\nbody {\nmaand prod: new\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}}}\n"},
        Case{"damaged JSON is kept as text", "maand prod: old\n---\n{\"schema\": 1, \"buckets\": {\"b1\"",
             "maand prod: new\n",
             "maand prod: old\n---\n{\"schema\": 1, \"buckets\": {\"b1\"\nmaand prod: new\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}}}\n"},
        Case{"text appended behind the JSON moves to the front",
             "maand staging: x\n---\n{\"schema\": 1, \"buckets\": {\"b2\": {}}}\n\nseen by Ann\n",
             "maand prod: new\n",
             "seen by Ann\nmaand staging: x\nmaand prod: new\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b2\": {}, \"b1\": {\"name\":\"prod\",\"n\":2}}}\n"},
        Case{"two notes joined line by line become one",
             "maand staging: x\n---\n{\"schema\": 1, \"buckets\": {\"b2\": {}}}\nmaand prod: old\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":1}}}\n",
             "maand prod: new\n",
             "maand prod: new\nmaand staging: x\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}, \"b2\": {}}}\n"},
        Case{"members of a newer version stay",
             "maand q: x\n---\n{\"schema\": 2, \"extra\": [1, {\"a\": \"}\"}], \"buckets\": {}}\n",
             "maand prod: new\n",
             "maand q: x\nmaand prod: new\n---\n"
             "{\"schema\": 2, \"extra\": [1, {\"a\": \"}\"}], \"buckets\": {\"b1\": "
             "{\"name\":\"prod\",\"n\":2}}}\n"},
        Case{"a renamed bucket finds its old section",
             "maand production: old\nmaand q: x\n---\n{\"schema\": 1, \"buckets\": {\"b1\": "
             "{\"name\":\"production\"}, \"b2\": {\"name\":\"q\"}}}\n",
             "maand prod: new\n",
             "maand prod: new\nmaand q: x\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}, \"b2\": "
             "{\"name\":\"q\"}}}\n"},
        Case{"lines that read as structure are indented", "", "maand prod: new\n---\nmaand staging: fake\n",
             "maand prod: new\n  ---\n  maand staging: fake\n---\n"
             "{\"schema\": 1, \"buckets\": {\"b1\": {\"name\":\"prod\",\"n\":2}}}\n"}));

TEST(NoteDocument, TwoBucketsOfOneNameKeepApart) {
  std::string note = after_put("", "b1", "prod", "maand prod: one", kProd);
  note = after_put(note, "b2", "prod", "maand prod: two", kProd);
  note = after_put(note, "b1", "prod", "maand prod: one again", kProd);
  NoteDocument document = NoteDocument::parse(note);
  EXPECT_EQ(document.sections(), (std::vector<std::string>{"maand prod: one again\n", "maand prod: two\n"}));
  document.put("b2", "prod", "maand prod: two again", kProd);
  EXPECT_EQ(document.sections(),
            (std::vector<std::string>{"maand prod: one again\n", "maand prod: two again\n"}));
}

TEST(NoteDocument, AStraySectionOfADamagedNoteIsNotTakenForOurs) {
  const std::string damaged = "maand prod: stray\n---\n{broken";
  const std::string once = after_put(damaged, "b1", "prod", "maand prod: one", kProd);
  const std::string twice = after_put(once, "b1", "prod", "maand prod: two", kProd);
  EXPECT_NE(twice.find("maand prod: stray\n---\n{broken\n"), std::string::npos);
  EXPECT_NE(twice.find("maand prod: two\n"), std::string::npos);
  EXPECT_EQ(twice.find("maand prod: one\n"), std::string::npos);
}

TEST(NoteDocument, EntriesAreReadAsTheyWereWritten) {
  std::string note = after_put("", "b1", "prod", "maand prod: a", kProd);
  note = after_put(note, "b\"2", "staging", "maand staging: b", kStaging);
  const NoteDocument document = NoteDocument::parse(note);
  EXPECT_EQ(document.entries(), (std::vector<NoteDocument::Member>{{"b1", kProd}, {"b\"2", kStaging}}));
  EXPECT_EQ(document.str(), note);
}

TEST(NoteDocument, AnEntryThatIsNotAnObjectIsRefused) {
  NoteDocument document;
  EXPECT_THROW(document.put("b1", "prod", "maand prod: a", "[1]"), std::invalid_argument);
  EXPECT_THROW(document.put("b1", "prod", "maand prod: a", "{\"a\":"), std::invalid_argument);
}

TEST(NoteDocument, HostileNestingAndRepetitionEnd) {
  std::string nested = "---\n{\"buckets\": {\"x\": ";
  nested += std::string(200000, '[') + std::string(200000, ']') + "}}\n";
  EXPECT_EQ(NoteDocument::parse(nested).entries().size(), 1u);
  std::string repeated;
  for (int i = 0; i < 20000; ++i) repeated += "---\n{\"buckets\": {}}\n";
  const std::string kept = NoteDocument::parse(repeated).str();
  EXPECT_FALSE(kept.empty());
}

}  // namespace
}  // namespace maand
