#include "reconciler/cli/manual_page.h"

#include <cctype>
#include <sstream>

namespace maand {
namespace {

constexpr const char* kDate = "November 27, 2026";
constexpr std::size_t kMostColumns = 78;  // of a line of source, which mandoc cares for

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '`' || c == '\'' || c == '"') {
      out += c == '`' ? "\\(ga" : c == '\'' ? "\\(aq" : "\\(dq";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_item(const CommandOption& option) {
  std::string item = ".It";
  if (option.positional) {
    item += " Ar " + mdoc_word(option.names.front());
  } else {
    for (std::size_t i = 0; i < option.names.size(); ++i) {
      item += std::string(i > 0 ? " , " : " ") + "Fl " + mdoc_word(option.names[i].substr(1));
    }
    if (option.takes_value) item += " Ar value";
  }
  std::string about = option.about;
  const bool told = about.find("efault:") != std::string::npos;
  if (!option.choices.empty() && about.find(option.choices.back()) == std::string::npos) {
    std::string words;
    for (const std::string& one : option.choices) words += (words.empty() ? "" : ", ") + one;
    about += ": " + words;
  }
  if (!option.otherwise.empty() && !told) about += " (default: " + option.otherwise + ")";
  return item + "\n" + mdoc_text(about + ".");
}

std::string options_list(const Command& command) {
  std::string items;
  for (const CommandOption* one : command.positionals()) items += option_item(*one);
  for (const CommandOption* one : command.flags()) {
    if (one->names.back() != "--help") items += option_item(*one);
  }
  return items.empty() ? "" : ".Bl -tag -width Ds\n" + items + ".El\n";
}

void add_commands(const Command& command, const std::string& path, std::string& out) {
  for (const Command& one : command.subcommands) {
    const std::string here = path.empty() ? one.name : path + " " + one.name;
    if (one.subcommands.empty() || !one.options.empty()) {
      out += ".It Xo\n.Cm " + mdoc_word(here) + "\n";
      for (const CommandOption* flag : one.flags()) {
        if (flag->names.back() == "--help") continue;
        const std::string word =
            "Fl " + mdoc_word(flag->names.back().substr(1)) + (flag->takes_value ? " Ar value" : "");
        out += (flag->required ? "." : ".Op ") + word + "\n";
      }
      for (const CommandOption* argument : one.positionals()) {
        out += (argument->required ? ".Ar " : ".Op Ar ") + mdoc_word(argument->names.front()) +
               (argument->many ? " ..." : "") + "\n";
      }
      out += ".Xc\n" + mdoc_text(one.about + ".");
      const std::string options = options_list(one);
      out += options;
    }
    add_commands(one, here, out);
  }
}

}  // namespace

std::string mdoc_word(const std::string& word) {
  // A word of letters alone may be the name of a macro, two or three letters long.
  const std::string out = escaped(word);
  return word.size() <= 3 || std::ispunct(static_cast<unsigned char>(word[0])) ? "\\&" + out : out;
}

std::string mdoc_text(const std::string& prose) {
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (line.empty()) return;
    out += (line.front() == '.' || line.front() == '\'' ? "\\&" : "") + line + "\n";
    line.clear();
  };
  std::istringstream words(prose);
  for (std::string word; words >> word;) {
    const std::string text = escaped(word);
    if (!line.empty() && line.size() + 1 + text.size() > kMostColumns) flush();
    line += (line.empty() ? "" : " ") + text;
    if (word.back() == '.' || word.back() == '?' || word.back() == '!') flush();
  }
  flush();
  return out;
}

std::string manual_of_commands(const Command& tree, const std::string& version) {
  std::string out;
  out += ".\\\" maand " + version + "\n.Dd " + kDate + "\n.Dt MAAND 1\n.Os\n";
  out += ".Sh NAME\n.Nm maand\n.Nd make plain Linux machines run what a git branch says\n";
  out += ".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Ar command\n.Op Ar arguments\n";
  out += ".Sh DESCRIPTION\n" + mdoc_text(tree.about);
  out += ".Pp\nResults go to standard output, everything else to standard error.\n";
  out += "Colours and progress bars are shown on a terminal only.\n";
  out += ".Pp\nOptions for every command:\n" + options_list(tree);
  out += ".Sh COMMANDS\n.Bl -tag -width Ds\n";
  add_commands(tree, "", out);
  out += ".El\n";
  out +=
      ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev MAAND_BUCKET\nThe bucket, where\n.Fl \\-bucket\nis not "
      "given.\n.It Ev MAAND__SECTION__KEY\nA key of\n.Xr maand.conf 5 .\n.It Ev NO_COLOR\nNo colours, "
      "whatever it "
      "holds.\n.El\n";
  out +=
      ".Sh FILES\n.Bl -tag -width Ds\n.It Pa maand.conf\nThe configuration of a bucket, see\n.Xr maand.conf "
      "5 "
      ".\n.It Pa secrets/\nKeys, tokens and passwords, mode 0700.\n.It Pa data/\nWhat the bucket knows: "
      "state, mirror of the repository, output of targets.\n.El\n";
  out +=
      ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n.It 0\nDone.\n.It 1\nFailed, or the bucket is "
      "degraded.\n.It "
      "2\nWrong usage or configuration.\n.It 3\nChanges are pending\n.Pq Cm plan .\n.It 4\nRefused, held, or "
      "waiting "
      "by a policy.\n.It 5\nNo daemon, or the bucket is busy.\n.El\n";
  out +=
      ".Sh EXAMPLES\nMake a bucket, look at what would happen, and follow the branch:\n.Bd -literal -offset "
      "indent\nmaand init \\-\\-repo git@example.com:ops/fleet.git fleet\ncd fleet\nmaand plan\nmaand "
      "serve\n.Ed\n";
  return out + ".Sh SEE ALSO\n.Xr git\\-notes 1 ,\n.Xr make 1 ,\n.Xr maand.conf 5 ,\n.Xr sshd 8\n";
}

}  // namespace maand
