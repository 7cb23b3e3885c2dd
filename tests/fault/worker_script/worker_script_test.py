#!/usr/bin/env python3
"""What the worker script promises, under one shell. usage: worker_script_test.py SHELL"""

import os
import shutil
import subprocess

from worker import Link, Place, kill, read, wait_until
from worker_case import WorkerCase, main

MAKEFILE = """start:
\t@mkdir -p data; echo start >>data/runs; echo "$(CURRENT_VERSION) $(NEW_VERSION) $$MAAND_ATTEMPT $$MAAND_PREVIOUS $$PWD"
stop:
\t@echo stop >>data/runs
restart:
\t@exit 3
"""
FILES = {"Makefile": MAKEFILE, "a/b/deep.conf": "1", "a/x.sh": "#!/bin/sh", "link": Link("a/b"), "conf": "one",
         "manifest.json": "{}"}


class Targets(WorkerCase):
    def test_a_target_gets_versions_attempt_previous_and_its_directory(self):
        reply = self.sync(FILES, target="start", current="1.0", new="1.1", attempt=2, previous="failed")
        self.assertEqual(f"1.0 1.1 2 failed {self.w.job}\n", reply.log.decode())
        self.assertEqual('{"worker": 1}', read(self.w.bucket + "/worker.json"))
        self.assertEqual(0o755, os.stat(self.w.path("a/x.sh")).st_mode & 0o777)
        self.assertEqual(0o644, os.stat(self.w.path("conf")).st_mode & 0o777)

    def test_the_exit_status_of_make_is_in_the_receipt(self):
        self.assertEqual("2", self.expect("failed", self.w.run(files=FILES, target="restart"))["exit"])

    def test_a_target_make_does_not_know_is_told_from_one_that_fails_with_2(self):
        self.expect("missing", self.w.run(files=FILES, target="reload"))
        fails = dict(FILES, Makefile="reload:\n\t@echo ran >>runs; exit 2\n")
        self.expect("failed", self.w.run(files=fails, target="reload"))
        self.assertEqual("ran\n", self.w.read("runs"))
        self.expect("failed", self.w.run(files=dict(FILES, Makefile="rel%:\n\t@exit 1\n"), target="reload"))

    def test_asking_what_goals_make_knows_runs_no_recipe(self):
        plus = "start:\n\t+@echo ran >>runs\nother:\n\t+@echo other >>runs\n"
        self.expect("missing", self.w.run(files={"Makefile": plus}, target="reload"))
        self.assertFalse(os.path.exists(self.w.path("runs")))

    def test_stop_without_a_makefile_fails_and_says_so(self):
        self.assertIn("no Makefile", self.expect("failed", self.w.run(ships="no", target="stop"))["detail"])

    def test_a_timeout_ends_the_whole_group(self):
        slow = {"Makefile": "start:\n\t@trap '' TERM; (echo $$$$ >child; sleep 1000) & sleep 1000\n"}
        self.expect("timeout", self.w.run(files=slow, target="start", timeout=1))
        wait_until("the child is gone", lambda: not os.path.exists("/proc/" + self.w.read("child").strip())
                   or read(f"/proc/{self.w.read('child').strip()}/stat").rsplit(") ", 1)[1][0] == "Z")

    def test_a_daemon_does_not_hold_the_operation_open(self):
        self.sync({"Makefile": "start:\n\t@sleep 1000 & echo $$! >pid\n"}, target="start")
        pid = int(self.w.read("pid"))
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        kill([pid])

    def test_much_output_arrives_whole(self):
        reply = self.sync({"Makefile": "start:\n\t@head -c 200000000 /dev/zero; echo end\n"}, target="start")
        self.assertEqual(200000004, len(reply.log))
        self.assertTrue(reply.log.endswith(b"end\n"))

    def test_a_job_that_returns_starts_from_the_version_it_left_with(self):
        self.sync(FILES, target="start")
        self.w.write("data/keep", "mine")
        self.sync({}, ships="remove", current="1.7")
        self.assertEqual(["data"], os.listdir(self.w.job))
        self.assertEqual("1.7", self.sync(FILES, target="start")["current"])
        self.assertEqual("mine", self.w.read("data/keep"))


