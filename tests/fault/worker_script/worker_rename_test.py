#!/usr/bin/env python3
"""A job that goes on under another name, under one shell. usage: worker_rename_test.py SHELL"""

import os

from worker import read
from worker_case import WorkerCase, main


class Renames(WorkerCase):
    """Stopped where it lies, moved with its data, started."""

    TARGETS = "start stop restart:\n\t@mkdir -p data; echo $@ $$(basename $$PWD) >>data/runs\n"

    def setUp(self):
        super().setUp()
        self.files = {"Makefile": self.TARGETS, "conf": "one", "gone": "x"}
        self.sync(self.files, target="start")
        self.w.write("data/keep", "mine")
        self.fresh = self.w.bucket + "/jobs/fresh"
        self.next = {"Makefile": self.TARGETS, "conf": "two"}

    def rename(self, **request):
        return self.w.run(files=self.next, job="fresh", moves="api", **{"target": "restart", **request})

    def runs(self):
        return read(self.fresh + "/data/runs").splitlines()

    def test_the_directory_moves_with_its_data_and_what_was_shipped_to_it_goes(self):
        self.expect("succeeded", self.rename())
        self.assertFalse(os.path.exists(self.w.job))
        self.assertEqual(["start api", "stop api", "start fresh"], self.runs())
        self.assertEqual(["Makefile", "conf", "data"], sorted(os.listdir(self.fresh)))
        self.assertEqual(("two", "mine"), (read(self.fresh + "/conf"), read(self.fresh + "/data/keep")))

    def test_a_second_time_it_is_a_restart_and_nothing_moves(self):
        self.expect("succeeded", self.rename())
        self.expect("succeeded", self.rename())
        self.assertEqual(["start api", "stop api", "start fresh", "restart fresh"], self.runs())

    def test_one_that_does_not_run_is_started_only(self):
        self.expect("succeeded", self.rename(target="start"))
        self.assertEqual(["start api", "start fresh"], self.runs())

    def test_what_lies_under_the_new_name_already_is_in_the_way(self):
        os.makedirs(self.fresh + "/data")
        refused = self.rename()
        self.assertEqual("Path", refused.word())
        self.assertIn("jobs/fresh is in the way of jobs/api", refused.raw)
        self.assertEqual(["start api"], read(self.w.path("data/runs")).splitlines())
        os.rmdir(self.fresh + "/data")
        os.rmdir(self.fresh)
        self.expect("succeeded", self.rename())
        self.assertEqual(["start api", "stop api", "start fresh"], self.runs())

    def test_a_stop_that_fails_moves_nothing(self):
        self.sync(dict(self.files, Makefile="stop:\n\t@exit 1\n"), self.files)
        failed = self.expect("failed", self.rename())
        self.assertIn("api", failed["detail"])
        self.assertTrue(os.path.exists(self.w.job))
        self.assertFalse(os.path.exists(self.fresh))

    def test_a_stop_finds_it_where_it_lies_and_a_removal_takes_it_along(self):
        self.expect("succeeded", self.w.run(job="fresh", moves="api", ships="no", target="stop"))
        self.assertEqual(["start", "stop"], [line.split()[0] for line in read(self.w.path("data/runs")).splitlines()])
        self.expect("succeeded", self.w.run(job="fresh", moves="api", ships="remove"))
        self.assertFalse(os.path.exists(self.w.job))
        self.assertEqual(["data"], os.listdir(self.fresh))

    def test_the_old_name_is_told_of_no_more_until_it_is_used_again(self):
        recall = lambda: self.w.run(mode="recall", job="recall", op="0", seq=0, ships="no", target="stop").raw
        self.assertIn("job api\n", recall())
        self.expect("succeeded", self.rename())
        self.assertNotIn("job api\n", recall())
        self.assertRegex(recall(), r"\nmoved api \d{19}\n")
        self.assertIn("job fresh\n", recall())
        self.sync(self.files)
        self.assertIn("job api\n", recall())
        self.assertNotIn("moved", recall())

    def test_a_controller_that_does_not_know_of_the_new_name_is_fenced_off_the_old_one(self):
        known = self.sync(self.files, self.files, seq=20) and 20
        self.expect("succeeded", self.rename(seq=30, known=0))
        self.expect("Fenced", self.w.run(files=self.files, seq=40, known=known))
        self.sync(self.files, seq=50, known=30)

    def test_a_link_in_place_of_the_old_directory_is_not_followed(self):
        os.rename(self.w.job, self.w.root + "/elsewhere")
        os.symlink(self.w.root + "/elsewhere", self.w.job)
        self.expect("succeeded", self.rename(target="start"))
        self.assertFalse(os.path.exists(self.fresh + "/data/keep"))


if __name__ == "__main__":
    main()
