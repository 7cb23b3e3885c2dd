// What the replicas of a bucket in PostgreSQL know of each other: who leads, and words that a standby
// hands on to the leader, rows of `maand_handed` that NOTIFY tells of.
//
// A word is taken at most once, by the leader of the newest term. An order that nobody took is withdrawn
// by whoever waits for its answer, and not taken any more after ten seconds: whoever waited may be gone.
// Rows are deleted after ten minutes; at most 1000 wait.
//
// One thread at a time. Everything throws StoreError; the next call connects anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/store/postgres_store.h"

namespace maand {

inline constexpr const char* kOrderWord = "order";  // the kind of a word whose answer somebody waits for

struct HandedWord {
  std::int64_t id = 0;
  std::string kind;
  std::string body;
};

class ReplicaLink {
 public:
  virtual ~ReplicaLink() = default;

  // Of whoever looks. In words, who holds the bucket; nullopt: nobody does.
  virtual std::optional<std::string> leader() = 0;
  // Rises with everything that is written; 0: there are no tables yet.
  virtual std::int64_t commits() = 0;

  // Of a standby. Refused where too many wait already.
  virtual std::int64_t hand_on(const std::string& kind, const std::string& body) = 0;
  virtual std::optional<std::string> answer_to(std::int64_t id) = 0;
  // False: it was taken meanwhile.
  virtual bool withdraw(std::int64_t id) = 0;

  // Of the leader. In the order in which they came; none where `term` is over.
  virtual std::vector<HandedWord> take(std::int64_t term) = 0;
  virtual void answer(std::int64_t id, const std::string& text) = 0;
  // Until something was handed on, or `most` is over: then it is time to take() anyway.
  virtual void wait(std::chrono::milliseconds most) = 0;
};

std::unique_ptr<ReplicaLink> open_replica_link(const PostgresBucket& bucket);

}  // namespace maand
