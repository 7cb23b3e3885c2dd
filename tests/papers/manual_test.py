#!/usr/bin/python3
"""The manual pages are sound mdoc, and tell of every verb, option and key.

usage: manual_test.py MAAND VERDICTS
"""

import re
import subprocess
import sys
import unittest

MAAND, VERDICTS = sys.argv[-2:]
del sys.argv[-2:]


def run(*command, given=None):
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout


def page(name):
    return run(MAAND, "man", name)


def as_text(name):
    return re.sub(r".\x08", "", run("mandoc", "-Tutf8", "-O", "width=100", given=page(name)))


def verbs(*path):
    """Names below the heading `Subcommands:` of --help."""
    told = run(MAAND, "help", *path).split("Subcommands:\n")
    return re.findall(r"^  (\S+)", told[1].split("\n\n")[0], re.M) if len(told) > 1 else []


class Manual(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        for name in ("maand", "maand.conf"):
            with self.subTest(page=name):
                lint = subprocess.run(["mandoc", "-Tlint"], input=page(name), capture_output=True, text=True)
                # The other page is not installed where this runs.
                told = [line for line in lint.stdout.splitlines()
                        if "referenced manual not found" not in line and "Mdocdate" not in line]
                self.assertEqual(told, [])

    def test_every_verb_and_option_is_told(self):
        text = as_text("maand")
        seen = 0

        def look(path):
            nonlocal seen
            told = run(MAAND, "help", *path)
            below = verbs(*path)
            for verb in below:
                look((*path, verb))
            if below and path:
                return
            if path:
                seen += 1
                start = re.search(rf"^ +{re.escape(' '.join(path))}(?=\s|$)", text, re.M)
                self.assertIsNotNone(start, path)
                rest = text[start.start():]
            else:
                rest = text
            for option in re.findall(r"(?<=[ ,])(--[a-z_-]+)", told.split("Subcommands:")[0]):
                if option != "--help":
                    self.assertIn(option, rest[:6000] if path else rest, path)

        look(())
        self.assertGreater(seen, 25)

    def test_every_key_is_told_with_its_default(self):
        text = as_text("maand.conf")
        for key in run(VERDICTS, "--keys").split():
            self.assertRegex(text, rf"(?m)^ +{re.escape(key.split('.')[-1])}(\s|$)", key)
        self.assertRegex(text, r"(?s)poll_interval.{0,200}Default: \"60s\"")

    def test_what_is_in_a_sentence_is_no_macro(self):
        for name in ("maand", "maand.conf"):
            for line in page(name).splitlines():
                if line.startswith(("'", ".")) and not line.startswith('.\\"'):
                    self.assertRegex(line, r"^\.[A-Z][a-z]( |$)", line)


class Help(unittest.TestCase):
    def test_help_is_that_of_the_verb(self):
        for path in ((), ("plan",), ("cat", "kv", "get"), ("worker",)):
            asked = run(MAAND, "help", *path)
            if path:
                self.assertEqual(asked, run(MAAND, *path, "--help"), path)
            self.assertIn("Usage: maand " + " ".join(path), asked.replace("Usage: maand [", "Usage: maand  ["))

    def test_help_of_what_there_is_not(self):
        for words, told in ((("deploy",), "`maand serve` rolls it out"), (("plna",), "did you mean `maand plan`"),
                            (("cat", "nothing"), "`maand help cat` lists")):
            asked = subprocess.run([MAAND, "help", *words], capture_output=True, text=True)
            self.assertEqual(asked.returncode, 2)
            self.assertIn(told, asked.stderr)

    def test_what_was_typed_before_is_answered_with_what_replaces_it(self):
        for word, told in (("build", "`maand validate`"), ("deploy", "`maand serve`"), ("stauts", "`maand status`")):
            asked = subprocess.run([MAAND, word], capture_output=True, text=True)
            self.assertEqual((asked.returncode, asked.stdout), (2, ""))
            self.assertIn(told, asked.stderr)


if __name__ == "__main__":
    unittest.main()
