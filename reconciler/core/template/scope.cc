#include "reconciler/core/template/scope.h"

namespace maand::tpl {
namespace {

constexpr std::size_t kCandidatesMax = 16;

}  // namespace

Scope::Scope() {
  make_known("$");
  declare("$");
}

void Scope::make_known(std::string_view name) {
  ++known_[name];
  known_order_.push_back(name);
}

bool Scope::is_known(std::string_view name) const {
  const auto at = known_.find(name);
  return at != known_.end() && at->second > 0;
}

std::uint32_t Scope::declare(std::string_view name) {
  std::vector<Declared>& under_name = declared_[name];
  declared_order_.emplace_back(name, under_name.size());
  under_name.push_back({slots_, false});
  return slots_++;
}

bool Scope::resolve(std::string_view name, Slots& slots) const {
  const auto found = declared_.find(name);
  if (found == declared_.end()) return true;
  for (auto at = found->second.rbegin(); at != found->second.rend(); ++at) {
    if (slots.size() >= kCandidatesMax) return false;
    slots.push_back(at->slot);
    if (!at->conditional) break;
  }
  return true;
}

void Scope::make_conditional(std::uint32_t first_slot) {
  for (auto at = declared_order_.rbegin(); at != declared_order_.rend(); ++at) {
    Declared& declared = declared_[at->first][at->second];
    if (declared.slot < first_slot) break;
    declared.conditional = true;
  }
}

void Scope::leave(const Mark& mark) {
  for (; known_order_.size() > mark.known; known_order_.pop_back()) --known_[known_order_.back()];
  undeclare(mark);
}

void Scope::undeclare(const Mark& mark) {
  for (; declared_order_.size() > mark.declared; declared_order_.pop_back()) {
    declared_[declared_order_.back().first].pop_back();
  }
}

}  // namespace maand::tpl
