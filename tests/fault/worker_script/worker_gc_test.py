#!/usr/bin/env python3
"""What may be taken away after jobs that left (executor/worker_gc.sh), and the other questions
that are asked as errands, under one shell.
usage: worker_gc_test.py SHELL"""

import os
import subprocess
import unittest

from worker import ROOT, read
from worker_case import WorkerCase, main

GC = "".join(read(os.path.join(ROOT, "executor", part)) for part in ("worker_script.sh", "worker_gc.sh"))
FILES = {"Makefile": "start stop restart:\n\t@mkdir -p data && echo x >data/db\n", "conf": "1"}


class GcCase(WorkerCase):
    def ask(self, script=GC, jobs="", **sets):
        """As the errand's shell does: the text is no argument, and there is no stdin."""
        env = {**self.w.shell.env, "BUCKET_ID": "b1", "MAAND_ROOT": self.w.root, "MAAND_WORKER": "w1",
               "MAAND_WAS": "w1", "MAAND_INSTANCE": "", "MAAND_JOBS": jobs, "TEXT": script, **sets}
        done = subprocess.run([self.w.shell.path, "-c", 'eval "unset TEXT; $TEXT"'], env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual("", done.stderr)
        return done.stdout.splitlines()

    def deploy(self):
        self.sync(FILES, target="start")

    def remove(self):
        self.sync({}, FILES, ships="remove", target="none")

    def left(self):
        return [line.split()[1] for line in self.ask() if line.startswith("left ")]


class Gc(GcCase):
    def test_only_a_job_that_was_removed_is_left_over(self):
        self.assertEqual(["done"], self.ask(), "nothing was ever deployed")
        self.deploy()
        self.assertEqual(["done"], self.ask())
        self.remove()
        self.assertTrue(os.path.exists(self.w.job + "/data/db"))
        told = self.ask()
        self.assertEqual(2, len(told))
        word, job, size, removed = told[0].split()
        self.assertEqual(("left", "api"), (word, job))
        self.assertGreaterEqual(int(size), 4)
        self.assertEqual(int(os.stat(self.newest() + "/receipt").st_mtime), int(removed))

    def newest(self):
        ops = self.w.kept + "/ops"
        return os.path.join(ops, sorted(os.listdir(ops))[-1])

    def test_it_is_taken_away_with_the_version_it_left_with(self):
        self.deploy()
        self.remove()
        os.makedirs(self.w.bucket + "/jobs/other/data")
        with open(self.w.state + "/last/api", "w", encoding="utf-8") as f:
            f.write("1.0")
        self.assertEqual(["gone api", "kept other it is not left over any more", "done"], self.ask(jobs="api other ../x"))
        self.assertFalse(os.path.exists(self.w.job))
        self.assertFalse(os.path.exists(self.w.state + "/last/api"))
        self.assertFalse(os.path.exists(self.w.state + "/gc"))
        self.assertTrue(os.path.exists(self.w.bucket + "/jobs/other/data"), "maand never deployed it")
        self.assertEqual([], [name for name in os.listdir(self.w.kept) if name.startswith("me.")])

    def test_after_it_the_job_comes_back_as_a_new_one(self):
        self.deploy()
        self.remove()
        self.ask(jobs="api")
        self.deploy()
        self.assertEqual([], self.left())
        self.assertEqual(["kept api it is not left over any more", "done"], self.ask(jobs="api"))
        self.assertTrue(os.path.exists(self.w.job + "/data/db"))

    def test_what_is_in_doubt_stays(self):
        self.deploy()
        self.remove()
        self.assertEqual(["api"], self.left())
        newest = self.newest()
        doubts = {
            "it goes on under another name": (self.w.kept + "/moved", "b 1-1"),
            "it lands": (self.w.kept + "/landing", "1-1"),
        }
        for what, (path, text) in doubts.items():
            with self.subTest(what):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text + "\n")
                self.assertEqual([], self.left())
                self.assertIn("kept api it is not left over any more", self.ask(jobs="api"))
                os.unlink(path)
        os.rename(newest + "/receipt", newest + "/away")
        self.assertEqual([], self.left(), "nobody knows how its removal ended")
        os.rename(newest + "/away", newest + "/receipt")
        os.rename(self.w.job, self.w.root + "/elsewhere")
        os.symlink(self.w.root + "/elsewhere", self.w.job)
        self.assertEqual([], self.left(), "a symlink is nobody's directory")
        self.assertTrue(os.path.exists(self.w.root + "/elsewhere/data/db"))

    @unittest.skipUnless(os.geteuid() == 0, "mounting is for root")
    def test_what_is_mounted_below_it_stays_also_where_the_root_is_a_link(self):
        for linked in (False, True):
            self.deploy()
            self.remove()
            below = self.w.job + "/data/a mount"
            os.makedirs(below, exist_ok=True)
            root = self.w.root
            if linked:
                root = self.w.root + ".link"
                os.symlink(self.w.root, root)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", below], check=True)
            try:
                with open(below + "/precious", "w", encoding="utf-8") as f:
                    f.write("x")
                told = self.ask(jobs="api", MAAND_ROOT=root)
                self.assertTrue(told[0].startswith("kept api something is mounted below "), told)
                self.assertTrue(os.path.exists(below + "/precious"))
            finally:
                subprocess.run(["umount", below], check=True)
            self.assertEqual(["gone api", "done"], self.ask(jobs="api", MAAND_ROOT=root))

    def test_while_an_operation_runs_it_stays(self):
        self.deploy()
        self.remove()
        stat = read("/proc/self/stat").rpartition(") ")[2].split()
        boot = read("/proc/sys/kernel/random/boot_id").strip()
        with open(self.w.kept + "/gen.1999999999", "w", encoding="utf-8") as f:
            f.write(f"{boot} {os.getpid()} {stat[19]}\n")
        self.assertIn("kept api an operation of it runs, or", self.ask(jobs="api")[0])
        self.assertTrue(os.path.exists(self.w.job + "/data/db"))

    def test_another_buckets_or_workers_marker_is_not_touched(self):
        self.deploy()
        self.remove()
        for sets in ({"MAAND_WORKER": "w2", "MAAND_WAS": "w2"}, {"MAAND_INSTANCE": "another"}):
            with self.subTest(sets):
                self.assertEqual(["other b1 w1"], self.ask(**sets))
                self.assertEqual(["other b1 w1"], self.ask(jobs="api", **sets))
        self.assertTrue(os.path.exists(self.w.job + "/data/db"))
        self.assertIn("done", self.ask(MAAND_WORKER="w2", MAAND_WAS="w1"), "it was renamed")


