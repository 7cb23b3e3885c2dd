// The daemon with a store that kills the whole process at one of its writes.
//
//   maand_faulty_daemon BUCKET_DIR STEP before|after
//
// SIGKILL strikes before or after the STEP-th write (from 1) is durable. A pass
// that needs fewer writes ends normally and the exit status is 0.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>

#include "gitsource/git_transport.h"
#include "reconciler/cli/services.h"
#include "reconciler/store/state_store.h"

namespace maand {
namespace {

class KillingStore : public Store {
 public:
  KillingStore(std::unique_ptr<Store> real, int step, bool before)
      : real_(std::move(real)), step_(step), before_(before) {}

  AppliedState load() override { return real_->load(); }
  void begin(const std::vector<AppliedAllocation>& torn, std::uint64_t last_seq) override {
    write([&] { real_->begin(torn, last_seq); });
  }
  void settle(const std::vector<AppliedAllocation>& settled, const Forgotten& gone,
              std::uint64_t claimed_seq) override {
    write([&] { real_->settle(settled, gone, claimed_seq); });
  }
  void put_job(const JobRecord& job) override {
    write([&] { real_->put_job(job); });
  }
  void erase_job(const JobName& job) override {
    write([&] { real_->erase_job(job); });
  }
  void put_heads(const CommitId& head, const CommitId& applied) override {
    write([&] { real_->put_heads(head, applied); });
  }
  void put_ports(const PortTable& ports) override {
    write([&] { real_->put_ports(ports); });
  }
  void put_worker(const WorkerRecord& worker) override {
    write([&] { real_->put_worker(worker); });
  }
  void erase_worker(const WorkerHost& worker) override {
    write([&] { real_->erase_worker(worker); });
  }
  void put_epoch(std::uint64_t epoch, std::uint64_t last_seq) override {
    write([&] { real_->put_epoch(epoch, last_seq); });
  }
  std::int64_t put_pass(const PassRecord& pass) override {
    return write([&] { return real_->put_pass(pass); });
  }
  std::vector<PassRecord> passes(std::size_t limit) override { return real_->passes(limit); }
  void put_note(const NoteSection& note) override {
    write([&] { real_->put_note(note); });
  }
  std::vector<NoteSection> pending_notes() override { return real_->pending_notes(); }
  void drop_note(const NoteSection& note) override {
    write([&] { real_->drop_note(note); });
  }
  std::int64_t put_letter(const Letter& letter) override {
    return write([&] { return real_->put_letter(letter); });
  }
  std::vector<Letter> pending_letters() override { return real_->pending_letters(); }
  void postpone_letter(const Letter& letter) override {
    write([&] { real_->postpone_letter(letter); });
  }
  void drop_letter(std::int64_t id) override {
    write([&] { real_->drop_letter(id); });
  }
  void audit(const AuditRecord& record) override {
    write([&] { real_->audit(record); });
  }
  std::vector<AuditRecord> audits(std::size_t limit) override { return real_->audits(limit); }
  std::optional<std::string> setting(const std::string& key) override { return real_->setting(key); }
  void put_setting(const std::string& key, const std::string& value) override {
    write([&] { real_->put_setting(key, value); });
  }

 private:
  template <class Write>
  std::invoke_result_t<Write> write(Write call) {
    const bool strikes = ++writes_ == step_;
    if (strikes && before_) raise(SIGKILL);
    if constexpr (std::is_void_v<std::invoke_result_t<Write>>) {
      call();
      if (strikes) raise(SIGKILL);
    } else {
      auto result = call();
      if (strikes) raise(SIGKILL);
      return result;
    }
  }

  std::unique_ptr<Store> real_;
  const int step_;
  const bool before_;
  int writes_ = 0;
};

int run(const std::string& bucket_directory, int step, bool before) {
  Context context;
  context.bucket = bucket_directory;
  const Bucket bucket = open_bucket(context);
  Services services(bucket, context, nullptr, [&](const std::filesystem::path& path) {
    return std::make_unique<KillingStore>(open_state_store(path), step, before);
  });
  services.reconciler().run_once("commit");
  return 0;
}

}  // namespace
}  // namespace maand

// The child of the git side is this same program, as in the real binary.
int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "git-transport") return maand::git_transport_main(argc, argv);
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s BUCKET_DIR STEP before|after\n", argv[0]);
    return 2;
  }
  try {
    return maand::run(argv[1], std::atoi(argv[2]), std::string(argv[3]) == "before");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
