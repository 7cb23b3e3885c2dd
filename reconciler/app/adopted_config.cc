#include "reconciler/app/adopted_config.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/config.h"
#include "reconciler/app/config_file.h"
#include "reconciler/core/quoted_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

class Adopter {
 public:
  Adopter(std::string_view text, const AdoptedConfigInputs& inputs) : text_(text), in_(inputs) {}

  AdoptedConfig run() {
    Diagnostics unreadable;
    keys_ = read_toml(text_, "maand.conf", unreadable);
    for (const Diagnostic& one : unreadable.all()) out_.problems.push_back(to_string(one));
    if (!out_.problems.empty()) return std::move(out_);
    keep_identity();
    keep_meaning();
    add_git();
    put_together();
    check();
    return std::move(out_);
  }

 private:
  const GivenKey* given(std::string_view name) const {
    const auto key =
        std::find_if(keys_.begin(), keys_.end(), [&](const GivenKey& k) { return k.name == name; });
    return key == keys_.end() ? nullptr : &*key;
  }
  bool has_table(const std::string& table) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const GivenKey& key) { return key.name.starts_with(table + "."); });
  }

  void keep_identity() {
    const Config config = parse_config(text_, "maand.conf", {}).config;
    if (!given("bucket_id")) {
      top_.push_back("bucket_id = " + toml_quoted(in_.bucket.str()));
    } else if (config.bucket_id != in_.bucket) {
      out_.problems.push_back("maand.conf: bucket_id is " + quote(config.bucket_id.str()) +
                              ", and data/maand.db says " + quote(in_.bucket.str()) +
                              ": this file belongs to another bucket; put the right one there");
    }
    if (!given("name")) top_.push_back("name = " + toml_quoted(in_.name));
  }

  // Where a missing key means something else there (workspace.md 0.3).
  void keep_meaning() {
    if (!given("use_sudo") && !given("ssh.use_sudo")) top_.push_back("use_sudo = false");
    const Config config = parse_config(text_, "maand.conf", {}).config;
    if (given("ssh_port") && config.ssh.port != 22) {
      out_.remarks.push_back(
          "ssh_port = " + std::to_string(config.ssh.port) +
          " was only probed by the original, which logged in at 22; here it is where to log in");
    }
  }

  void add_git() {
    if (given("git.url")) return;
    if (in_.repo.empty()) {
      out_.problems.push_back(
          "maand.conf names no repository: give it with --repo URL (and --branch, --path), or write git.url");
      return;
    }
    if (has_table("git")) {
      out_.problems.push_back(
          "maand.conf has a [git] section without url: write `url = " + toml_quoted(in_.repo) + "` into it");
      return;
    }
    tables_.push_back("[git]");
    tables_.push_back("url = " + toml_quoted(in_.repo));
    if (!in_.branch.empty()) tables_.push_back("branch = " + toml_quoted(in_.branch));
    if (!in_.path.empty()) tables_.push_back("path = " + toml_quoted(in_.path));
  }

  // Keys of the top stand before every table, wherever the first one is.
  //
  // The original runs the hooks of whatever is deployed, so an adopted bucket goes on doing so (workspace.md,
  // list of differences).
  void put_together() {
    std::vector<std::string> tables = tables_;
    if (!has_table("hooks")) {
      tables.push_back("[hooks]");
      tables.push_back("enabled = true");
      if (in_.expose_key) tables.push_back("expose_key = true");
    }
    out_.added = top_;
    out_.added.insert(out_.added.end(), tables.begin(), tables.end());
    std::string out;
    if (!top_.empty()) out += "# Added by `maand adopt`.\n";
    for (const std::string& line : top_) out += line + "\n";
    if (!top_.empty()) out += "\n";
    out += text_;
    if (!text_.empty() && !text_.ends_with('\n')) out += "\n";
    if (!tables.empty()) out += "\n# Added by `maand adopt`.\n";
    for (const std::string& line : tables) out += line + "\n";
    out_.text = out_.added.empty() ? std::string(text_) : out;
  }

  void check() {
    const LoadedConfig loaded = parse_config(out_.text, "maand.conf", {});
    for (const Diagnostic& one : loaded.diagnostics.all()) {
      if (one.severity == Severity::kError) out_.problems.push_back(to_string(one));
    }
  }

  const std::string_view text_;
  const AdoptedConfigInputs& in_;
  std::vector<GivenKey> keys_;
  std::vector<std::string> top_, tables_;
  AdoptedConfig out_;
};

}  // namespace

AdoptedConfig adopted_config(std::string_view text, const AdoptedConfigInputs& inputs) {
  return Adopter(text, inputs).run();
}

}  // namespace maand
