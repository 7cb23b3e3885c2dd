"""Which commands does `maand --help` know, and does a command line name one of them?"""

import dataclasses
import re
import shlex
import subprocess


@dataclasses.dataclass
class Verb:
    path: "tuple[str, ...]"
    options: "dict[str, bool]"  # name → takes a value
    positionals: int
    many: bool  # the last positional takes any number
    children: "dict[str, Verb]"


def _sections(text):
    """Heading → the lines below it that begin an entry."""
    found, heading = {}, ""
    for line in text.splitlines():
        if re.fullmatch(r"\S[^:]*:", line):
            heading = line[:-1]
        elif not line.strip():
            heading = ""
        elif heading and re.match(r" {2}\S", line):
            found.setdefault(heading, []).append(line[2:])
    return found


def read_help(maand, path=()):
    done = subprocess.run([maand, *path, "--help"], capture_output=True, text=True, check=True, timeout=20)
    sections = _sections(done.stdout)
    options = {}
    for line in sections.get("Options", []):
        names, _, rest = line.partition(" ")
        takes = re.match(r" *[A-Z]", rest) is not None and not re.match(r" {2,}|Needs:|Excludes:|REQUIRED ", rest)
        for name in names.split(","):
            options[name] = takes
    positionals = sections.get("Positionals", [])
    verb = Verb(path, options, len(positionals), any(" ..." in line for line in positionals), {})
    for line in sections.get("Subcommands", []):
        names = re.split(r" {2,}", line)[0].split(", ")  # the others are aliases
        child = read_help(maand, (*path, names[0]))
        verb.children.update({name: child for name in names})
    return verb


def problem_of(root, text):
    """What is wrong with `text`, a command line that begins with `maand`, or None.

    Words may be left out, as in prose; what is written has to be there.
    """
    text = text.replace("…", " ").replace("[", " ").replace("]", " ")
    try:
        words = shlex.split(text, comments=True)[1:]
    except ValueError as error:
        return str(error)
    options, verb, given = dict(root.options), root, 0
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if re.match(r"[|;&<>]|\d>", word):
            break
        end = bool(re.search(r"[;&]$", word))
        word = word.rstrip(";&")
        if word.startswith("-") and word != "-":
            name, equals, _ = word.partition("=")
            if name not in options:
                return f"`{' '.join(('maand', *verb.path))}` has no option {name}"
            if options[name] and not equals:
                at += 1
        elif verb.children and not given and all(part in verb.children for part in word.split("|")):
            verb = verb.children[word.split("|")[0]]
            options.update(verb.options)
        elif verb.children and not verb.positionals:
            return f"`maand {' '.join((*verb.path, word))}` is no command"
        else:
            given += 1
            if given > verb.positionals and not verb.many:
                return f"`maand {' '.join(verb.path)}` does not take {word!r}"
        if end:
            break
    return None
