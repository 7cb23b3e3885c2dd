#!/usr/bin/env python3
"""What is kept to be put back (R5.2), under one shell. usage: worker_previous_test.py SHELL"""

import os

from worker import Link, list_id, read
from worker_case import WorkerCase, main


class Previous(WorkerCase):
    """R5.2: what was confirmed is kept before anything lands over it, and can be put back."""

    ONE = {"Makefile": "start:\n\t@true\nrestart:\n\t@mkdir -p data; echo one >>data/runs\n", "conf": "1", "-dash": "d",
           "a/x.sh": "#!1", "a/b/deep.conf": "1", "gone": "1", "link": Link("a/b"), "sp ace/q'uote": "1"}
    TWO = {"Makefile": "restart:\n\t@mkdir -p data; echo two >>data/runs; exit 1\n", "conf": "2", "a/x.sh": "#!2",
           "a/b/deep.conf": "2", "new/file": "2", "link": Link("conf")}

    def keep(self):
        """Directories that are kept, by list id."""
        directory = self.w.state + "/previous/api"
        return sorted(os.listdir(directory)) if os.path.isdir(directory) else []

    def try_two(self, files=None, base=None, **request):
        return self.w.run(files=files or self.TWO, base=base, target="restart", keep=list_id(self.ONE), **request)

    def go_back(self, **request):
        return self.w.run(files=self.ONE, ships="previous", target="restart", **request)

    def check_back(self):
        self.check_lies_there(self.ONE)
        self.assertFalse(os.path.exists(self.w.path("new")))

    def test_bytes_modes_and_links_come_back_and_the_target_runs(self):
        self.sync(self.ONE)
        inode = os.stat(self.w.path("conf")).st_ino
        self.expect("failed", self.try_two(base=self.ONE))
        os.chmod(self.w.path("conf"), 0o600)
        self.w.write("data/mine", "x")
        self.expect("succeeded", self.go_back(current="2", new="1"))
        self.check_back()
        self.assertEqual(inode, os.stat(self.w.path("conf")).st_ino, "written in place, as always")
        self.assertEqual("x", self.w.read("data/mine"))
        self.assertEqual(["two", "one"], self.w.runs())

    def test_what_is_tried_on_top_of_what_failed_is_not_kept(self):
        self.sync(self.ONE)
        self.expect("failed", self.try_two(base=self.ONE))
        three = dict(self.TWO, conf="3")
        self.expect("failed", self.try_two(three, base=self.TWO))
        self.assertEqual([list_id(self.ONE)], self.keep())
        self.expect("succeeded", self.go_back())
        self.check_back()

    def test_one_generation_is_kept(self):
        self.sync(self.ONE)
        self.expect("failed", self.try_two(base=self.ONE))
        self.expect("failed", self.w.run(files=dict(self.TWO, conf="3"), base=self.TWO, target="restart",
                                         keep=list_id(self.TWO)))
        self.assertEqual([list_id(self.TWO)], self.keep())
        self.sync({}, ships="remove")
        self.assertFalse(os.path.exists(self.w.state + "/previous/api"))

    def test_what_never_landed_needs_nothing_kept(self):
        self.sync(self.ONE)
        self.expect("succeeded", self.go_back())
        self.check_back()

    def test_what_is_not_kept_is_refused_and_nothing_lands(self):
        self.sync(self.ONE)
        self.expect("failed", self.w.run(files=self.TWO, base=self.ONE, target="restart"))
        self.assertIn("not kept", self.expect("Previous", self.go_back())["detail"])
        self.assertEqual("2", self.w.read("conf"))

    def test_what_was_changed_on_the_worker_was_not_confirmed_and_is_not_kept(self):
        self.sync(self.ONE)
        self.w.write("conf", "by hand")
        self.expect("failed", self.try_two(base=self.ONE))
        self.assertEqual([], self.keep())

    def test_a_kept_copy_that_was_damaged_is_refused(self):
        self.sync(self.ONE)
        self.expect("failed", self.try_two(base=self.ONE))
        with open(f"{self.w.state}/previous/api/{list_id(self.ONE)}/f/conf", "w", encoding="utf-8") as f:
            f.write("damaged")
        self.assertIn("damaged", self.expect("Previous", self.go_back())["detail"])
        self.assertEqual("2", self.w.read("conf"))

    def test_a_name_that_is_no_list_is_refused(self):
        self.expect("BadRequest", self.w.run(files=self.ONE, keep="../x"))


if __name__ == "__main__":
    main()
