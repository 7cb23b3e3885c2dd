// One call of the errand's program (worker_errand.sh): what is sent and what comes back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/errand.h"

namespace maand {

// Program, header, script and end mark. `id`: hexadecimal, and no text can hold its mark by accident.
std::string errand_request(const Errand& errand, const std::string& id);

// What is said on stdout, read as it comes; how much comes does not matter.
class ErrandAnswer {
 public:
  explicit ErrandAnswer(std::string id) : id_(std::move(id)) {}

  void take(std::string_view bytes);
  bool began() const { return began_; }  // whatever stderr said before was not the errand's
  // nullopt: it did not say how it ended.
  std::optional<ErrandOutcome> outcome() const;

 private:
  void line(std::string_view text);

  const std::string id_;
  std::string rest_;  // of a line that has no end yet; at most some bytes
  bool began_ = false;
  bool late_ = false;
  bool cut_ = false;
  std::optional<int> exit_;
  std::optional<ErrandOutcome> refused_;
};

}  // namespace maand
