// A PostgresSession for a whole life (healing_session.h).
//
// What a connection held is gone with it, so the one that writes the bucket takes its lock again
// with every new connection. Two cases do not heal: somebody else wrote the bucket in between, or the
// server has gone back to what it was earlier. What this process has in memory is not what is confirmed
// then.
//
// Included by the .cc files of this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "reconciler/store/healing_session.h"
#include "reconciler/store/leadership.h"
#include "reconciler/store/migrations.h"
#include "reconciler/store/postgres_session.h"
#include "reconciler/store/postgres_tables.h"

namespace maand {

enum class PostgresRole {
  kOnlyWriter,  // holds the bucket; nobody else does meanwhile
  kWriter,      // one of several, each transaction alone
  kReader,      // makes and upgrades nothing
};

class HealingConnection final : public HealingSession {
 public:
  // Connects with the first call.
  HealingConnection(PostgresAddress address, std::string schema_name, const Schema& schema,
                    const PostgresLimits& limits, PostgresRole role,
                    std::shared_ptr<Leadership> leadership = nullptr, std::string led_schema = "");

  std::uint64_t opened() const override { return opened_; }
  bool nothing_there() override;

 private:
  SqlSession& open() override;
  void close() noexcept override;
  void refuse_if_read_only() const override;
  void rethrow_explained() const override;
  void connect();
  void settle_term();

  const PostgresAddress address_;
  const std::string schema_name_;
  const Schema schema_;
  const PostgresLimits limits_;
  const PostgresRole role_;
  const std::shared_ptr<Leadership> leadership_;  // may be null
  const std::string led_schema_;                  // of kWriter with one: where its term is
  std::uint64_t opened_ = 0;
  std::optional<std::int64_t> term_;  // ours, once we had the bucket
  ServerProcess holder_;              // of the session that had it last
  std::int64_t newest_ = 0;           // the number of the newest transaction of ours that surely ended
  mutable std::string lost_because_;
  bool gave_up_ = false;  // of the session that was closed last
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace maand
