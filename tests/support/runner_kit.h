// What tests of a Runner share: blobs in memory, operations, and answers that are
// waited for and counted.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/ports.h"
#include "tests/support/fake_file_view.h"

namespace maand::testing {

// Thread-safe.
class MemoryBlobs : public Blobs {
 public:
  BlobId put(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    const BlobId id = fake_blob_id(bytes);
    bytes_[id] = std::make_shared<const std::string>(bytes);
    return id;
  }
  // Reading it fails from now on.
  void lose(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    bytes_.erase(fake_blob_id(bytes));
  }
  std::shared_ptr<const std::string> read(const BlobId& blob) override {
    const std::lock_guard lock(mutex_);
    const auto it = bytes_.find(blob);
    if (it == bytes_.end()) throw SourceError(SourceProblem::kMirrorBroken, "no blob " + blob.str());
    return it->second;
  }

 private:
  std::mutex mutex_;
  std::map<BlobId, std::shared_ptr<const std::string>> bytes_;
};

// Everything every target has said, in one text. Thread-safe.
class HeardOutput : public OutputSink {
 public:
  void output(const AllocationKey&, const OperationId&, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    text_ += bytes;
    changed_.notify_all();
  }
  // False: it was not said in a time no working machine needs.
  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return text_.find(text) != std::string::npos; });
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

// The answers of one call. Shared with the runner, so that an answer that comes
// after the test has given up still finds its place.
template <class T>
class Answer {
 public:
  void give(T value) {
    const std::lock_guard lock(state_->mutex);
    state_->values.push_back(std::move(value));
    state_->changed.notify_all();
  }
  // The first answer. Throws when none came in a time no working machine needs.
  T wait(std::chrono::seconds limit = std::chrono::seconds(90)) const {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait_for(lock, limit, [&] { return !state_->values.empty(); })) {
      throw std::runtime_error("the runner never answered");
    }
    return state_->values.front();
  }
  std::size_t count() const {
    const std::lock_guard lock(state_->mutex);
    return state_->values.size();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<T> values;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline Answer<Outcome> submit(Runner& runner, const Operation& operation) {
  Answer<Outcome> answer;
  runner.submit(operation, [answer](Outcome outcome) mutable { answer.give(std::move(outcome)); });
  return answer;
}
inline Answer<Outcome> ask(Runner& runner, const Operation& operation) {
  Answer<Outcome> answer;
  runner.ask(operation, [answer](Outcome outcome) mutable { answer.give(std::move(outcome)); });
  return answer;
}
inline Answer<Outcome> confirm(Runner& runner, const Operation& operation) {
  Answer<Outcome> answer;
  runner.confirm(operation, [answer](Outcome outcome) mutable { answer.give(std::move(outcome)); });
  return answer;
}
inline Answer<Contact> contact(Runner& runner, const Endpoint& endpoint) {
  Answer<Contact> answer;
  runner.contact(endpoint, [answer](Contact what) mutable { answer.give(std::move(what)); });
  return answer;
}

// Regular files unless the name says otherwise: `bin/x*` is executable, `a -> b` a symlink.
inline FileSetPtr file_set(MemoryBlobs& blobs, const std::map<std::string, std::string>& files) {
  std::vector<ShippedFile> shipped;
  for (const auto& [name, text] : files) {
    ShippedFile file;
    file.path = name;
    std::string content = text;
    if (const std::size_t arrow = name.find(" -> "); arrow != std::string::npos) {
      file.path = name.substr(0, arrow);
      content = name.substr(arrow + 4);
      file.mode = FileMode::kSymlink;
    } else if (name.back() == '*') {
      file.path.pop_back();
      file.mode = FileMode::kExecutable;
    }
    file.content = sha256(content);
    file.size_bytes = content.size();
    file.blob = blobs.put(content);
    shipped.push_back(std::move(file));
  }
  return make_file_set(std::move(shipped));
}

// Operations with ids and numbers that rise.
class Operations {
 public:
  // Over everything that lies there ("base" unknown), within 60 s.
  Operation make(Action action, const std::string& job, const Endpoint& endpoint, FileSetPtr files) {
    Operation operation;
    operation.seq = ++seq_;
    operation.id = OperationId(sha256("operation " + std::to_string(seq_)).hex().substr(0, 32));
    operation.allocation = {JobName(job), endpoint.host};
    operation.action = action;
    operation.endpoint = endpoint;
    operation.files = std::move(files);
    operation.current_version = "0.0.0";
    operation.new_version = "1.0." + std::to_string(seq_);
    operation.timeout = Seconds{60};
    return operation;
  }

 private:
  std::uint64_t seq_ = 0;
};

inline std::size_t count_lines(const std::string& text, const std::string& line) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    count += text.substr(at, end - at) == line ? 1 : 0;
    at = end + 1;
  }
  return count;
}

}  // namespace maand::testing
