#!/usr/bin/env python3
"""What is left of that where processes, machines and disks die in between, under one shell. usage: worker_confirm_death_test.py SHELL"""

import os
import shutil
import signal
import subprocess
import time

from confirm_case import LONG, ConfirmCase, makefile
from worker import kill, list_id, read, wait_until
from worker_case import main


class ConfirmDeath(ConfirmCase):
    def killed(self, *roles):
        """A second content whose target hangs, and who of its worker's processes is killed."""
        self.first()
        call = self.w.call(files=self.failing("sleep 1000"), confirm=LONG, target="restart", keep=list_id(self.ONE),
                           base=self.ONE, current="1", new="2").feed()
        wait_until("its target runs", lambda: "two-restart" in self.w.runs())
        pid = int(read(self.directory(call) + "/pid").split()[1])
        kill([call.process.pid] + [p for role in roles for p in self.w.processes(role)])
        if "make" in roles:
            os.killpg(pid, signal.SIGKILL)
        call.process.communicate()
        return call, pid

    def test_a_runner_that_is_killed_with_its_target_is_taken_back_by_the_timer_alone(self):
        call, _ = self.killed("run", "make")
        self.expire(call)
        wait_until("it went back", lambda: os.path.exists(self.directory(call) + "b/receipt"))
        self.check_back()
        self.assertEqual("reverted", self.expect("interrupted", self.w.ask(call))["confirm"])

    def test_a_target_whose_runner_is_gone_ends_before_it_is_taken_back(self):
        call, pid = self.killed("run")
        self.expire(call)
        wait_until("it went back", lambda: os.path.exists(self.directory(call) + "b/receipt"))
        stat = read(f"/proc/{pid}/stat") if os.path.exists(f"/proc/{pid}/stat") else ") Z"
        self.assertIn(stat.rsplit(")", 1)[1].split()[0], ("Z", "X"))
        self.check_back()

    def test_what_was_interrupted_and_can_be_reached_stays_so(self):
        call, _ = self.killed("run", "make")
        self.assertEqual("pending", self.expect("interrupted", self.w.ask(call))["confirm"])
        self.assertEqual("confirmed", self.confirm(call)["confirm"])
        self.sync(self.ONE)

    def test_who_seals_what_died_does_not_keep_it_from_going_back(self):
        """The front has the lock for that, and lives until the timer, which needs it, is through."""
        call, _ = self.killed("run", "make", "timer")
        wait_until("it is gone", lambda: not self.timers())
        self.expire(call)
        self.assertEqual("reverted", self.expect("interrupted", self.w.ask(call))["confirm"])
        self.check_back()

    def test_a_timer_that_was_killed_is_followed_by_another_that_keeps_its_time(self):
        self.first()
        call, _ = self.begin()
        kill(self.timers())
        wait_until("it is gone", lambda: not self.timers())
        self.assertEqual("pending", self.w.ask(call)["confirm"])
        wait_until("there is another", self.timers)
        kill(self.timers())
        for other in ({"mode": "ask", "job": "other"}, {"mode": "recall"}, {"mode": "look"}):
            wait_until("it is gone", lambda: not self.timers())
            self.w.run(**other)
            wait_until("any contact brings another", self.timers)
            kill(self.timers())
        wait_until("it is gone", lambda: not self.timers())
        self.w.ask(call)
        self.expire(call)
        wait_until("it went back", lambda: os.path.exists(self.directory(call) + "b/receipt"))
        self.check_back()

    def test_after_a_reboot_the_next_contact_takes_it_back(self):
        self.first()
        call, _ = self.begin()
        kill(self.timers())
        wait_until("it is gone", lambda: not self.timers())
        armed = self.directory(call) + "/armed"
        rest = read(armed).split()[1:]
        with open(armed, "w", encoding="utf-8") as f:
            f.write(" ".join(["another-boot"] + rest) + "\n")
        self.assertEqual("reverted", self.confirm(call)["confirm"], "it came too late, whatever the time")
        self.check_back()

    def test_a_container_that_began_anew_with_the_same_boot_id_takes_it_back(self):
        self.first()
        call, _ = self.begin()
        armed = self.directory(call) + "/armed"
        boot, up, *more = read(armed).split()
        with open(armed, "w", encoding="utf-8") as f:
            f.write(" ".join([boot, up + "000", *more]) + "\n")
        self.assertEqual("reverted", self.confirm(call)["confirm"])

    def test_killed_on_its_way_back_it_is_told_and_healed(self):
        """The restart of going back runs once at most, and files are never left half."""
        self.first()
        slow = dict(self.ONE, Makefile=makefile("one", "; sleep 1000"))
        self.sync(slow)
        call, _ = self.begin(base=slow, keep=list_id(slow))
        self.expire(call)
        wait_until("its restart runs", lambda: "one-restart" in self.w.runs())
        kill(self.timers())
        pid = int(read(self.directory(call) + "b/pid").split()[1])
        os.killpg(pid, signal.SIGKILL)
        reply = self.w.ask(call)
        self.assertEqual(("reverted", "interrupted"), (reply["confirm"], reply["back_state"]))
        self.assertEqual(1, self.w.runs().count("one-restart"))
        self.assertEqual("1", self.w.read("conf"))
        self.sync(self.TWO)

    def test_going_back_that_was_cut_off_before_its_target_is_resumed(self):
        for half in (False, True):
            self.sync(self.ONE, target="start")
            os.remove(self.w.path("data/runs"))
            call, _ = self.begin()
            kill(self.timers())
            wait_until("it is gone", lambda: not self.timers())
            back = self.directory(call) + "b"
            os.rename(self.directory(call) + "/back", back)
            if half:
                with open(self.w.kept + "/landing", "w", encoding="utf-8") as f:
                    f.write(os.path.basename(back) + "\n")
                os.rename(back + "/f/a/x.sh", self.w.path("a/x.sh"))
                shutil.rmtree(self.w.path("d"))  # a file takes its place
                os.rename(back + "/f/d", self.w.path("d"))
            reply = self.w.ask(call)
            self.assertEqual(("reverted", "succeeded"), (reply["confirm"], reply["back_state"]))
            self.check_back()

    def test_while_going_back_waits_to_be_resumed_nothing_begins(self):
        self.first()
        call, _ = self.begin()
        kill(self.timers())
        wait_until("it is gone", lambda: not self.timers())
        os.rename(self.directory(call) + "/back", self.directory(call) + "b")
        self.expect("Busy", self.w.run(files=self.TWO))
        wait_until("that contact had it resumed", lambda: os.path.exists(self.directory(call) + "b/receipt"))
        self.check_back()

    def test_killed_at_any_moment_it_comes_back_whole_and_its_target_runs_once(self):
        for turn in range(12):
            self.sync(self.ONE, target="start")
            os.remove(self.w.path("data/runs"))
            call, _ = self.begin()
            self.expire(call)
            wait_until("it is on its way", lambda: os.path.exists(self.directory(call) + "b"))
            time.sleep(turn * 0.01)
            kill(self.timers())
            reply = self.w.ask(call)
            self.assertEqual("reverted", reply["confirm"])
            self.assertIn(reply["back_state"], ("succeeded", "interrupted"))
            self.assertLessEqual(self.w.runs().count("one-restart"), 1)
            if reply["back_state"] == "succeeded":
                self.check_back()
            else:
                self.check_back(self.w.runs())

    def test_a_disk_that_turns_read_only_keeps_one_timer_at_most(self):
        os.makedirs(self.w.root, exist_ok=True)
        subprocess.check_call(["mount", "-t", "tmpfs", "-o", "size=8m", "none", self.w.root])
        self.addCleanup(subprocess.check_call, ["umount", "-l", self.w.root])
        self.first()
        call, _ = self.begin()
        kill(self.timers())
        wait_until("it is gone", lambda: not self.timers())
        subprocess.check_call(["mount", "-o", "remount,ro", self.w.root])
        for _ in range(4):
            self.assertEqual("pending", self.w.ask(call)["confirm"])
        wait_until("who cannot say that it waits does not", lambda: not self.timers())
        subprocess.check_call(["mount", "-o", "remount,rw", self.w.root])
        self.w.ask(call)
        wait_until("now one does", self.timers)
        self.expire(call)
        self.assertEqual("reverted", self.w.ask(call)["confirm"])
        self.check_back()

    def test_a_full_disk_does_not_keep_it_from_going_back(self):
        os.makedirs(self.w.root, exist_ok=True)
        subprocess.check_call(["mount", "-t", "tmpfs", "-o", "size=8m", "none", self.w.root])
        self.addCleanup(subprocess.check_call, ["umount", "-l", self.w.root])
        self.first()
        call, _ = self.begin()
        armed = self.directory(call) + "/armed"
        boot, up, *more = read(armed).split()
        with open(armed, "r+", encoding="utf-8") as f:
            f.write(" ".join(["another-boot".ljust(len(boot), "-"), up, *more]))
        with open(self.w.path("data/full"), "wb", buffering=0) as f:
            with self.assertRaises(OSError):
                while True:
                    f.write(bytes(4096))
        self.assertEqual("reverted", self.w.ask(call)["confirm"])
        self.assertEqual("1", self.w.read("conf"))

    def test_a_runner_that_dies_after_the_target_leaves_an_operation_that_ended_well(self):
        self.first()
        call, _ = self.begin()
        directory = self.directory(call)
        os.rename(directory + "/receipt", directory + "/receipt.tmp")
        reply = self.expect("succeeded", self.w.ask(call))
        self.assertEqual("pending", reply["confirm"])
        self.assertEqual("confirmed", self.confirm(call)["confirm"])


if __name__ == "__main__":
    main()
