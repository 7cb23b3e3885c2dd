#!/usr/bin/env python3
"""What a look at a worker finds, and what it leaves alone (R5.9), under one shell.
usage: worker_look_test.py SHELL"""

import hashlib
import os
import pwd
import shutil
import subprocess

from worker import Call, Link, SCRIPT, list_id, read, wait_until
from worker_case import WorkerCase, main

FILES = {"Makefile": "start:\n\t@echo start >>data/runs\n", "a/b/deep.conf": "1", "a/run.sh": "#!/bin/sh",
         "link": Link("a/b"), "conf": "one", "with blank: FAILED": "x", "manifest.json": "{}"}
STATUS = "start:\n\t@true\nstatus:\n\t@echo asked >>data/asked; %s\n"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


class LookCase(WorkerCase):
    def deploy(self, files=None, **request):
        self.files = files or FILES
        self.sync(self.files, **request)

    def lines(self, files, job="api", seconds=0, more=()):
        out = [f"job {job} {list_id(files)} {seconds} 1.0"]
        out += [f"l {sha(str(c))} {p}" for p, c in files.items() if isinstance(c, Link)]
        out += [f"x {p}" for p in files if p.endswith(".sh")]
        return out + list(more)

    def ask(self, lines, instance="", epoch=1, cut=False):
        header = {"do": "look", "op": "0", "seq": "0", "root": self.w.root, "bucket": "b1", "worker": "w1",
                  "job": "look", "target": "none", "ships": "no", "base": "any", "list": "none", "epoch": epoch,
                  "expect": 0, "timeout": 60, "current": "", "new": "", "attempt": 1, "previous": "none",
                  "offset": 0}
        if instance:
            header["instance"] = instance
        text = "".join(f"{k} {v}\n" for k, v in header.items()) + "\n" + "".join(f"{one}\n" for one in lines)
        return Call(self.w.shell, "0", 0, SCRIPT + (text + ("" if cut else "done\n")).encode()).reply()

    def found(self, lines=None, **options):
        """What is told of the one job, without its heading and its list."""
        reply = self.ask(lines or self.lines(self.files, **options))
        self.assertTrue(reply.whole(), reply.raw)
        told = reply.raw.split("reply looked\n")[1].splitlines()
        self.assertEqual("job api", told[0])
        return sorted(one for one in told[1:-1] if not one.startswith("list "))


