"""Does docs/troubleshooting.md explain every word that an operator can see as a reason?

Its entries are rows of tables whose first cell names words, and headings that do.
"""

import re

CODE = re.compile(r"`([A-Z][A-Za-z]+)`")
# Where words come from. The enum is read too, so that a reason cannot be there without its word.
TABLES = [
    ("reconciler/core/reason.cc", r'return \{\s*"([A-Z]\w+)",', "a reason"),
    ("reconciler/core/outcome.cc", r'return "([A-Z]\w+)";', "a condition of a worker"),
    ("reconciler/core/ports.cc", r'return "([A-Z]\w+)";', "a state of the git source"),
    ("reconciler/core/drift.cc", r'return "([A-Z]\w+)";', "a kind of drift"),
]
SOURCE_STATES = ("WaitingForFirstCommit", "SourceMissing")  # reconciler/app/pass_head.cc
NO_TROUBLE = {"Unchanged"}


def known_words(tree):
    """Word → what it is."""
    words = {}
    for path, pattern, kind in TABLES:
        found = re.findall(pattern, (tree / path).read_text(encoding="utf-8"))
        assert len(found) > 2, f"{path}: found no words; this test reads it with {pattern!r}"
        for word in found:
            words.setdefault(word, kind)
    text = (tree / "reconciler/core/reason.h").read_text(encoding="utf-8")
    enum = re.search(r"enum class Reason \{(.*?)\n\};", text, re.DOTALL)[1]
    for name in re.findall(r"^\s*k(\w+),", enum, re.MULTILINE):
        assert name in words, f"reason.h has k{name}, and reason.cc no word {name!r}"
    head = (tree / "reconciler/app/pass_head.cc").read_text(encoding="utf-8")
    for word in SOURCE_STATES:
        assert f'"{word}"' in head, f"pass_head.cc does not say {word} any more"
        words[word] = "a state of the git source"
    return words


def entries(page):
    """Words that a page explains → line."""
    found = {}
    for line, text in page.prose:
        cell = text.split("|")[1] if text.startswith("|") else text if text.startswith("#") else ""
        for word in CODE.findall(cell):
            found.setdefault(word, line)
    return found


def problems_of(page, tree):
    words, explained = known_words(tree), entries(page)
    problems = [f"{page.path}: explains nothing of `{word}`, {kind} that an operator can see"
                for word, kind in sorted(words.items()) if word not in explained and word not in NO_TROUBLE]
    return problems + [f"{page.path}:{line}: explains `{word}`, and nothing says it any more"
                       for word, line in sorted(explained.items()) if word not in words]
