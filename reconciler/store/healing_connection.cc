#include "reconciler/store/healing_connection.h"

#include <algorithm>
#include <utility>

#include "reconciler/store/bucket_lock.h"

namespace maand {

HealingConnection::HealingConnection(PostgresAddress address, std::string schema_name, const Schema& schema,
                                     const PostgresLimits& limits, PostgresRole role,
                                     std::shared_ptr<Leadership> leadership, std::string led_schema)
    : address_(std::move(address)),
      schema_name_(std::move(schema_name)),
      schema_(schema),
      limits_(limits),
      role_(role),
      leadership_(std::move(leadership)),
      led_schema_(std::move(led_schema)) {}

SqlSession& HealingConnection::open() {
  // A place that is lost is not looked for again: whoever has it would be waited for, call after call.
  if (leadership_ && leadership_->lost()) {
    throw LostBucket(lost_because_.empty() ? address_.shown + ": another maand has this bucket now"
                                           : lost_because_);
  }
  // Between two calls nothing is under way, so an ended connection costs nobody anything.
  if (session_ && session_->looks_ended()) close();
  if (!session_) connect();
  return *session_;
}

void HealingConnection::connect() {
  gave_up_ = false;
  auto fresh =
      std::make_unique<PostgresSession>(address_, schema_name_, limits_, role_ == PostgresRole::kReader);
  session_ = std::move(fresh);  // from here on close() knows whether it gave up
  if (role_ == PostgresRole::kReader) {
    if (look_at(*session_, schema_name_, address_, schema_) == PostgresTables::kNone) {
      throw StoreError(address_.shown + ", schema " + schema_name_ +
                       ": there is no state yet; start the daemon or run a pass first");
    }
  } else if (role_ == PostgresRole::kWriter) {
    bring_up(*session_, schema_name_, address_, schema_);
    if (leadership_) session_->hold_term(leadership_->term(), led_schema_);
  } else {
    settle_term();
  }
  ++opened_;
}

void HealingConnection::settle_term() {
  if (term_) end_process(*session_, holder_);
  try {
    take_bucket(*session_, schema_name_, address_);
  } catch (const BucketBusy& busy) {
    if (!term_) throw;
    throw LostBucket(busy.what());  // of a bucket that was ours: told like every other trouble of the store
  }
  bring_up(*session_, schema_name_, address_, schema_);
  if (!term_) {
    term_ = raise_term(*session_);
  } else if (current_term(*session_) != *term_) {
    throw LostBucket(address_.shown + ", schema " + schema_name_ +
                     ": another maand worked on this bucket while the connection was lost, and what it "
                     "confirmed is not known here: start this one again");
  } else if (session_->commits_seen() < newest_) {
    throw LostBucket(
        address_.shown + ", schema " + schema_name_ +
        ": what was confirmed here last is not there any more (a standby of the server took over "
        "without it, or a backup was restored): start this one again");
  }
  holder_ = server_process(*session_);
  session_->hold_term(*term_);
  if (leadership_) leadership_->begins(*term_);
}

void HealingConnection::close() noexcept {
  gave_up_ = session_ && session_->gave_up();
  if (session_) newest_ = std::max(newest_, session_->own_newest());
  session_.reset();
}

bool HealingConnection::nothing_there() {
  if (role_ != PostgresRole::kReader || session_) return false;
  try {
    auto probe = std::make_unique<PostgresSession>(address_, schema_name_, limits_, true);
    if (look_at(*probe, schema_name_, address_, schema_) == PostgresTables::kNone) return true;
    session_ = std::move(probe);  // what comes next needs one
    ++opened_;
    return false;
  } catch (...) {
    rethrow_explained();
    throw;
  }
}

void HealingConnection::refuse_if_read_only() const {
  if (role_ == PostgresRole::kReader) throw StoreError(address_.shown + " was opened for reading only");
}

void HealingConnection::rethrow_explained() const {
  try {
    throw;
  } catch (const LostBucket& lost) {
    if (lost_because_.empty()) lost_because_ = lost.what();
    if (leadership_) leadership_->ends();
    throw;
  } catch (const StoreError&) {
    throw;
  } catch (const std::exception& error) {
    if (auto words = explain_postgres(error, address_, gave_up_)) throw StoreError(*words);
  }
}

}  // namespace maand
