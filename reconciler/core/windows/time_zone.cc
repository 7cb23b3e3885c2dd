#include "reconciler/core/windows/time_zone.h"

#include <algorithm>
#include <chrono>

namespace maand {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kMostZoneName = 64;
constexpr std::uint32_t kMostTransitions = 10'000;  // real files have some hundreds

std::int64_t days_of(int year, unsigned month, unsigned day) {
  return chrono::sys_days(chrono::year(year) / chrono::month(month) / chrono::day(day))
      .time_since_epoch()
      .count();
}

// Local midnight of the day a turn falls on, and its time behind that.
std::int64_t local_turn(const ZoneRule::Turn& turn, int year) {
  std::int64_t day = days_of(year, 1, 1);
  switch (turn.kind) {
    case ZoneRule::Turn::Kind::kDay:
      day += turn.day;
      break;
    case ZoneRule::Turn::Kind::kDayWithoutLeap:
      day += turn.day - 1 + (turn.day >= 60 && chrono::year(year).is_leap() ? 1 : 0);
      break;
    case ZoneRule::Turn::Kind::kMonthWeekDay: {
      const chrono::weekday weekday(static_cast<unsigned>(turn.day));
      const auto month = chrono::year(year) / chrono::month(static_cast<unsigned>(turn.month));
      const chrono::sys_days found =
          turn.week == 5 ? chrono::sys_days(month / weekday[chrono::last])
                         : chrono::sys_days(month / weekday[static_cast<unsigned>(turn.week)]);
      day = found.time_since_epoch().count();
      break;
    }
  }
  return day * kDay + turn.time;
}

// Reads a rule from left to right; `bad` once anything was not as it has to be.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<ZoneRule> read() {
    ZoneRule rule;
    name();
    rule.standard = -signed_time(24);
    if (!rest_.empty()) {
      name();
      rule.summer = rest_.empty() || rest_.front() == ',' ? rule.standard + 3600 : -signed_time(24);
      expect(',');
      rule.begins = turn();
      expect(',');
      rule.ends = turn();
    }
    if (bad_ || !rest_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { bad_ = !take(c) || bad_; }

  void name() {
    const bool quoted = take('<');
    std::size_t length = 0;
    const auto fits = [&](char c) {
      const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      return letter || (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
    };
    while (length < rest_.size() && fits(rest_[length])) ++length;
    bad_ = bad_ || length < 3;
    rest_.remove_prefix(length);
    if (quoted) expect('>');
  }

  std::int64_t number(std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && digits < 4 && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + (rest_[digits++] - '0');
    }
    rest_.remove_prefix(digits);
    bad_ = bad_ || digits == 0 || value < least || value > most;
    return value;
  }

  std::int64_t signed_time(std::int64_t most_hours) {
    const bool minus = take('-');
    if (!minus) take('+');
    std::int64_t seconds = number(0, most_hours) * 3600;
    if (take(':')) seconds += number(0, 59) * 60;
    if (take(':')) seconds += number(0, 59);
    return minus ? -seconds : seconds;
  }

  ZoneRule::Turn turn() {
    using Kind = ZoneRule::Turn::Kind;
    ZoneRule::Turn out;
    if (take('M')) {
      out.month = static_cast<int>(number(1, 12));
      expect('.');
      out.week = static_cast<int>(number(1, 5));
      expect('.');
      out.day = static_cast<int>(number(0, 6));
    } else if (take('J')) {
      out.kind = Kind::kDayWithoutLeap;
      out.day = static_cast<int>(number(1, 365));
    } else {
      out.kind = Kind::kDay;
      out.day = static_cast<int>(number(0, 365));
    }
    if (take('/')) out.time = signed_time(167);
    if (bad_) out = {};
    return out;
  }

  std::string_view rest_;
  bool bad_ = false;
};

// Big-endian numbers of a TZif file; beyond its end everything is 0 and `ok` false.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t take(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view bytes = skip(size);
    for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }
  std::int64_t take_signed32() { return static_cast<std::int32_t>(static_cast<std::uint32_t>(take(4))); }
  std::int64_t take_signed64() { return static_cast<std::int64_t>(take(8)); }
  std::string_view skip(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return out;
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Header {
  std::uint32_t ut = 0, standard = 0, leaps = 0, times = 0, types = 0, letters = 0;
};

std::optional<Header> read_header(Bytes& in) {
  if (in.skip(4) != "TZif") return std::nullopt;
  const std::uint64_t version = in.take(1);
  in.skip(15);
  Header out;
  for (std::uint32_t* count : {&out.ut, &out.standard, &out.leaps, &out.times, &out.types, &out.letters}) {
    *count = static_cast<std::uint32_t>(in.take(4));
  }
  if (!in.ok() || version < '2') return std::nullopt;
  return out;
}

}  // namespace

