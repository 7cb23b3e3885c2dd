#!/usr/bin/python3
"""Do the checks of this folder fail when a page is wrong?

usage: selftest.py MAAND

Pages that are right but for one thing; the thing has to be found, and where.
"""

import pathlib
import sys
import tempfile
import unittest

import mentions
import run_page
import verbs
import words
from operator_shell import TREE, ShellEnded
from page import Page, PageError, looks_like, split

MAAND = sys.argv.pop() if len(sys.argv) == 2 else sys.exit(__doc__)
EMPTY = "<!-- world: empty -->\n"


def sh(*lines, language="sh", above=""):
    return above + f"```{language}\n" + "\n".join(lines) + "\n```\n"


class PageCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, text):
        path = pathlib.Path(self.directory.name) / "page.md"
        path.write_text(text, encoding="utf-8")
        return path

    def run_page(self, text):
        told = []
        run_page.check(MAAND, self.path(text), told.append)
        return told

    def fails(self, text, *said):
        with self.assertRaises((PageError, run_page.Failed, ShellEnded)) as caught:
            self.run_page(text)
        for part in said:
            self.assertIn(part, str(caught.exception))


class APageIsRun(PageCase):
    def test_a_page_that_is_right_passes_and_every_command_of_it_was_run(self):
        told = self.run_page(EMPTY + "# T\n" + sh("cd /etc", "x=1", "cat > /tmp/a <<'END'", "one", "", "END", "# why",
                                                  "for i in 1 2; do", "  echo $i", "done", "maand plan   # exit 2: no bucket")
                             + sh("$ pwd; echo $x", "/etc", "1", "$ cat /tmp/a", "o…", language="console"))
        self.assertIn("page.md: 7 commands run, 0 not run", told)

    def test_a_command_that_fails_is_told_with_its_line_and_what_it_printed(self):
        self.fails(EMPTY + "# T\n" + sh("true", "maand statsu"), "page.md:5", "maand statsu", "did you mean `maand status`")

    def test_a_failure_in_the_middle_is_not_made_up_for_by_the_end(self):
        self.fails(EMPTY + sh("false", "true"), "page.md:3")

    def test_an_exit_status_that_the_page_announces_has_to_come(self):
        self.fails(EMPTY + sh("true   # exit 3: something"), "exits with 0, not 3")

    def test_output_that_the_page_shows_has_to_come(self):
        self.fails(EMPTY + sh("$ echo one", "two", language="console"), "page.md:3", "| one", "| two")

    def test_a_command_that_is_cut_off_is_no_command(self):
        self.fails(EMPTY + sh("for i in 1 2; do"), "page.md:3")

    def test_a_shell_that_ends_is_no_success(self):
        self.fails(EMPTY + sh("exit 0"), "the shell ended")

    def test_a_background_command_whose_condition_never_comes_is_told(self):
        run_page.PATIENCE, before = 1, run_page.PATIENCE
        self.addCleanup(setattr, run_page, "PATIENCE", before)
        self.fails(EMPTY + sh("echo begun; sleep 1000", above="<!-- until: test -e /nowhere -->\n"), "/nowhere", "| begun")

    def test_a_background_command_that_fails_is_told(self):
        for text in ("false; true", "true; false", "exit 3"):
            with self.subTest(text=text):
                self.fails(EMPTY + sh(text, above="<!-- until: sleep 0.2 -->\n"), "in the background has failed")

    def test_what_is_not_run_is_listed_with_its_reason(self):
        told = self.run_page(sh("halt", "reboot", above="<!-- not run: it ends the machine -->\n"))
        self.assertEqual(["NOT RUN page.md:3: halt   because: it ends the machine",
                          "NOT RUN page.md:4: reboot   because: it ends the machine",
                          "page.md: 0 commands run, 2 not run"], told)

    def test_the_commands_of_a_page_do_not_reach_this_machine(self):
        outside = pathlib.Path(self.directory.name) / "outside"
        outside.touch()
        self.run_page(EMPTY + sh(f"test ! -e {outside}", "test ! -e ~/.profile", "touch /tmp/maand-pages-selftest /etc/maand-pages-selftest"))
        for path in ("/tmp", "/etc"):
            self.assertFalse((pathlib.Path(path) / "maand-pages-selftest").exists())


