// workspace.md 1.2.
#include "reconciler/core/quantity.h"

#include <gtest/gtest.h>

namespace maand {
namespace {

TEST(Quantity, MemoryIsInMegabytes) {
  const struct {
    const char* text;
    double mb;
  } kCases[] = {
      {"", 0},          {"  ", 0},        {"512", 512},         {"512 mb", 512},    {"512MB", 512},
      {"1.5 gb", 1536}, {"23 GB", 23552}, {"2 tb", 2097152},    {"1e3", 1000},      {"-5", -5},
      {"+5", 5},        {".5 gb", 512},   {"5. mb", 5},         {" 1   Gb ", 1024}, {"0", 0},
      {"-0", 0},        {"1e15", 1e15},   {"0.00001", 0.00001},
  };
  for (const auto& [text, mb] : kCases) EXPECT_EQ(parse_memory_mb(text), mb) << text;
}

TEST(Quantity, CpuIsInMegahertz) {
  const struct {
    const char* text;
    double mhz;
  } kCases[] = {
      {"", 0}, {"250", 250}, {"250 mhz", 250}, {"1.5 GHz", 1500}, {"2thz", 2000000}, {"-1", -1},
  };
  for (const auto& [text, mhz] : kCases) EXPECT_EQ(parse_cpu_mhz(text), mhz) << text;
}

TEST(Quantity, RefusesEverythingElse) {
  for (const char* text :
       {"5 kb",   "5 m",   "5 mib", "5 g", "1.2.3 mb", "-1 mb", "+1 mb", "1e3 mb",        "mb",
        "5 mb x", "5 mhz", "inf",   "nan", "-inf",     "1e999", "1e16",  "2000000000 tb", "++5",
        "+-5",    "0x10",  "5,5",   ".",   ". mb",     "five"}) {
    EXPECT_FALSE(parse_memory_mb(text)) << text;
  }
  for (const char* text : {"5 mb", "5 hz", "5 khz", "1.2.3 ghz", "-1 ghz", "ghz", "inf"}) {
    EXPECT_FALSE(parse_cpu_mhz(text)) << text;
  }
  EXPECT_FALSE(parse_memory_mb(std::string_view("5\0", 2)));
}

TEST(Quantity, PrintsPlainDecimalsAlways) {
  const struct {
    double amount;
    const char* text;
  } kCases[] = {
      {0, "0"},
      {1.5, "1.5"},
      {23552, "23552"},
      {1000000, "1000000"},
      {2097152, "2097152"},
      {123456789.5, "123456789.5"},
      {0.00001, "0.00001"},
      {1e15, "1000000000000000"},
      {-2.25, "-2.25"},
  };
  for (const auto& [amount, text] : kCases) EXPECT_EQ(format_quantity(amount), text);
}

}  // namespace
}  // namespace maand
