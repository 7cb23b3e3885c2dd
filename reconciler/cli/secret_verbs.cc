// Verbs for what only a few may read: secrets of jobs, tokens of the API.
#include <CLI/CLI.hpp>
#include <memory>

#include "reconciler/cli/command_line.h"
#include "reconciler/cli/commands/secrets.h"
#include "reconciler/cli/commands/token.h"

namespace maand {
namespace {

void add_token_verbs(CLI::App& app, Run& run) {
  CLI::App* token = app.add_subcommand("token", "Who may ask the API over the network, and what");
  token->require_subcommand(1);
  const auto add = std::make_shared<TokenAddOptions>();
  CLI::App& make = verb(*token, run, "add", "Make a token and print it, once", run_token_add, add);
  make.add_option("NAME", add->name, "Whose it is; orders given with it are kept under this name")
      ->required();
  make.add_option("--role", add->role, "read, or operate to give orders as well")
      ->check(CLI::IsMember({"read", "operate"}))
      ->required();
  make.add_option("--for", add->lifetime, "How long it is good for, like 90d (default: until it is removed)");
  verb(*token, run, "list", "List tokens, their roles and when they expire", run_token_list,
       std::make_shared<TokenListOptions>());
  const auto remove = std::make_shared<TokenRemoveOptions>();
  verb(*token, run, "remove", "Take a token away; a running daemon refuses it at once", run_token_remove,
       remove)
      .add_option("NAME", remove->name, "The token")
      ->required();
}

void add_secrets_verbs(CLI::App& app, Run& run) {
  CLI::App* secrets = app.add_subcommand("secrets", "Secrets of jobs: in git, or stored on the control host");
  secrets->require_subcommand(1);
  constexpr const char* kStored = "In the store of the control host instead of git";
  const auto set = std::make_shared<SecretsSetOptions>();
  CLI::App& put =
      verb(*secrets, run, "set", "Set a secret; its value comes from stdin", run_secrets_set, set);
  put.add_option("JOB", set->job, "The job")->required();
  put.add_option("KEY", set->key, "Its name, as templates read it")->required();
  put.add_option("--file", set->file, "The value is what this file holds");
  put.add_flag("--stored", set->stored, kStored);
  const auto edit = std::make_shared<SecretsEditOptions>();
  CLI::App& change =
      verb(*secrets, run, "edit", "Show and change a job's secrets in an editor", run_secrets_edit, edit);
  change.add_option("JOB", edit->job, "The job")->required();
  change.add_flag("--stored", edit->stored, kStored);
  const auto remove = std::make_shared<SecretsRemoveOptions>();
  CLI::App& take = verb(*secrets, run, "remove", "Remove a secret", run_secrets_remove, remove);
  take.add_option("JOB", remove->job, "The job")->required();
  take.add_option("KEY", remove->key, "Its name")->required();
  take.add_flag("--stored", remove->stored, kStored);
  const auto list = std::make_shared<SecretsListOptions>();
  verb(*secrets, run, "list", "List secrets, where they are and whether they open; never a value",
       run_secrets_list, list)
      .add_option("JOB", list->job, "Of this job alone");
  verb(*secrets, run, "rotate", "Seal what is stored with a new key, also while a daemon runs",
       run_secrets_rotate, std::make_shared<SecretsRotateOptions>());
  verb(*secrets, run, "recipient", "Print the public key that secrets in git are encrypted for",
       run_secrets_recipient, std::make_shared<SecretsRecipientOptions>());
}

}  // namespace

void add_secret_verbs(CLI::App& app, Run& run) {
  add_secrets_verbs(app, run);
  add_token_verbs(app, run);
}

}  // namespace maand
