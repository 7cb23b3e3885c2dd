#!/usr/bin/python3
"""Is everything there that README.md and docs/ mention: commands, options, links, reasons?

usage: check_pages.py MAAND
"""

import sys

import mentions
import verbs
import words
from operator_shell import TREE
from page import Page, PageError


def pages():
    return [TREE / "README.md", *sorted(TREE.glob("docs/**/*.md"))]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = verbs.read_help(sys.argv[1])
    problems, commands = [], 0
    for path in pages():
        try:
            page = Page(path)
            commands += len(list(mentions.commands_of(page)))
            problems += mentions.problems_of(page, root)
        except PageError as error:
            problems.append(str(error))
    problems += words.problems_of(Page(TREE / "docs" / "troubleshooting.md"), TREE)
    print("\n".join(problem.replace(str(TREE) + "/", "") for problem in problems))
    print(f"{len(pages())} pages mention {commands} commands; {len(problems)} problems")
    # A parser that finds nothing would find nothing wrong.
    sys.exit(1 if problems or commands < 100 else 0)


if __name__ == "__main__":
    main()
