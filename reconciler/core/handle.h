// A number that the system has given out, a file descriptor mostly, and that is given back when its owner
// goes. Core gives nothing back itself: whoever holds one says how, as in `Handle<&::close>`.
#pragma once

#include <utility>

namespace maand {

template <int (*kGiveBack)(int)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(int number) : number_(number) {}  // < 0: none
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }

  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) kGiveBack(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace maand