class Files(WorkerCase):
    def test_regular_files_keep_their_inode_and_executables_do_not(self):
        self.sync(FILES)
        inode = {f: os.stat(self.w.path(f)).st_ino for f in ("conf", "a/x.sh")}
        holder = os.open(self.w.path("a/x.sh"), os.O_RDONLY)  # keeps the number from being given again
        self.addCleanup(os.close, holder)
        self.sync(dict(FILES, conf="two", **{"a/x.sh": "#!/bin/sh\n2"}), FILES)
        self.assertEqual("two", self.w.read("conf"))
        self.assertEqual(inode["conf"], os.stat(self.w.path("conf")).st_ino)
        self.assertNotEqual(inode["a/x.sh"], os.stat(self.w.path("a/x.sh")).st_ino)

    def test_only_what_was_shipped_is_deleted(self):
        self.sync(FILES)
        self.w.write("a/mine", "x")
        self.w.write("logs/app.log", "x")
        self.sync({"Makefile": MAKEFILE}, FILES)
        self.assertEqual(["Makefile", "a", "logs"], sorted(os.listdir(self.w.job)))
        self.assertEqual(["mine"], os.listdir(self.w.path("a")))

    def test_files_directories_and_symlinks_take_one_anothers_place(self):
        one = {"s": Link("x"), "d/e": "1", "f": "1", ".hidden": "h"}
        two = {"s/in": "1", "d": "file", "f/g": "1", "-dash": "d"}
        self.sync(one)
        self.sync(two, one)
        self.assertEqual(["-dash", "d", "f", "s"], sorted(os.listdir(self.w.job)))
        self.sync(one, two)
        self.assertEqual([".hidden", "d", "f", "s"], sorted(os.listdir(self.w.job)))
        self.assertEqual("x", os.readlink(self.w.path("s")))

    def test_a_symlink_in_the_path_is_refused(self):
        os.makedirs(self.w.job)
        os.makedirs(self.w.root + "/elsewhere")
        os.symlink(self.w.root + "/elsewhere", self.w.path("a"))
        self.assertIn("is a symlink", self.expect("Path", self.w.run(files=FILES))["detail"])
        self.assertEqual([], os.listdir(self.w.root + "/elsewhere"))

    def test_another_base_changes_nothing(self):
        self.sync(FILES)
        self.expect("BaseDiffers", self.w.run(files=dict(FILES, conf="3"), base={"other": "1"}))
        self.assertEqual("one", self.w.read("conf"))

    def test_after_a_reboot_changed_bytes_are_noticed(self):
        self.sync(FILES)
        same = read(self.w.kept + "/list").split()[0]
        for content, word in (("one", "succeeded"), ("tampered", "BaseDiffers")):
            with open(self.w.kept + "/list", "w", encoding="utf-8") as f:
                f.write(f"{same} another-boot\n")
            self.w.write("conf", content)
            self.expect(word, self.w.run(files=FILES, base=FILES))

    def test_what_could_not_land_is_held_until_a_whole_list_comes(self):
        self.sync(FILES)
        self.w.write("new/app", "x")
        blocked = dict(FILES, new="1", conf="2")
        self.assertIn("directory", self.expect("unlanded", self.w.run(files=blocked, base=FILES)).get("detail").lower())
        self.expect("BaseDiffers", self.w.run(files=FILES, base=blocked))
        self.sync(FILES)
        self.assertEqual("one", self.w.read("conf"))

    def test_what_could_not_land_is_finished_by_the_next_contact(self):
        self.sync(FILES)
        self.w.write("new/app", "x")
        blocked = dict(FILES, new="1", zz="2")
        self.expect("unlanded", self.w.run(files=blocked, base=FILES))
        shutil.rmtree(self.w.path("new"))
        self.sync(dict(blocked, zz="3"), blocked)
        self.assertEqual(("1", "3"), (self.w.read("new"), self.w.read("zz")))


