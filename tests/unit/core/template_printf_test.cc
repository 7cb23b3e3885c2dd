// printf's verbs, in short; the long list against Go itself is in template_vectors_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/template_world.h"

namespace maand {
namespace {

struct Printed {
  const char* arguments;
  const char* text;
};

void check(std::initializer_list<Printed> cases) {
  for (const auto& [arguments, text] : cases) {
    TemplateWorld world;
    EXPECT_EQ(world.told("{{printf " + std::string(arguments) + "}}"), text) << arguments;
  }
}

TEST(TemplatePrintf, Integers) {
  check({{R"("%d %5d|%-5d|%05d" 42 42 42 42)", "42    42|42   |00042"},
         {R"("%x %X %#x %o %b %c %q %U" 255 255 255 8 5 65 65 65)", "ff FF 0xff 10 101 A 'A' U+0041"},
         {R"("%+d % d %.3d" 7 7 7)", "+7  7 007"}});
}

TEST(TemplatePrintf, Strings) {
  check({{R"("%s|%6s|%-6s|%.2s" "abc" "abc" "abc" "abc")", "abc|   abc|abc   |ab"},
         {R"("%q %x % X" "a\"b" "abc" "abc")", R"("a\"b" 616263 61 62 63)"}});
}

TEST(TemplatePrintf, Floats) {
  check({{R"("%v %g %f %e %.2f %8.1f|" 1.5 1e6 1.5 1500.0 3.14159 2.25)",
          "1.5 1e+06 1.500000 1.500000e+03 3.14      2.2|"},
         {R"("%x %b" 1.5 1.0)", "0x1.8p+00 4503599627370496p-52"}});
}

TEST(TemplatePrintf, ListsStructsAndTypes) {
  check(
      {{R"("%v %s %q %#v %T" .Labels .Labels .Labels .Labels .Labels)",
        R"([db worker zone-a] [db worker zone-a] ["db" "worker" "zone-a"] []string{"db", "worker", "zone-a"} []string)"},
       {R"("%v" .WorkerData)", "{b-1 w-1 10.0.0.7 [db worker zone-a] 42}"},
       {R"("%T %T %T %T" 1 1.5 "a" .)", "int float64 string maand.TemplateData"}});
}

TEST(TemplatePrintf, ComplaintsAreThoseOfGo) {
  check({{R"("%d" "x")", "%!d(string=x)"},
         {R"("%d %d" 1)", "1 %!d(MISSING)"},
         {R"("%d" 1 "x")", "1%!(EXTRA string=x)"},
         {R"("%")", "%!(NOVERB)"},
         {R"("%[5]d" 1)", "%!d(BADINDEX)"},
         {R"("%*d" "x" 1)", "%!(BADWIDTH)1"},
         {R"("%s" nil)", "%!s(<nil>)"},
         {R"("%p" .Labels)", "%!p([]string=[db worker zone-a])"}});
}

TEST(TemplatePrintf, OperandsMayBeChosen) {
  check({{R"("%[2]s-%[1]s" "a" "b")", "b-a"}, {R"("%*d|%.*f" 4 7 1 2.55)", "   7|2.5"}});
}

}  // namespace
}  // namespace maand
