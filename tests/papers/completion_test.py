#!/usr/bin/python3
"""What bash, zsh and fish complete, in the real shells.

usage: completion_test.py MAAND VERDICTS

A directory on PATH holds `maand`; for names of jobs it is a stand-in that answers as a
bucket with two jobs would, everything else is the real binary.
"""

import os
import pathlib
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

MAAND, _ = sys.argv[-2:]
del sys.argv[-2:]

STAND_IN = """#!/bin/sh
case "$*" in
  *"names jobs") printf '%s\\n' api web ;;
  *"names workers") printf '%s\\n' 10.0.0.1 10.0.0.2 ;;
  *"names allocations") printf '%s\\n' api@10.0.0.1 web@10.0.0.1 web@10.0.0.2 ;;
  *"names both") printf '%s\\n' api web web@10.0.0.1 ;;
  *) exec MAAND "$@" ;;
esac
case "$*" in --bucket*) echo from-bucket ;; esac
"""

# What is typed, what has to be offered, and what must not.
TABLE = [
    ("maand pla", {"plan"}, {"status"}),
    ("maand ca", {"cat"}, set()),
    ("maand cat job", {"jobs", "job_ports", "job_commands"}, {"workers"}),
    ("maand cat kv ", {"get"}, {"list"}),
    ("maand --log-level de", {"debug"}, {"info"}),
    ("maand --json completion z", {"zsh"}, {"bash"}),
    ("maand validate --format g", {"github"}, {"text"}),
    ("maand plan --jo", {"--jobs"}, {"--json"}),
    ("maand plan --jobs a", {"api"}, {"web"}),
    ("maand retry ", {"api", "web"}, {"10.0.0.1"}),
    ("maand worker trust ", {"10.0.0.1", "10.0.0.2"}, {"api"}),
    ("maand why w", {"web", "web@10.0.0.1"}, {"api"}),
    ("maand forget web@10.0.0.", {"web@10.0.0.1", "web@10.0.0.2"}, {"api@10.0.0.1"}),
    ("maand --bucket /b retry f", {"from-bucket"}, {"web"}),
    ("maand retry web ", set(), {"api", "web"}),
    ("maand nam", set(), {"names"}),
]


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.folder.name)
        (root / "bin").mkdir()
        (root / "bin/maand").write_text(STAND_IN.replace("MAAND", shlex.quote(MAAND)))
        (root / "bin/maand").chmod(0o755)
        (root / "home").mkdir()
        (root / "dirs/inner").mkdir(parents=True)
        cls.root = root
        cls.env = {"PATH": f"{root}/bin:/usr/bin:/bin", "HOME": str(root / "home"), "TERM": "dumb", "LC_ALL": "C.UTF-8",
                   "XDG_CONFIG_HOME": str(root / "home"), "XDG_DATA_HOME": str(root / "home")}
        for shell, name in (("bash", "maand.bash"), ("zsh", "_maand"), ("fish", "maand.fish")):
            (root / name).write_text(subprocess.run([MAAND, "completion", shell], check=True, capture_output=True,
                                                    text=True).stdout)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_shell(self, *command):
        done = subprocess.run(command, env=self.env, cwd=self.root, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def bash(self, line, breaks=None):
        words = line.split(" ")
        script = ". ./maand.bash\n" + (f"COMP_WORDBREAKS={shlex.quote(breaks)}\n" if breaks is not None else "")
        script += (f"COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_CWORD={len(words) - 1}\n"
                   f"COMP_WORDS=({' '.join(map(shlex.quote, words))})\n"
                   "_maand\n((${#COMPREPLY[@]})) && printf '%s\\n' \"${COMPREPLY[@]}\"\ntrue\n")
        return set(self.run_shell("bash", "--norc", "-c", script))

    def fish(self, line):
        script = f". ./maand.fish; complete -C {shlex.quote(line)}"
        return {one.split("\t")[0] for one in self.run_shell("fish", "--no-config", "-c", script)}

    def test_bash(self):
        for line, offered, not_offered in TABLE:
            with self.subTest(line=line):
                # Without `@` and `:` among the breaks words are whole.
                found = self.bash(line, " \t\n")
                self.assertLessEqual(offered, found)
                self.assertFalse(not_offered & found, found)

    def test_bash_replaces_what_follows_its_last_word_break(self):
        self.assertEqual(self.bash("maand forget web@10.0.0.", "@=: \t\n"), {"10.0.0.1", "10.0.0.2"})
        self.assertEqual(self.bash("maand plan --jobs=a", "@=: \t\n"), {"api"})
        self.assertEqual(self.bash("maand plan --jobs web,a", "@=: \t\n"), {"web,api"})

    def test_bash_offers_directories(self):
        self.assertEqual(self.bash("maand validate di", " \t\n"), {"dirs"})

    def test_fish(self):
        for line, offered, not_offered in TABLE:
            with self.subTest(line=line):
                found = self.fish(line)
                self.assertLessEqual(offered, found)
                self.assertFalse(not_offered & found, found)

    def test_fish_completes_the_last_name_of_a_list(self):
        self.assertIn("web,api", self.fish("maand plan --jobs web,a"))

    def test_zsh(self):
        with Zsh(self.root, self.env) as zsh:
            for line, offered, not_offered in TABLE:
                with self.subTest(line=line):
                    found = zsh.complete(line)
                    self.assertLessEqual(offered, found)
                    self.assertFalse(not_offered & found, found)
            self.assertIn("api", zsh.complete("maand plan --jobs web,a"))

    def test_the_scripts_are_well_formed(self):
        self.run_shell("bash", "-n", "maand.bash")
        self.run_shell("zsh", "-n", "_maand")
        self.run_shell("fish", "--no-execute", "maand.fish")
        self.run_shell("shellcheck", "-s", "bash", "maand.bash")

    def test_names_are_asked_in_silence(self):
        for kind in ("jobs", "workers", "allocations", "both"):
            done = subprocess.run([MAAND, "--bucket", "/nonexistent", "names", kind], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, ""))


class Zsh:
    """A zsh at a terminal: its completion works nowhere else. What compadd takes is
    printed as `HIT:name`."""

    START = r"""
PS1= RPS1=
fpath=($PWD $fpath)
autoload -Uz compinit && compinit -u -D
# Candidates as they are added, filtered by what stands on the line already.
compadd() {
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- "${hits[@]/#/HIT:}"
  builtin compadd "$@"
}
zle -C offers list-choices _main_complete
offers_and_tell() { zle offers; print -r -- 'DO''NE'; BUFFER=''; zle -I }
zle -N offers_and_tell
bindkey '^X' offers_and_tell
unsetopt zle_bracketed_paste 2>/dev/null
zstyle ':completion:*' menu no
LISTMAX=1000
print READY
"""

    def __init__(self, root, env):
        self.root, self.env = root, env

    def __enter__(self):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.root)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.env)
        self.pid = pid
        (self.root / "start.zsh").write_text(self.START)
        self.send("stty -echo; . ./start.zsh\n")
        self.read_to("READY")
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def send(self, text):
        os.write(self.terminal, text.encode())

    def read_to(self, mark):
        got = ""
        end = time.monotonic() + 30
        while not re.search(rf"{mark}\r?$", got, re.M):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise AssertionError(f"zsh did not say {mark}: {got[-2000:]!r}")
            got += os.read(self.terminal, 65536).decode(errors="replace")
        return got

    def complete(self, line):
        self.send(line + "\x18")
        return {one.strip() for one in re.findall(r"HIT:([^\r\n]*)", self.read_to("DONE"))}


if __name__ == "__main__":
    unittest.main()
