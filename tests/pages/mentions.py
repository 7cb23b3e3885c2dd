"""Does everything exist that pages mention: commands in prose, and where links lead?"""

import re

import verbs
from page import Page

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
# In prose `maand NAME: applied` is the first line of a note. These are no verbs for a person, or those
# of the original.
COMMAND = re.compile(r"maand (?:-|[a-z][a-z_-]*(?![a-z_-]*[:/]))")
OTHERS = ("maand preview-judge", "maand git-transport", "maand build", "maand deploy")
IN_SCRIPT = re.compile(r"(?:^|[(;&|]|\bdo\b|\bthen\b)\s*(maand (?=[a-z-]).*)", re.MULTILINE)
INNER = re.compile(r'"?\$\([^()]*\)"?')
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")


def commands_of(page):
    """(line, command line) of every `maand …` of a page, in prose and in fences."""
    for line, text in page.prose:
        for code in CODE.findall(text):
            code = code.replace("\\|", "|")
            if COMMAND.match(code) and not code.startswith(OTHERS):
                yield line, code
    for block in page.commands():
        for unit in block.units():
            for found in IN_SCRIPT.findall(unit.text):
                yield unit.line, INNER.sub("X", found).split(")")[0]


def slug(heading):
    """The anchor that git hosts give a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(page):
    return {slug(found[1]) for _, text in page.prose if (found := re.match(r"#+ +(.*)", text))}


def bad_links(page):
    for line, text in page.prose:
        for target in LINK.findall(CODE.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            at = (page.path.parent / path).resolve() if path else page.path.resolve()
            if not at.exists():
                yield line, f"the link leads to {target}, which is not there"
            elif anchor and at.suffix == ".md" and anchor not in anchors_of(Page(at)):
                yield line, f"the link leads to {target}, and there is no such heading"


def problems_of(page, root):
    """`root` is what verbs.read_help gave."""
    found = [(line, f"{code!r}: {problem}") for line, code in commands_of(page)
             if (problem := verbs.problem_of(root, code))]
    return [f"{page.path}:{line}: {text}" for line, text in sorted(found + list(bad_links(page)))]
