#!/usr/bin/python3
"""Does every command of a page work, typed in the order of the page?

usage: run_page.py MAAND PAGE

The commands of a page begin where docs/first-deploy.md ends, in ~/prod, unless it says
`<!-- world: empty -->`. What is marked `not run` is listed with its reason. Needs root.
"""

import functools
import pathlib
import sys
import time

from operator_shell import TREE, OperatorShell, ShellEnded
from page import Page, PageError, Unit, looks_like

PATIENCE = 180  # seconds until what goes on in the background has come as far as the page says
FIRST = TREE / "docs" / "first-deploy.md"


class Failed(Exception):
    pass


def indented(text):
    lines = text.rstrip("\n").splitlines() or ["(nothing)"]
    return "\n".join("  | " + line for line in lines[-60:])


class Reader:
    """Types what a page says. `out` is told of every command."""

    def __init__(self, shell, out):
        self.shell = shell
        self.out = out
        self.background = []
        self.run = 0
        self.left_out = []

    def read(self, page, told=True):
        for block in page.commands():
            units = block.units()
            if block.not_run:
                self.left_out.append((page, block, units))
            elif block.until:
                self.begin(page, block, "\n".join(unit.text for unit in units))
            else:
                for unit in units:
                    self.type(page, unit, told)

    def type(self, page, unit, told):
        where = f"{page.path.name}:{unit.line}"
        if told:
            self.out(f"{where}: {unit.text.splitlines()[0]}")
        self.run += 1
        try:
            status, output = self.shell.run(unit.text)
        except ShellEnded as ended:
            raise Failed(f"{where}: `{unit.text}`: {ended}\n{self.logs()}") from None
        if status != unit.exit:
            raise Failed(f"{where}: `{unit.text}` exits with {status}, not {unit.exit}. It printed:\n"
                         f"{indented(output)}\n{self.logs()}")
        if unit.output is not None and not looks_like(unit.output, output.splitlines()):
            raise Failed(f"{where}: `{unit.text}` prints\n{indented(output)}\nand not what the page shows:\n"
                         + indented("\n".join(unit.output)))

    def begin(self, page, block, text):
        where = f"{page.path.name}:{block.line}"
        self.out(f"{where}: {text.splitlines()[0]}   (goes on in the background)")
        self.run += 1
        name = self.shell.begin(text)
        self.background.append((where, name))
        deadline = time.monotonic() + PATIENCE
        while True:
            status, output = self.shell.run(block.until)
            self.refuse_failed()
            if status == 0:
                return
            if time.monotonic() > deadline:
                raise Failed(f"{where}: `{text}`: `{block.until}` does not succeed:\n{indented(output)}\n{self.logs()}")
            time.sleep(0.1)

    def refuse_failed(self):
        for where, name in self.background:
            if self.shell.failed(name):
                raise Failed(f"{where}: what goes on in the background has failed\n{self.logs()}")

    def logs(self):
        return "\n".join(f"What was begun at {where} has printed:\n{indented(self.shell.output_of(name))}"
                         for where, name in self.background)


def check(maand, path, out=functools.partial(print, flush=True)):
    """Throws PageError, Failed or ShellEnded."""
    page = Page(path)
    commands = [block for block in page.commands() if not block.not_run]
    reader = Reader(None, out)
    if commands:
        with OperatorShell(maand) as reader.shell:
            if page.world == "deployed":
                reader.read(Page(FIRST), told=False)
                reader.type(page, Unit(1, "cd ~/prod"), told=False)
                reader.run, reader.left_out = 0, []
            reader.read(page)
            reader.refuse_failed()
    else:
        reader.read(page)
    for _, block, units in reader.left_out:
        for unit in units:
            out(f"NOT RUN {page.path.name}:{unit.line}: {unit.text.splitlines()[0]}   because: {block.not_run}")
    out(f"{page.path.name}: {reader.run} commands run, {sum(len(u) for _, _, u in reader.left_out)} not run")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        check(sys.argv[1], pathlib.Path(sys.argv[2]))
    except (PageError, Failed, ShellEnded) as error:
        sys.exit(f"FAILED {error}")


if __name__ == "__main__":
    main()
