// Which trailers does a commit message have? Read as `git interpret-trailers --parse` reads
// a stored commit.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maand {

// (key, value) in the order of the message; continued lines are joined with one space.
//
// Only the last paragraph counts, and not when it is the subject. Every line of it has to be
// a trailer, or at least one `Signed-off-by` or `(cherry picked from commit …` stands in it and no
// fewer than a quarter of its lines are trailers. Total: any bytes give a list.
std::vector<std::pair<std::string, std::string>> commit_trailers(std::string_view message);

}  // namespace maand