std::int64_t ZoneRule::offset_at(std::int64_t utc) const {
  if (!summer) return standard;
  const chrono::sys_days today(chrono::days((utc + standard) / kDay - ((utc + standard) % kDay < 0 ? 1 : 0)));
  const int year = static_cast<int>(chrono::year_month_day(today).year());
  const std::int64_t from = local_turn(begins, year) - standard;
  const std::int64_t to = local_turn(ends, year) - *summer;
  const bool in_summer = from < to ? utc >= from && utc < to : utc >= from || utc < to;
  return in_summer ? *summer : standard;
}

std::optional<ZoneRule> parse_zone_rule(std::string_view text) { return RuleReader(text).read(); }

std::optional<TimeZone> TimeZone::from_tzif(std::string_view bytes) {
  Bytes in(bytes);
  // The first block has 32-bit times, for readers of version 1.
  const auto old = read_header(in);
  if (!old) return std::nullopt;
  in.skip(std::uint64_t{old->times} * 5 + std::uint64_t{old->types} * 6 + old->letters +
          std::uint64_t{old->leaps} * 8 + old->standard + old->ut);
  const auto header = read_header(in);
  if (!header || header->types == 0 || header->types > 256 || header->times > kMostTransitions)
    return std::nullopt;
  TimeZone zone;
  for (std::uint32_t i = 0; i < header->times; ++i) zone.at_.push_back(in.take_signed64());
  const std::string_view kinds = in.skip(header->times);
  std::vector<std::int64_t> offsets;
  for (std::uint32_t i = 0; i < header->types; ++i) {
    offsets.push_back(in.take_signed32());
    in.skip(2);
  }
  in.skip(std::uint64_t{header->letters} + std::uint64_t{header->leaps} * 12 + header->standard + header->ut);
  const std::string_view footer = in.rest();
  const std::size_t end = footer.size() < 2 ? std::string_view::npos : footer.find('\n', 1);
  if (!in.ok() || end == std::string_view::npos || footer[0] != '\n') return std::nullopt;
  if (const std::string_view text = footer.substr(1, end - 1); !text.empty()) {
    zone.rule_ = parse_zone_rule(text);
    if (!zone.rule_) return std::nullopt;
  }
  const auto strange = [](std::int64_t offset) { return offset < -kDay || offset > kDay; };
  if (!std::is_sorted(zone.at_.begin(), zone.at_.end()) ||
      std::any_of(offsets.begin(), offsets.end(), strange))
    return std::nullopt;
  zone.offset_ = {offsets[0]};
  for (const char kind : kinds) {
    const std::size_t type = static_cast<unsigned char>(kind);
    if (type >= offsets.size()) return std::nullopt;
    zone.offset_.push_back(offsets[type]);
  }
  return zone;
}

std::int64_t TimeZone::offset_at(std::int64_t utc) const {
  const auto behind = std::upper_bound(at_.begin(), at_.end(), utc);
  if (rule_ && behind == at_.end()) return rule_->offset_at(utc);
  return offset_[static_cast<std::size_t>(behind - at_.begin())];
}

TimeZone::Shown TimeZone::when(std::int64_t local) const {
  // No place is further than a day from UTC, so that its offset is one of these two.
  const std::int64_t before = offset_at(local - kDay);
  const std::int64_t after = offset_at(local + kDay);
  Shown out;
  if (before == after) {
    out.first = local - before;
    return out;
  }
  const bool by_before = offset_at(local - before) == before;
  const bool by_after = offset_at(local - after) == after;
  if (by_before || by_after) {
    out.first = by_before ? local - before : local - after;
    if (by_before && by_after) out.second = local - after;
    return out;
  }
  // Clocks are set forward over it, at the first second of the new offset.
  out.in_gap = true;
  std::int64_t old = local - std::max(before, after);
  std::int64_t fresh = local - std::min(before, after);
  while (fresh - old > 1) {
    const std::int64_t middle = old + (fresh - old) / 2;
    (offset_at(middle) == after ? fresh : old) = middle;
  }
  out.first = fresh;
  return out;
}

bool is_zone_name(std::string_view text) {
  if (text.empty() || text.size() > kMostZoneName || text.find("//") != std::string_view::npos) return false;
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  };
  return text.front() >= 'A' && text.front() <= 'Z' && text.back() != '/' &&
         std::all_of(text.begin(), text.end(), fits);
}

}  // namespace maand
