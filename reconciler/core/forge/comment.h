// The one comment of ours on a pull or merge request: found again by a marker, edited, or made.
//
//   list a page ─► ours? ─┬─ no, and there are more pages ─► the next page
//                         ├─ yes, and it says so already ──► done
//                         ├─ yes ─► edit ─► 403 or 404: somebody else's with our marker ─► the next one, or
//                         make └─ no ──► make
//
// Pure: a request comes out, its answer goes in. Nothing is remembered between two talks, so
// a lost store, or a daemon killed between two requests, makes no second comment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reconciler/core/forge/answer.h"
#include "reconciler/core/forge/request.h"

namespace maand {

struct ForgeComment {
  std::uint64_t change = 0;  // number of the pull or merge request
  std::string owner;         // whose comment it is there: one is kept for each owner (a bucket's id)
  std::string markdown;      // cut to what the provider takes
};

// False: it has no comments that a ref of ours leads to (Bitbucket Cloud keeps no refs of
// pull requests). Previews are told there as a commit status.
bool takes_comments(ForgeProvider provider);

// A line that readers do not see and we find again.
std::string comment_marker(ForgeProvider provider, std::string_view owner);

class CommentTalk {
 public:
  // REQUIRES: takes_comments(), comment.change > 0.
  CommentTalk(ForgeRepository repository, ForgeComment comment, std::string token);

  ForgeRequest first() const;
  // The answer to the last request: what is to be sent next, or how it ended.
  std::variant<ForgeRequest, ForgeVerdict> next(const ForgeAnswer& answer, WallTime now);

  // Pages of comments that are looked through; on a request with more, nothing is written.
  static constexpr int kMostPages = 40;
  static constexpr int kPageSize = 50;
  // Of one page.
  static constexpr std::size_t kMostPageBytes = 8u << 20;

 private:
  struct Found {
    std::string id;
    std::int64_t version = 0;  // Bitbucket Server edits only what it has not changed meanwhile
    bool same = false;         // its text is what ours is to be
  };
  enum class Step { kList, kEdit, kMake };

  std::variant<ForgeRequest, ForgeVerdict> read_page(const ForgeAnswer& answer);
  std::variant<ForgeRequest, ForgeVerdict> write();
  ForgeRequest list(std::int64_t from) const;
  ForgeRequest edit(const Found& found) const;
  ForgeRequest make() const;
  std::string comments() const;  // path of the list below the API's base

  ForgeRepository repository_;
  ForgeComment comment_;
  std::string token_;
  std::string marker_;
  std::string text_;
  Step step_ = Step::kList;
  int page_ = 1;
  std::vector<Found> found_;  // with our marker; tried one by one
  std::size_t tried_ = 0;
};

}  // namespace maand
