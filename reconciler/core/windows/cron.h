// When does a cron expression say something starts? Five fields, as cron(5) has them.
#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // of the month, from 1
  std::bitset<13> months;   // from 1
  std::bitset<7> weekdays;  // 0 = Sunday
  bool any_hour = false;    // the field begins with `*`
  bool any_day = false;
  bool any_weekday = false;

  // Something starts on that day. As in cron(5): when neither field of days begins with `*`, one
  // of them is enough.
  bool on(std::chrono::year_month_day date) const;
};

// nullopt: `wrong` then says why, also of a day that no year has.
std::optional<Cron> parse_cron(std::string_view text, std::string& wrong);
inline constexpr const char* kCronGrammar =
    "write minute, hour, day of month, month and day of week, for example \"0 22 * * 1-5\"";

}  // namespace maand
