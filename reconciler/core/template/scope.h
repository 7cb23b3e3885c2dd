// Which variables a place in a template may name, and the slots that hold them.
//
// Go looks variables up by name while it executes; here that is done once, while
// parsing. What Go's parser accepts and what its execution finds differ in corners
// (`{{$x = 1}}` makes the name known and declares nothing), so both are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reconciler/core/template/nodes.h"

namespace maand::tpl {

class Scope {
 public:
  Scope();

  // The parser has seen the name: it may be used from here on.
  void make_known(std::string_view name);
  bool is_known(std::string_view name) const;

  // A declaration, once its pipeline is complete.
  std::uint32_t declare(std::string_view name);

  // The slots that `name` may mean here, innermost first. false: more than can be followed.
  bool resolve(std::string_view name, Slots& slots) const;

  // What was declared since `first_slot` may never be evaluated.
  void make_conditional(std::uint32_t first_slot);

  struct Mark {
    std::size_t known, declared;
  };
  Mark mark() const { return {known_order_.size(), declared_order_.size()}; }
  void leave(const Mark& mark);
  void undeclare(const Mark& mark);  // the names stay known

  std::uint32_t slots() const { return slots_; }

 private:
  struct Declared {
    std::uint32_t slot;
    bool conditional;
  };
  std::unordered_map<std::string_view, int> known_;
  std::unordered_map<std::string_view, std::vector<Declared>> declared_;
  std::vector<std::string_view> known_order_;
  std::vector<std::pair<std::string_view, std::size_t>> declared_order_;  // name, index under it
  std::uint32_t slots_ = 0;
};

}  // namespace maand::tpl
