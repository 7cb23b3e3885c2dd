// Answers of git hosts: an input is a status line like `201`, headers, a blank line and a body.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "reconciler/core/forge/comment.h"
#include "reconciler/core/forge/told_states.h"
#include "reconciler/core/text.h"
#include "tests/fuzz/check.h"

namespace maand::fuzz {
namespace {

using Kind = ForgeVerdict::Kind;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

ForgeAnswer answer_of(std::string_view text) {
  ForgeAnswer answer;
  const std::string_view first = take_line(text);
  std::from_chars(first.data(), first.data() + first.size(), answer.status);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      answer.headers[lower(line.substr(0, colon))] = std::string(line.substr(colon + 2));
  }
  answer.body = std::string(text);
  return answer;
}

void check(const ForgeVerdict& verdict) {
  const bool good = verdict.kind == Kind::kTaken || verdict.kind == Kind::kAlready;
  FUZZ_CHECK(good == verdict.sentence.empty());
  FUZZ_CHECK(is_utf8(verdict.sentence));
  for (const char c : verdict.sentence) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  FUZZ_CHECK(verdict.sentence.size() < 2000);
  FUZZ_CHECK(verdict.wait.count() >= 0 && verdict.wait.count() <= 3600);
}

}  // namespace
}  // namespace maand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maand;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ForgeAnswer answer = fuzz::answer_of(text);
  const WallTime now{std::chrono::seconds(1'800'000'000)};
  for (const ForgeProvider provider : kForgeProviders) {
    const char* asked = state_word(provider, PassState::kApplied);
    const ForgeVerdict verdict = read_status_answer(provider, asked, answer, now);
    fuzz::check(verdict);
    // Nothing but 2xx is "told"; GitLab's complaint that it is so already is of `pending` alone.
    FUZZ_CHECK(verdict.kind != ForgeVerdict::Kind::kTaken || (answer.status >= 200 && answer.status < 300));
    fuzz::check(read_status_answer(provider, "pending", answer, now));
    if (!takes_comments(provider)) continue;
    CommentTalk talk({provider, "https://git.example.com/api", "a/b"}, {7, "prod", "the plan"}, "token");
    talk.first();
    bool ended = false;
    for (int i = 0; i <= 2 * CommentTalk::kMostPages && !ended; ++i) {
      const auto next = talk.next(answer, now);
      ended = std::holds_alternative<ForgeVerdict>(next);
      if (ended) fuzz::check(std::get<ForgeVerdict>(next));
    }
    FUZZ_CHECK(ended);
    change_number(provider, text);
    const LocatedRepository found = locate_repository(provider, text, "", "");
    FUZZ_CHECK(found.problem.empty() != found.repository.path.empty());
    FUZZ_CHECK(is_utf8(found.problem));
  }
  const std::string told = ToldStates::parse(text).str();
  FUZZ_CHECK(ToldStates::parse(told).str() == told);
  return 0;
}
