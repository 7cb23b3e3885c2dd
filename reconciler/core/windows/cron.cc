#include "reconciler/core/windows/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "reconciler/core/text.h"

namespace maand {
namespace {

namespace chrono = std::chrono;

constexpr std::size_t kMostBytes = 500;
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  const char* name;
  int least;
  int most;
};
constexpr Field kMinute{"minute", 0, 59};
constexpr Field kHour{"hour", 0, 23};
constexpr Field kDayOfMonth{"day of month", 1, 31};
constexpr Field kMonth{"month", 1, 12};
constexpr Field kWeekday{"day of week", 0, 7};

template <std::size_t N>
std::optional<int> named(const std::array<std::string_view, N>& names, std::string_view word) {
  const auto it = std::find(names.begin(), names.end(), lower(word));
  if (it == names.end()) return std::nullopt;
  return static_cast<int>(it - names.begin());
}

std::optional<int> number(const Field& field, std::string_view word) {
  if (field.name == kMonth.name) {
    if (const auto month = named(kMonths, word)) return *month + 1;
  }
  if (field.name == kWeekday.name) {
    if (const auto weekday = named(kWeekdays, word)) return weekday;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool all = error == std::errc{} && end == word.data() + word.size() && word.size() <= 2;
  if (!all || word.front() == '-' || value < field.least || value > field.most) return std::nullopt;
  return value;
}

// `*`, `7`, `1-5`, `*/10`, `20-40/5`. False: it is none of these.
template <std::size_t N>
bool read_range(const Field& field, std::string_view text, std::bitset<N>& out) {
  int step = 1;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view word = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), step);
    if (error != std::errc{} || end != word.data() + word.size() || step < 1 || step > 99) return false;
    text = text.substr(0, slash);
  }
  int from = field.least;
  int to = field.name == kWeekday.name ? 6 : field.most;
  if (text != "*") {
    const std::size_t dash = text.find('-');
    const auto first = number(field, text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(field, text.substr(dash + 1));
    if (!first || !last || *first > *last) return false;
    if (dash == std::string_view::npos && slash != std::string_view::npos) return false;
    from = *first;
    to = *last;
  }
  for (int i = from; i <= to; i += step) out.set(static_cast<std::size_t>(i) % N);  // 7 is a Sunday as well
  return true;
}

template <std::size_t N>
bool read_field(const Field& field, std::string_view text, std::bitset<N>& out, std::string& wrong) {
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    if (!read_range(field, part, out)) {
      wrong = quote(part) + " is no " + field.name + " (" + std::to_string(field.least) + " to " +
              std::to_string(field.most) + ", lists, ranges and steps)";
      return false;
    }
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!(text = trim(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

// The calendar repeats itself after 400 years.
bool ever(const Cron& cron) {
  constexpr chrono::sys_days kFrom = chrono::year(2000) / 1 / 1;
  constexpr chrono::sys_days kTo = chrono::year(2400) / 1 / 1;
  for (chrono::sys_days day = kFrom; day < kTo; day += chrono::days(1)) {
    if (cron.on(day)) return true;
  }
  return false;
}

}  // namespace

bool Cron::on(chrono::year_month_day date) const {
  if (!months.test(static_cast<unsigned>(date.month()))) return false;
  const bool day = days.test(static_cast<unsigned>(date.day()));
  const bool weekday = weekdays.test(chrono::weekday(chrono::sys_days(date)).c_encoding());
  return any_day || any_weekday ? day && weekday : day || weekday;
}

std::optional<Cron> parse_cron(std::string_view text, std::string& wrong) {
  const std::vector<std::string_view> words =
      text.size() > kMostBytes ? std::vector<std::string_view>() : words_of(text);
  if (words.size() != 5) {
    wrong = "has not the five fields of a cron expression";
    return std::nullopt;
  }
  Cron cron;
  cron.any_hour = words[1].starts_with('*');
  cron.any_day = words[2].starts_with('*');
  cron.any_weekday = words[4].starts_with('*');
  if (!read_field(kMinute, words[0], cron.minutes, wrong) ||
      !read_field(kHour, words[1], cron.hours, wrong) ||
      !read_field(kDayOfMonth, words[2], cron.days, wrong) ||
      !read_field(kMonth, words[3], cron.months, wrong) ||
      !read_field(kWeekday, words[4], cron.weekdays, wrong)) {
    return std::nullopt;
  }
  if (!ever(cron)) {
    wrong = "names a day that no year has";
    return std::nullopt;
  }
  return cron;
}

}  // namespace maand
