#!/usr/bin/env python3
"""What an errand may do and how it ends (executor/worker_errand.sh), under one shell.
usage: worker_errand_test.py SHELL"""

import os
import shutil
import signal
import subprocess

from worker import ROOT, Place, read, wait_until
from worker_case import WorkerCase, main

SCRIPT = "".join(read(os.path.join(ROOT, "executor", part))
                 for part in ("worker_script.sh", "worker_errand.sh")).encode()
ID = "0123456789abcdef"


class Errand:
    def __init__(self, place, text, mark=f"\nmaand-end {ID}", **header):
        size = len(SCRIPT)
        values = {"id": ID, "limit": 60, **header}
        lines = "".join(f"{key} {value}\n" for key, value in values.items() if key != "sets")
        lines += "".join(f"set {name} {value}\n" for name, value in header.get("sets", {}).items())
        self.data = SCRIPT + lines.encode() + b"\n" + text + mark.encode()
        command = (f"exec {place.path} -c 'SELF=$(dd bs={size} count=1 iflag=fullblock 2>/dev/null); "
                   f"[ ${{#SELF}} = {size - 1} ] && eval \"$SELF\"; echo maand1 cut' maand {place.path}")
        self.process = subprocess.Popen([place.path, "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=place.env, start_new_session=True, cwd="/")

    def send(self):
        self.process.stdin.write(self.data)
        self.process.stdin.close()
        self.process.stdin = None
        return self

    def hang_up(self):
        """As sshd does when the connection is gone: nobody reads or writes any more."""
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()

    def end(self):
        out, self.output = self.process.communicate()
        self.said = [line for line in out.decode().splitlines() if line != "."]
        return self


class ErrandCase(WorkerCase):
    def setUp(self):
        super().setUp()
        os.makedirs(self.w.root, exist_ok=True)
        self.file = os.path.join(self.w.root, "seen")

    def run_errand(self, text, **header):
        return Errand(self.w.shell, text if isinstance(text, bytes) else text.encode(), **header).send().end()

    def check(self, errand, status, output):
        self.assertEqual(["maand1 hello", f"exit {status}", f"end {ID}"], errand.said, errand.output)
        self.assertEqual(output, errand.output)

    def pids(self):
        """Numbers the errand wrote into the file, once there are any."""
        wait_until("its numbers", lambda: os.path.exists(self.file) and read(self.file).endswith("\n"))
        return [int(word) for word in read(self.file).split()]


def gone(pid):
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Ends(ErrandCase):
    def test_its_status_and_all_it_says_come_back(self):
        for text, status, output in (
                ("echo one; echo two >&2; exit 3", 3, b"one\ntwo\n"),
                ("true", 0, b""),
                ("printf 'no newline'", 0, b"no newline"),
                ("# a comment\necho 1 # and another", 0, b"1\n"),
                ("", 0, b""),
                ("exit 255", 255, b""),
                ("kill -9 $$", 137, b""),
        ):
            with self.subTest(text):
                self.check(self.run_errand(text), status, output)

    def test_a_text_that_no_shell_understands_has_failed(self):
        errand = self.run_errand("if true; then echo")
        self.assertEqual(f"end {ID}", errand.said[-1])
        self.assertRegex(errand.said[1], r"^exit [1-9]")
        self.assertIn(b"yntax error", errand.output)

    def test_nothing_in_the_text_is_read_by_anything_but_its_shell(self):
        text = "cat <<'E'\n$(touch /nope) `id` \"'\\ \xe4 \x01\nE\n"
        self.check(self.run_errand(text.encode("latin-1")), 0, b"$(touch /nope) `id` \"'\\ \xe4 \x01\n")

    def test_it_has_no_stdin_and_none_of_our_functions_and_names(self):
        text = ("cat; env | grep -c -e MAAND -e ERRAND -e '^SELF='; echo \"$# [$SELF$ERRAND$MAAND_TEXT$id$NL]\"; "
                "command -v nap seal errand tick || echo none")
        self.check(self.run_errand(text), 0, b"0\n0 []\nnone\n")

    def test_it_gets_what_is_set_and_stands_where_it_is_told_if_that_is_there(self):
        value = "a b'\"$(id)`id`;*\\"
        sets = {"WORKER_IP": "10.0.0.1", "ODD": value}
        for directory, stands in ((self.w.root, self.w.root), ("/not/there", "/"), ("", "/")):
            with self.subTest(directory):
                errand = self.run_errand("printf '%s\\n' \"$WORKER_IP\" \"$ODD\" \"$PWD\"", dir=directory, sets=sets)
                self.check(errand, 0, f"10.0.0.1\n{value}\n{stands}\n".encode())

    def test_a_line_of_any_length_and_output_of_any_length_come_whole(self):
        line = "head -c 300000 /dev/zero | tr '\\0' x"
        errand = self.run_errand(line)
        self.check(errand, 0, b"x" * 300000)
        many = self.run_errand("i=0; while [ $i -lt 40 ]; do " + line + "; echo; i=$((i + 1)); done")
        self.check(many, 0, (b"x" * 300000 + b"\n") * 40)

    def test_a_large_text_comes_whole(self):
        text = "".join(f": {i} {'x' * 1000}\n" for i in range(300)) + "echo done"
        self.check(self.run_errand(text), 0, b"done\n")

    def test_a_text_that_was_cut_does_not_run(self):
        for mark in ("", "\nmaand-en", "\nmaand-end 0123"):
            with self.subTest(mark):
                errand = Errand(self.w.shell, f"touch {self.file}".encode(), mark=mark).send().end()
                self.assertIn("cut", errand.said)
                self.assertFalse(os.path.exists(self.file))

    def test_a_header_that_was_cut_or_is_wrong_does_nothing(self):
        for header in ({"id": "../x"}, {"limit": "1 -o"}, {"sets": {"A;id": "x"}}, {"sets": {"lower": "x"}}):
            with self.subTest(header):
                errand = self.run_errand(f"touch {self.file}", **header)
                self.assertEqual(["maand1 hello"], errand.said)
                self.assertFalse(os.path.exists(self.file))

    def test_bash_reads_it_where_that_is_wanted_and_there(self):
        errand = self.run_errand("echo ${BASH_VERSION:+bash}${POSIXLY_CORRECT:+ posix}", shell="bash")
        expected = b"\n" if self.shell == "busybox" else b"bash\n"  # that place has no bash
        self.check(errand, 0, expected)


class Limits(ErrandCase):
    def test_one_that_takes_too_long_is_ended_with_all_it_started(self):
        errand = self.run_errand(f"sleep 300 & echo $! $$ >{self.file}; echo begun; sleep 300", limit=1)
        self.assertIn("late", errand.said)
        self.assertEqual(f"end {ID}", errand.said[-1])
        self.assertEqual(b"begun\n", errand.output)
        for pid in self.pids():
            wait_until("its end", lambda pid=pid: gone(pid))

    def test_one_that_ignores_the_signal_is_killed(self):
        errand = self.run_errand("trap '' TERM; while :; do sleep 1; done", limit=1)
        self.assertEqual(["maand1 hello", "late", "exit 137", f"end {ID}"], errand.said)

    def test_what_it_leaves_running_holds_nobody_up_and_goes_on(self):
        errand = self.run_errand(f"(sleep 6; echo late; echo still >{self.file}) & echo left", limit=60)
        self.check(errand, 0, b"left\n")
        self.assertFalse(os.path.exists(self.file))
        wait_until("its file", lambda: os.path.exists(self.file))

    def test_what_it_leaves_running_and_talks_is_not_listened_to_for_ever(self):
        errand = self.run_errand(f"(while :; do echo more || exit; sleep 0.3; done) & echo $! >{self.file}", limit=3)
        os.kill(self.pids()[0], signal.SIGKILL)
        self.assertEqual(["maand1 hello", "exit 0", f"end {ID}"], errand.said)

    def test_one_that_closes_its_output_is_waited_for(self):
        errand = self.run_errand(f"exec >/dev/null 2>&1; sleep 2; echo x >{self.file}; exit 4")
        self.check(errand, 4, b"")
        self.assertTrue(os.path.exists(self.file))

    def test_one_that_nobody_listens_to_any_more_is_ended(self):
        for text in (f"echo $$ >{self.file}; sleep 300", f"echo $$ >{self.file}; trap '' PIPE TERM; "
                     "while :; do echo more; sleep 0.1; done", f"exec >/dev/null 2>&1; echo $$ >{self.file}; sleep 300"):
            with self.subTest(text):
                errand = Errand(self.w.shell, text.encode()).send()
                pid = self.pids()[0]
                errand.hang_up()
                wait_until("its end", lambda pid=pid: gone(pid))
                os.unlink(self.file)


class Tools(ErrandCase):
    def test_a_worker_without_a_tool_says_which(self):
        if self.shell == "busybox":
            self.skipTest("its tools are in the shell")
        tools = os.path.join(self.w.root, "tools")
        os.makedirs(tools)
        for tool in ("cat", "dd", "sleep"):
            os.symlink(shutil.which(tool), os.path.join(tools, tool))
        self.w.shell.env["PATH"] = tools
        errand = self.run_errand("echo x")
        self.assertEqual(["maand1 hello", "refused ToolMissing setsid", f"end {ID}"], errand.said)


if __name__ == "__main__":
    main()