class Look(LookCase):
    def test_what_was_shipped_and_lies_there_is_in_order(self):
        self.deploy()
        self.assertEqual([], self.found())

    def test_what_the_application_makes_is_nobodys_matter(self):
        self.deploy()
        for name in ("data/db", "logs/app.log", "bin/tool", "a/b/cache", "conf.bak", "new/file"):
            self.w.write(name, "mine")
        os.symlink("/etc/passwd", self.w.path("a/own-link"))
        os.chmod(self.w.path("conf"), 0o600)  # nobody asked for a mode of it
        os.utime(self.w.path("conf"), (0, 0))
        self.assertEqual([], self.found())

    def test_changed_gone_and_replaced_files_are_told_each(self):
        self.deploy()
        self.w.write("conf", "by hand")
        self.w.write("with blank: FAILED", "by hand")
        os.remove(self.w.path("a/b/deep.conf"))
        self.assertEqual(["changed conf", "changed with blank: FAILED", "gone a/b/deep.conf"], self.found())

    def test_a_symlink_to_the_same_bytes_is_not_the_file(self):
        self.deploy()
        self.w.write("data/conf", "one")
        os.remove(self.w.path("conf"))
        os.symlink("data/conf", self.w.path("conf"))
        self.assertEqual(["symlink conf"], self.found())

    def test_a_directory_that_became_a_symlink_holds_none_of_our_files(self):
        self.deploy()
        shutil.move(self.w.path("a"), self.w.path("data/a"))
        os.symlink("data/a", self.w.path("a"))
        self.assertEqual(["intheway a/b/deep.conf", "intheway a/run.sh"], self.found())

    def test_symlinks_are_compared_by_where_they_point(self):
        self.deploy()
        os.remove(self.w.path("link"))
        self.assertEqual(["gone link"], self.found())
        os.symlink("a", self.w.path("link"))
        self.assertEqual(["symlink link"], self.found())
        os.remove(self.w.path("link"))
        self.w.write("link", "a/b")
        self.assertEqual(["symlink link"], self.found())

    def test_a_fifo_in_the_place_of_a_file_does_not_hold_the_look(self):
        self.deploy()
        os.remove(self.w.path("conf"))
        os.mkfifo(self.w.path("conf"))
        self.assertEqual(["nofile conf"], self.found())
        os.remove(self.w.path("conf"))
        os.makedirs(self.w.path("conf"))
        self.assertEqual(["intheway conf"], self.found())

    def test_the_others_are_compared_whatever_became_of_one(self):
        self.deploy()
        os.remove(self.w.path("conf"))
        os.mkfifo(self.w.path("conf"))
        self.w.write("Makefile", "by hand")
        os.remove(self.w.path("a/b/deep.conf"))
        self.assertEqual(["changed Makefile", "gone a/b/deep.conf", "nofile conf"], self.found())

    def test_a_link_whose_name_looks_like_an_option_is_read(self):
        self.deploy({**FILES, "-n": Link("a/b")})
        self.assertEqual([], self.found())

    def test_an_executable_that_is_none_any_more(self):
        self.deploy()
        os.chmod(self.w.path("a/run.sh"), 0o644)
        self.assertEqual(["mode a/run.sh"], self.found())

    def test_modes_and_owners_where_they_were_asked_for(self):
        self.deploy()
        me = pwd.getpwuid(os.getuid()).pw_name
        wanted = [f"=644 {me}:", "+conf", "=755 -", "+a/run.sh"]
        self.assertEqual([], self.found(more=wanted))
        os.chmod(self.w.path("conf"), 0o664)
        os.chmod(self.w.path("a/run.sh"), 0o777)
        self.assertEqual(["mode a/run.sh", "mode conf"], self.found(more=wanted))
        os.chmod(self.w.path("conf"), 0o644)
        if os.getuid() == 0:
            os.chown(self.w.path("conf"), pwd.getpwnam("nobody").pw_uid, -1)
            self.assertEqual(["mode a/run.sh", "mode conf"], self.found(more=wanted))
            # A user that this machine does not know was never given anything.
            self.assertEqual(["mode a/run.sh"], self.found(more=["=644 no-such-user:", "+conf", "=755 -", "+a/run.sh"]))

    def test_another_list_was_deployed_by_somebody_else(self):
        self.deploy()
        self.sync(dict(FILES, conf="two"))
        reply = self.ask(self.lines(FILES))
        self.assertIn(f"list {list_id(dict(FILES, conf='two'))}\nend 0\n", reply.raw)

    def test_the_whole_directory_may_be_gone(self):
        self.deploy()
        shutil.rmtree(self.w.job)
        self.assertEqual(["gone ."], self.found())

    def test_one_look_is_about_every_job_that_is_named(self):
        self.deploy()
        self.w.run(files={"Makefile": "start:\n"}, job="db")
        os.remove(os.path.join(self.w.bucket, "jobs", "db", "Makefile"))
        reply = self.ask(self.lines(FILES) + self.lines({"Makefile": "start:\n"}, "db") + self.lines({}, "never"))
        self.assertEqual(["job api", "job db", "gone Makefile", "job never", "list "],
                         [one for one in reply.raw.splitlines()[2:-1] if one == "list " or not one.startswith("list ")])

    def test_what_is_under_way_has_no_verdict(self):
        self.deploy()
        self.w.write("conf", "by hand")
        slow = dict(FILES, Makefile="start:\n\t@touch data/began; while [ ! -e data/go ]; do sleep 0.05; done\n")
        call = self.w.call(files=slow, target="start").feed()
        self.addCleanup(lambda: self.w.write("data/go", ""))
        os.makedirs(self.w.path("data"), exist_ok=True)
        wait_until("the target runs", lambda: os.path.exists(self.w.path("data/began")))
        self.assertEqual(["busy"], self.found(self.lines(slow)))
        self.w.write("data/go", "")
        self.assertEqual("succeeded", call.reply().word())
        self.assertEqual([], self.found(self.lines(slow)))

    def test_a_landing_that_is_not_whole_has_no_verdict(self):
        self.deploy()
        self.w.write("conf", "by hand")
        with open(os.path.join(self.w.kept, "landing"), "w", encoding="utf-8") as f:
            f.write("op\n")
        self.assertEqual(["busy"], self.found())

    def test_a_cut_request_has_no_end(self):
        self.deploy()
        self.assertFalse(self.ask(self.lines(FILES), cut=True).whole())

    def test_it_changes_nothing(self):
        self.deploy()
        self.w.write("conf", "by hand")
        listing = lambda: subprocess.check_output(["find", self.w.root, "-printf", "%p %m %s %T@\n"], text=True)
        before = listing()
        self.found()
        self.assertEqual(before, listing())


