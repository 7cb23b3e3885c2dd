"""What does a page of documentation say: which commands, links and names?

A fence says what it holds: `sh` is what a reader types, `console` what he types (behind
`$ `) with what he sees, anything else is no command. Comments that no reader sees, each
in the line above a fence:

  <!-- not run: WHY -->     counted and told, never left out silently
  <!-- until: COMMAND -->   goes on in the background; the page goes on once COMMAND succeeds

and one anywhere: <!-- world: empty -->, see world.sh. What is meant to fail says so to the
reader, too: `maand plan   # exit 3: something would change`.
"""

import dataclasses
import pathlib
import re
import subprocess

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+)(?P<language>[^`]*)$")
COMMENT = re.compile(r"^ *<!-- *(?P<word>not run|until|world): *(?P<text>.*?) *--> *$")
EXIT = re.compile(r"(?:^|\s)# exit (?P<status>\d+)\b")
LANGUAGES = {"", "sh", "console", "text", "toml", "json", "yaml", "promql", "nginx", "ini", "make", "diff", "python"}


# What only a reader's shell would understand.
COMMAND_LINE = re.compile(r"\s*(\$ |maand [a-z_]+( |$)|git [a-z]+( [^(]*)?$|\./[a-z]|kill |ssh )")
INDENT = "    "


class PageError(Exception):
    """A page that cannot be judged; says where and what to do."""


@dataclasses.dataclass
class Unit:
    """One command, with all of its lines."""
    line: int
    text: str
    exit: int = 0
    output: "list[str] | None" = None  # of a console; None: anything


@dataclasses.dataclass
class Block:
    line: int  # of the fence
    language: str
    lines: "list[str]"
    not_run: str = ""
    until: str = ""

    def units(self):
        if self.language == "sh":
            return split(self.lines, self.line + 1)
        return transcript(self.lines, self.line + 1) if self.language == "console" else []


class Page:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.world = "deployed"
        self.blocks = []
        self.prose = []  # (line, text) outside of fences
        self._read(self.path.read_text(encoding="utf-8").splitlines())

    def commands(self):
        return [block for block in self.blocks if block.language in ("sh", "console")]

    def _read(self, lines):
        mark = None  # of the line above
        at = 0
        while at < len(lines):
            comment, fence = COMMENT.match(lines[at]), FENCE.match(lines[at])
            if not fence:
                if comment and comment["word"] == "world":
                    if comment["text"] not in ("empty", "deployed"):
                        raise PageError(f"{self.path}:{at + 1}: there is no world {comment['text']!r}; "
                                        "there are: empty, deployed")
                    self.world = comment["text"]
                elif comment:
                    mark = (at, comment["word"], comment["text"])
                    if not comment["text"]:
                        raise PageError(f"{self.path}:{at + 1}: says nothing behind {comment['word']!r}")
                    if at + 1 == len(lines) or not FENCE.match(lines[at + 1]):
                        raise PageError(f"{self.path}:{at + 1}: has to stand in the line above a fence")
                else:
                    self._refuse_indented(lines, at)
                    self.prose.append((at + 1, lines[at]))
                at += 1
                continue
            begin = at
            at += 1
            while at < len(lines) and lines[at].strip() != fence["ticks"]:
                at += 1
            if at == len(lines):
                raise PageError(f"{self.path}:{begin + 1}: this fence has no end")
            body = [line[len(fence["indent"]):] if line.startswith(fence["indent"]) else line.lstrip()
                    for line in lines[begin + 1:at]]
            block = Block(begin + 1, fence["language"].strip(), body)
            self._refuse_hidden(block)
            if mark and mark[0] == begin - 1:
                block.not_run, block.until = (mark[2], "") if mark[1] == "not run" else ("", mark[2])
            self.blocks.append(block)
            at += 1

    def _refuse_indented(self, lines, at):
        """Code without a fence begins behind an empty line; in a list it is the text of an item."""
        if lines[at].startswith(INDENT) and COMMAND_LINE.match(lines[at]) and (at == 0 or not lines[at - 1].strip()):
            raise PageError(f"{self.path}:{at + 1}: a command that is only indented; put it into a fence that says `sh`")

    def _refuse_hidden(self, block):
        """Nobody gets round this test by a fence that says something else."""
        where = f"{self.path}:{block.line}: "
        if block.language not in LANGUAGES:
            raise PageError(where + f"the fence says {block.language!r}; say what it holds, one of "
                            + ", ".join(sorted(LANGUAGES - {""})))
        if block.language in ("", "text"):
            for number, line in enumerate(block.lines):
                if COMMAND_LINE.match(line):
                    raise PageError(f"{self.path}:{block.line + 1 + number}: a command in a fence that says "
                                    "`text` or nothing; write `sh` or `console`")


def expected_exit(text):
    said = EXIT.search(text.splitlines()[-1])
    return int(said["status"]) if said else 0


def is_whole(text):
    """Whether a shell would not wait for more lines."""
    stripped = text.rstrip("\n")
    if (len(stripped) - len(stripped.rstrip("\\"))) % 2 == 1:
        return False
    # In bash an open here-document is a warning, everything else that is open an error.
    read = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True, check=False)
    return read.returncode == 0 and not read.stderr


def split(lines, first):
    """The commands of a `sh` fence. One that is never whole comes as it is, for the shell to say why."""
    units, pending, begin = [], [], first
    for number, line in enumerate(lines, first):
        if not pending:
            begin = number
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        pending.append(line)
        if is_whole("\n".join(pending)):
            text = "\n".join(pending)
            units.append(Unit(begin, text, expected_exit(text)))
            pending = []
    if pending:
        units.append(Unit(begin, "\n".join(pending)))
    return units


def transcript(lines, first):
    units = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            units.append(Unit(number, line[2:], expected_exit(line), []))
        elif line.startswith("> ") and units and not units[-1].output:
            units[-1].text += "\n" + line[2:]
            units[-1].exit = expected_exit(line)
        elif units:
            units[-1].output.append(line)
        else:
            raise PageError(f"line {number}: a `console` begins with `$ ` and a command")
    return units


def looks_like(wanted, seen):
    """Whether output is what the page shows: `…` stands for anything, spaces for any number of them."""
    def tidy(lines):
        return "\n".join(" ".join(line.split()) for line in lines).strip("\n")
    pattern = ".*".join(re.escape(part) for part in tidy(wanted).split("…"))
    return re.fullmatch(pattern, tidy(seen), re.DOTALL) is not None
