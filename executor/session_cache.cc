#include "executor/session_cache.h"

#include <utility>

namespace maand {

SessionCache::SessionCache(Transport& transport, int per_worker)
    : transport_(transport), per_worker_(per_worker) {}

// Everything that makes a difference to who is spoken to, and as whom.
std::string SessionCache::key_of(const Endpoint& endpoint) {
  std::string key = endpoint.host.str() + "\n" + endpoint.address + "\n" + std::to_string(endpoint.port) +
                    "\n" + endpoint.user + "\n" + endpoint.key + "\n" + endpoint.jump;
  for (const std::string& host_key : endpoint.host_keys) key += "\n" + host_key;
  return key;
}

Session SessionCache::acquire(const Endpoint& endpoint, bool fresh, Deadline patience) {
  const std::string key = key_of(endpoint);
  std::vector<std::unique_ptr<Connection>> stale;  // closed outside the lock
  {
    std::unique_lock lock(mutex_);
    Worker& worker = workers_[key];
    const auto room = [&] { return stopped_ || worker.open < per_worker_; };
    if (patience == Deadline::max()) {
      given_back_.wait(lock, room);
    } else if (!given_back_.wait_until(lock, patience, room)) {
      return {{nullptr, WorkerCondition::kBusy,
               endpoint.address + ": all " + std::to_string(per_worker_) + " connections are in use"}};
    }
    if (stopped_) return {{nullptr, WorkerCondition::kUnreachable, "the daemon is leaving"}};
    ++worker.open;
    if (fresh) stale = std::move(worker.idle);
    if (fresh) worker.idle.clear();
    if (!worker.idle.empty()) {
      Session kept;
      kept.lay_idle = true;
      kept.connection = std::move(worker.idle.back());
      worker.idle.pop_back();
      return kept;
    }
  }
  Session made{transport_.connect(endpoint)};
  if (!made.connection) give_back(endpoint, nullptr);
  return made;
}

void SessionCache::give_back(const Endpoint& endpoint, std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    Worker& worker = workers_[key_of(endpoint)];
    --worker.open;
    if (connection && connection->usable() && !stopped_) worker.idle.push_back(std::move(connection));
  }
  given_back_.notify_all();
}

Session SessionCache::beside(const Endpoint& endpoint, bool fresh) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return {{nullptr, WorkerCondition::kUnreachable, "the daemon is leaving"}};
    const auto worker = workers_.find(key_of(endpoint));
    if (!fresh && worker != workers_.end() && !worker->second.idle.empty()) {
      Session kept;
      kept.lay_idle = true;
      kept.connection = std::move(worker->second.idle.back());
      worker->second.idle.pop_back();
      return kept;
    }
  }
  return {transport_.connect(endpoint)};
}

void SessionCache::close_idle() {
  std::vector<std::unique_ptr<Connection>> idle;  // closed when this goes, outside the lock
  std::unique_lock lock(mutex_);
  for (auto& [key, worker] : workers_) {
    for (auto& connection : worker.idle) idle.push_back(std::move(connection));
    worker.idle.clear();
  }
  lock.unlock();
}

void SessionCache::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  given_back_.notify_all();
}

}  // namespace maand
