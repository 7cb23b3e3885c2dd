"""A shell on the machines of world.sh, which keeps its directory and variables between commands."""

import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]


class ShellEnded(Exception):
    """The shell is gone, or a command did not end in time; the text says which and what it printed."""


class OperatorShell:
    def __init__(self, maand):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="maand-pages.", dir="/tmp"))
        self.steps = 0
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        self.log = open(self.directory / "world.log", "wb")
        # Process 1 of the namespace dies with `unshare`, and everything else with it.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
             "--mount-proc", str(HERE / "world.sh"), str(self.directory), str(pathlib.Path(maand).resolve()), str(TREE),
             str(commands), str(answers)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, pass_fds=(commands, answers))
        os.close(commands)
        os.close(answers)
        self.rest = b""
        try:
            if self._answer(120) != "ready":
                raise ShellEnded("the world did not start")
        except BaseException:
            self.close()
            raise

    def run(self, text, limit=300):
        """Exit status and output of one command."""
        self.steps += 1
        name = f"step{self.steps}"
        (self.directory / f"{name}.sh").write_text(text + "\n", encoding="utf-8")
        os.write(self.commands, f"{name}\n".encode())
        try:
            status = int(self._answer(limit))
        except ShellEnded as ended:
            raise ShellEnded(f"{ended}\n{self._output(name)}") from None
        return status, self._output(name)

    def begin(self, text):
        """Runs a command in the background; the name under which output_of tells what it printed."""
        self.steps += 1
        name = f"job{self.steps}"
        (self.directory / f"{name}.sh").write_text(text + "\n", encoding="utf-8")
        # No `||` behind it: that would switch `set -e` off.
        self.run(f"(trap '[ $? = 0 ] || touch $world/{name}.failed' EXIT; set -e; . $world/{name}.sh)"
                 f" >$world/{name}.out 2>&1 &")
        return name

    def failed(self, name):
        """Whether what was begun has ended with an error."""
        return (self.directory / f"{name}.failed").exists()

    def output_of(self, name):
        return self._output(name)

    def _output(self, name):
        path = self.directory / f"{name}.out"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _answer(self, limit):
        deadline = time.monotonic() + limit
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise ShellEnded(f"it did not end within {limit} s")
            got = os.read(self.answers, 4096)
            if not got:
                raise ShellEnded("the shell ended: " + (self.directory / "world.log").read_text(errors="replace"))
            self.rest += got
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def close(self):
        os.close(self.commands)
        os.close(self.answers)
        try:
            self.process.wait(5)  # it reads the end of its commands
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        # Mounts were seen by nobody but the namespace, which is gone.
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