class State(WorkerCase):
    def test_an_unknown_operation_is_sealed_and_a_late_copy_cannot_begin(self):
        late = self.w.call(files=FILES, target="start")
        self.expect("never", self.w.ask(late))
        self.expect("never", late.reply())
        self.assertFalse(os.path.exists(self.w.job))

    def test_a_frozen_copy_is_superseded(self):
        late = self.w.call(files=FILES, target="start")
        self.sync(FILES)
        self.expect("Superseded", late.reply())

    def test_a_second_answer_is_the_first_receipt(self):
        first = self.w.call(files=FILES, target="start").feed()
        one = self.expect("succeeded", first.reply())
        again = self.w.run(op=first.op, seq=first.seq, files=FILES, target="start")
        self.assertEqual((one.raw, one.log), (again.raw, again.log))
        self.assertEqual(one.log[4:], self.w.ask(first, offset=4).log)
        self.assertEqual(["start"], self.w.runs())

    def test_without_its_marker_nothing_runs(self):
        self.sync(FILES)
        self.sync(FILES, FILES, expect=1)
        shutil.rmtree(self.w.state)
        call = self.w.call(files=FILES, target="start", expect=1)
        self.expect("WorkerStateMissing", call.reply())
        self.expect("WorkerStateMissing", self.w.ask(call, expect=1))
        self.assertEqual([], self.w.runs())

    def test_another_workers_marker_is_refused(self):
        self.sync(FILES)
        self.expect("IdentityMismatch", self.w.run(files=FILES, worker="w2"))

    def test_an_older_epoch_is_fenced(self):
        self.sync(FILES, epoch=3)
        self.expect("Fenced", self.w.run(files=FILES, epoch=2))
        self.sync(FILES, epoch=11)

    def test_another_marker_than_the_one_that_was_seen_is_another_machine(self):
        seen = self.sync(FILES)["instance"]
        self.assertEqual(36, len(seen))
        self.assertEqual(seen, self.sync(FILES, FILES, expect=1, instance=seen)["instance"])
        other = seen[:-1] + ("0" if seen[-1] != "0" else "1")
        self.expect("WorkerStateMissing", self.w.run(files=FILES, expect=1, instance=other))
        self.assertEqual(seen, self.sync(FILES, FILES, expect=1, instance=other, adopt=1)["instance"])

    def test_an_operators_word_makes_any_marker_this_workers(self):
        self.sync(FILES)
        self.expect("IdentityMismatch", self.w.run(files=FILES, worker="w2"))
        self.sync(FILES, FILES, worker="w2", adopt=1)
        self.sync(FILES, FILES, worker="w2", expect=1)
        shutil.rmtree(self.w.state)
        self.expect("WorkerStateMissing", self.w.run(files=FILES, worker="w2", expect=1))
        self.sync(FILES, worker="w2", expect=1, adopt=1)

    def test_a_worker_that_was_another_host_keeps_its_id(self):
        seen = self.sync(FILES)["instance"]
        moved = self.sync(FILES, FILES, worker="w2", was="w1", expect=1, instance=seen)
        self.assertEqual(seen, moved["instance"])
        self.expect("IdentityMismatch", self.w.run(files=FILES))

    def test_an_operation_that_this_controller_cannot_know_fences_it(self):
        self.sync(FILES, seq=20)
        self.expect("Fenced", self.w.run(files=FILES, seq=30, known=19))
        self.sync(FILES, FILES, seq=31, known=20)

    def test_what_was_only_asked_for_is_nothing_a_controller_has_to_know(self):
        self.sync(FILES, seq=20)
        self.expect("never", self.w.run(mode="ask", seq=30, op="c" * 32, ships="no", target="none"))
        self.sync(FILES, FILES, seq=40, known=20)

    def test_epochs_count_whatever_their_padding(self):
        self.sync(FILES)
        open(self.w.state + "/epoch/9", "w", encoding="utf-8").close()
        self.expect("Fenced", self.w.run(files=FILES, epoch=8))
        self.sync(FILES, FILES, epoch=10)
        self.expect("Fenced", self.w.run(files=FILES, epoch=9))

    def recalled(self):
        call = self.w.call(mode="recall", job="recall", op="0", seq=0, ships="no", target="stop")
        reply = call.reply()
        self.assertTrue(reply.whole(), reply.raw)
        return reply.raw.split("reply recalled\n")[1].splitlines()

    def test_what_is_kept_is_told_and_nothing_is_changed_by_that(self):
        self.assertEqual(["marker   ", "epoch 0", "end 0"], self.recalled())
        self.assertFalse(os.path.exists(self.w.bucket))
        self.sync(FILES, target="start", extra={"record": '{"a": 1}\n'}, epoch=2)
        last = self.w.call(files=FILES, base=FILES, target="stop", ships="no", extra={"record": '{"a": 2}\n'}, epoch=2)
        self.expect("succeeded", last.reply())
        self.expect("never", self.w.run(mode="ask", epoch=2))
        before = subprocess.check_output(["find", self.w.bucket, "-printf", "%p %T@\n"])
        lines = self.recalled()
        self.assertEqual(before, subprocess.check_output(["find", self.w.bucket, "-printf", "%p %T@\n"]))
        self.assertEqual("marker b1 w1 " + read(self.w.state + "/instance").split()[2], lines[0])
        self.assertEqual("2", lines[1].split()[1].lstrip("0"))
        self.assertEqual("job api", lines[2])
        self.assertIn(f"h op {last.op}", lines)
        self.assertIn("r state succeeded", lines)
        self.assertEqual('record {"a": 2}', lines[-2])
        kept = [op for op in os.listdir(self.w.kept + "/ops") if os.path.exists(f"{self.w.kept}/ops/{op}/record")]
        self.assertEqual(1, len(kept), "the newest says all that an older one did")

    def test_an_operation_without_a_receipt_is_told_as_such(self):
        self.sync(FILES, extra={"record": "{}\n"})
        for op in os.listdir(self.w.kept + "/ops"):
            os.unlink(f"{self.w.kept}/ops/{op}/receipt")
        lines = self.recalled()
        self.assertFalse([line for line in lines if line.startswith("r ")])
        self.assertEqual("record {}", lines[-2])

    def test_a_port_of_another_bucket_is_not_taken(self):
        os.makedirs(self.w.root + "/b2/.maand")
        with open(self.w.root + "/b2/.maand/claims", "w", encoding="utf-8") as f:
            f.write("port 8080 web\nmemory 512\nport junk\n")
        self.assertIn("claimed 8080 b2", self.recalled())
        extra = {"meta/ports": "http 8080\n", "meta/claims": "port 8080 api\n"}
        refused = self.expect("PortClaimed", self.w.run(files=FILES, target="start", extra=extra))
        self.assertEqual("port 8080 (http) belongs to bucket b2", refused["detail"])
        self.assertEqual([], self.w.runs())
        extra = {"meta/ports": "http 808\n", "meta/claims": "port 808 api\n"}
        self.sync(FILES, target="start", extra=extra)
        self.assertEqual("port 808 api\n", read(self.w.state + "/claims"))

    def test_a_missing_tool_is_named(self):
        os.makedirs(self.place.directory + "/few")
        for tool in ("cat", "dd", "mkdir", "sh"):
            os.symlink(shutil.which(tool), f"{self.place.directory}/few/{tool}")
        self.place.shell.env["PATH"] = self.place.directory + "/few"
        missing = self.expect("ToolMissing", self.w.run(files=FILES, target="start"))["detail"]
        self.assertIn(missing, ("make", "chmod"))  # busybox' ash finds its own applets without PATH

    def test_receipts_and_logs_are_pruned(self):
        for _ in range(23):
            self.sync(FILES)
        self.assertEqual(20, len(os.listdir(self.w.kept + "/ops")))
        self.sync({"Makefile": "start:\n\t@head -c 40000000 /dev/zero\n"}, target="start")
        self.sync({"Makefile": "start:\n\t@head -c 40000000 /dev/zero\n"}, target="start")
        sizes = [os.path.getsize(f"{self.w.kept}/ops/{op}/log") for op in sorted(os.listdir(self.w.kept + "/ops"))]
        self.assertEqual([0, 40000000], sizes[-2:])

    def test_names_that_leave_their_place_are_refused(self):
        for bad in ({"job": "../x"}, {"bucket": "a/b"}, {"job": ".."}, {"target": "all"}, {"op": "x/y"}, {"root": "rel"}):
            call = self.w.call(files=FILES, **bad)
            self.assertEqual("BadRequest", call.reply().word(), bad)


