// A session for a whole life: a call that fails closes it and the next one opens
// it again, so that a full disk, a lock that went away or a server that was
// started again heals by itself (R7.4). Included by the .cc files of this folder only.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <type_traits>

#include "reconciler/store/sql_session.h"

namespace maand {

class HealingSession {
 public:
  virtual ~HealingSession() = default;

  // Runs `work` on the open session, opening it first when the last call failed. Throws StoreError.
  template <class Work>
  std::invoke_result_t<Work&, SqlSession&> read(Work work) {
    try {
      return work(open());
    } catch (...) {
      close();
      rethrow_explained();
      throw;
    }
  }

  // The same inside one transaction. The write lock is taken at once, so that a
  // transaction never fails half-way for want of it.
  template <class Work>
  std::invoke_result_t<Work&, SqlSession&> write(Work work) {
    refuse_if_read_only();
    using Result = std::invoke_result_t<Work&, SqlSession&>;
    return read([&](SqlSession& session) -> Result {
      SqlTransaction transaction(session, SqlTransaction::Kind::kWrite);
      if constexpr (std::is_void_v<Result>) {
        work(session);
        transaction.commit();
      } else {
        auto result = work(session);
        transaction.commit();
        return result;
      }
    });
  }

  // Rises whenever the session is opened: what was read through an earlier one may be out of date.
  virtual std::uint64_t opened() const = 0;
  // A reader of what nobody has made yet.
  virtual bool nothing_there() = 0;

 protected:
  virtual SqlSession& open() = 0;
  virtual void close() noexcept = 0;
  virtual void refuse_if_read_only() const = 0;
  // Inside a catch: throws it in words of ours when the library threw it.
  virtual void rethrow_explained() const = 0;
};

}  // namespace maand
