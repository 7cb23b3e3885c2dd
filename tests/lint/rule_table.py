#!/usr/bin/env python3
"""Every test that tests/unit/core/README.md names for a rule is there."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
there = set()
for source in root.glob("tests/**/*.[ch]*"):
    for suite, name in re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", source.read_text(), re.M):
        there.add(f"{suite}.{name}")
table = [line for line in (root / "tests/unit/core/README.md").read_text().splitlines() if line.startswith("| ")]
problems = []
for line in table[1:]:
    named = re.findall(r"`(\w+\.\w+)`", line.rsplit("|", 2)[1])
    if not named:
        problems.append("names no test: " + line)
    problems += [f"names {test}, and there is no such test" for test in named if test not in there]
sections = {int(line[2]) for line in table[1:]}
if not set(range(1, 8)) <= sections:
    problems.append("lacks a section of 1 to 7")
for problem in problems:
    print(f"tests/unit/core/README.md: {problem} (a rule whose test nobody finds is a rule nobody guards)")
sys.exit(1 if problems else 0)