class Disk(WorkerCase):
    def setUp(self):
        super().setUp()
        self.w = self.place.worker("small")
        os.makedirs(self.w.root)
        subprocess.check_call(["mount", "-t", "tmpfs", "-o", "size=2m", "none", self.w.root])
        self.addCleanup(subprocess.check_call, ["umount", "-l", self.w.root])
        self.files = {"Makefile": MAKEFILE}
        self.sync(self.files, target="start")

    def fill(self):
        with open(self.w.root + "/fill", "wb", 0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    def test_files_that_do_not_fit_leave_nothing_behind(self):
        self.expect("DiskFull", self.w.run(files=dict(self.files, big="x" * 3000000)))
        self.assertEqual([], os.listdir(self.w.kept + "/stage"))

    def test_a_full_disk_refuses_a_start_and_still_stops(self):
        self.fill()
        self.expect("DiskFull", self.w.run(files=dict(self.files, n="1"), base=self.files, target="start"))
        self.sync({}, ships="no", target="stop")
        os.unlink(self.w.root + "/fill")
        self.sync(dict(self.files, n="1"), self.files, target="start")

    def test_a_disk_that_fills_during_the_target_does_not_lose_the_receipt(self):
        filler = "start:\n\t-@cat /dev/zero >data/fill 2>/dev/null; true\n"
        self.sync({"Makefile": filler}, target="start")

    def test_a_read_only_disk_is_a_clean_refusal(self):
        subprocess.check_call(["mount", "-o", "remount,ro", self.w.root])
        self.assertIn("ead-only", self.expect("DiskFull", self.w.run(files=self.files))["detail"])


if __name__ == "__main__":
    main()