class Questions(GcCase):
    def test_facts_are_this_machines(self):
        told = dict(line.split(" ", 1) for line in self.ask(read(os.path.join(ROOT, "executor", "worker_facts.sh"))))
        total = [line.split()[1] for line in read("/proc/meminfo").splitlines() if line.startswith("MemTotal:")]
        self.assertEqual(total, [told["memory_kb"]])
        self.assertEqual(os.sysconf("SC_NPROCESSORS_ONLN"), int(told["cpus"]))
        self.assertEqual({"memory_kb", "cpus", "mhz"}, set(told))

    def test_a_doctor_finds_what_is_there_and_what_is_not(self):
        script = read(os.path.join(ROOT, "executor", "worker_doctor.sh"))
        told = self.ask(script)
        self.assertEqual("done", told[-1])
        self.assertIn("writable yes", told)
        self.assertNotIn("missing", " ".join(told))
        self.assertFalse([line for line in told if line.startswith("marker")])
        self.deploy()
        os.makedirs(self.w.root + "/b2/.maand")
        with open(self.w.root + "/b2/.maand/instance", "w", encoding="utf-8") as f:
            f.write("b2 w1 i\n")
        told = self.ask(script)
        self.assertIn("marker " + read(self.w.state + "/instance").strip(), told)
        self.assertIn("bucket b2", told)
        if self.shell == "busybox":
            os.unlink(os.path.join(self.w.shell.env["PATH"], "make"))
            self.assertEqual(["missing make"], [line for line in self.ask(script) if line.startswith("missing")])


if __name__ == "__main__":
    main()