class Whose(LookCase):
    def test_a_marker_that_is_gone_or_another_is_no_drift(self):
        self.deploy()
        marker = os.path.join(self.w.state, "instance")
        bucket, worker, ident = read(marker).split()
        self.assertTrue(self.ask(self.lines(FILES), instance=ident).whole())
        self.assertEqual("WorkerStateMissing", self.ask(self.lines(FILES), instance="other").word())
        with open(marker, "w", encoding="utf-8") as f:
            f.write(f"{bucket} w2 {ident}\n")
        self.assertEqual("IdentityMismatch", self.ask(self.lines(FILES)).word())
        os.remove(marker)
        self.assertEqual("WorkerStateMissing", self.ask(self.lines(FILES)).word())

    def test_an_older_controller_is_told_so(self):
        self.deploy(epoch=3)
        self.assertEqual("Fenced", self.ask(self.lines(FILES), epoch=2).word())


class Status(LookCase):
    def status(self, recipe, seconds=30):
        self.deploy({"Makefile": STATUS % recipe, "data/.keep": ""})
        return self.found(seconds=seconds)

    def test_the_exit_status_of_make_status_is_told(self):
        self.assertEqual(["status runs"], self.status("true"))
        self.assertEqual("asked\n", self.w.read("data/asked"))
        self.assertEqual(["status ended 2"], self.status("exit 1"))

    def test_it_is_asked_only_where_the_manifest_says_so(self):
        self.assertEqual([], self.status("exit 1", seconds=0))
        self.assertFalse(os.path.exists(self.w.path("data/asked")))

    def test_one_that_hangs_is_ended_with_all_that_it_began(self):
        self.assertEqual(["status late"], self.status("echo $$$$ >data/pid; sleep 1000 & sleep 1000", seconds=1))
        if not os.path.exists(self.w.path("data/pid")):
            return  # the machine was too busy to begin it
        pid = self.w.read("data/pid").strip()
        gone = lambda: not os.path.exists(f"/proc/{pid}") or read(f"/proc/{pid}/stat").rsplit(") ", 1)[1][0] == "Z"
        wait_until("it is gone", gone)

    def test_a_makefile_without_the_target_is_told_from_one_that_says_no(self):
        self.deploy()
        self.assertEqual(["status missing"], self.found(seconds=5))

    def test_it_gets_the_version_that_runs(self):
        self.assertEqual(["status runs"], self.status('[ "$$CURRENT_VERSION $$NEW_VERSION" = "1.0 1.0" ]'))


if __name__ == "__main__":
    main()
