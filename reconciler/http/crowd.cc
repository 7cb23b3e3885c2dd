#include "reconciler/http/crowd.h"

namespace maand {

void Crowd::enter(Id id, const std::string& source) {
  members_[id].source = source;
  if (!source.empty()) ++sources_[source].members;
  waiting(id);
}

void Crowd::forget_age(Member& member) {
  if (member.age == 0) return;
  by_age_.erase(member.age);
  if (!member.source.empty()) sources_[member.source].by_age.erase(member.age);
  member.age = 0;
}

void Crowd::busy(Id id) {
  const auto it = members_.find(id);
  if (it != members_.end()) forget_age(it->second);
}

void Crowd::waiting(Id id) {
  const auto it = members_.find(id);
  if (it == members_.end()) return;
  Member& member = it->second;
  forget_age(member);
  member.age = next_age_++;
  by_age_.emplace(member.age, id);
  if (!member.source.empty()) sources_[member.source].by_age.emplace(member.age, id);
}

void Crowd::leave(Id id) {
  const auto it = members_.find(id);
  if (it == members_.end()) return;
  forget_age(it->second);
  if (!it->second.source.empty()) {
    const auto source = sources_.find(it->second.source);
    if (--source->second.members == 0) sources_.erase(source);
  }
  members_.erase(it);
}

std::optional<Crowd::Id> Crowd::must_go_for(const std::string& source) const {
  if (const auto it = sources_.find(source); it != sources_.end() && it->second.members >= per_source_) {
    if (!it->second.by_age.empty()) return it->second.by_age.begin()->second;
  }
  return members_.size() >= most_ ? oldest() : std::nullopt;
}

std::optional<Crowd::Id> Crowd::oldest() const {
  if (by_age_.empty()) return std::nullopt;
  return by_age_.begin()->second;
}

}  // namespace maand