class APageIsRead(PageCase):
    def test_a_command_hides_in_no_other_fence(self):
        for line in ("maand status", "$ maand status", "./quickstart.sh", "git push", "kill -HUP 7"):
            for language in ("", "text", "bash", "shell"):
                with self.subTest(line=line, language=language), self.assertRaises(PageError):
                    Page(self.path(sh(line, language=language)))

    def test_a_command_hides_in_no_indent(self):
        for line in ("maand status", "$ maand status", "./quickstart.sh"):
            with self.subTest(line=line), self.assertRaises(PageError):
                Page(self.path(f"Look:\n\n    {line}\n"))
        Page(self.path("- an item that goes on\n    maand status` in its text\n"))

    def test_marks_that_nobody_understands_are_refused(self):
        for text in ("<!-- not run: -->\n" + sh("x"), "<!-- not run: why -->\n\n" + sh("x"), "<!-- world: flat -->\n", "```sh\nx\n"):
            with self.subTest(text=text), self.assertRaises(PageError):
                Page(self.path(text))

    def test_commands_are_split_where_a_shell_would(self):
        self.assertEqual([1, 2, 4, 8], [unit.line for unit in split(
            ["a", "b \\", "  c", "d <<E", "x", "E", "", "e 'f", "g'"], 1)])

    def test_ellipses_stand_for_anything_and_nothing_else_does(self):
        self.assertTrue(looks_like(["a  …  c", "…"], ["a b c", "d", "e"]))
        for seen in (["a b"], ["x a b c", "d"], []):
            self.assertFalse(looks_like(["a … c", "…"], seen), seen)


class WhatAPageMentions(PageCase):
    def mentioned(self, text):
        return mentions.problems_of(Page(self.path(text)), verbs.read_help(MAAND))

    def test_what_exists_is_no_problem(self):
        self.assertEqual([], self.mentioned(
            "# A `b` c!\n`maand why JOB@WORKER`, `maand --json status`, `maand release COMMIT --unsigned --reason R`,\n"
            "| `maand worker reset\\|trust HOST` | `maand prod: applied` |\n[up](#a-b-c) [out](https://example.com/x)\n"))

    def test_what_does_not_exist_is_told_with_its_line(self):
        for text, said in (("`maand frobnicate`", "`maand frobnicate` is no command"),
                           ("`maand plan --wrong`", "`maand plan` has no option --wrong"),
                           ("`maand worker mend HOST`", "`maand worker mend` is no command"),
                           ("`maand takeover now`", "does not take 'now'"),
                           ("| `maand worker reset\\|mend HOST` |", "is no command"),
                           (sh("maand serve --wrong", above="<!-- not run: why -->\n"), "has no option --wrong"),
                           (sh("x=$(maand wrong)"), "`maand wrong` is no command"),
                           (sh('maand why "$(a b)" --wrong'), "`maand why` has no option --wrong"),
                           ("[x](nowhere.md)", "nowhere.md, which is not there"),
                           ("# Here\n[x](#there)", "there is no such heading")):
            with self.subTest(text=text):
                problems = self.mentioned(text)
                self.assertEqual(1, len(problems), problems)
                self.assertIn(said, problems[0])


class WhatTroubleshootingExplains(PageCase):
    def test_a_word_without_an_entry_and_an_entry_without_a_word_are_told(self):
        page = TREE / "docs" / "troubleshooting.md"
        self.assertEqual([], words.problems_of(Page(page), TREE))
        text = page.read_text(encoding="utf-8").replace("`GateFailed`", "`GateFaild`").replace("`DiskFull`", "DiskFull")
        problems = "\n".join(words.problems_of(Page(self.path(text)), TREE))
        for said in ("nothing of `GateFailed`", "nothing of `DiskFull`", "explains `GateFaild`, and nothing says it"):
            self.assertIn(said, problems)


if __name__ == "__main__":
    unittest.main()
