#!/usr/bin/env python3
"""What is taken back unless it is confirmed in time (R2.9), under one shell. usage: worker_confirm_test.py SHELL"""

import os
import signal
import subprocess
import time

from worker import Link, kill, list_id, read, wait_until
from worker_case import WorkerCase, main

LONG = 1000  # s: nothing happens by itself in a test
TARGETS = "\t@mkdir -p data; echo {0}-$@ $(CURRENT_VERSION)-$(NEW_VERSION) >>data/runs{1}\n"


def makefile(name, more=""):
    return "start stop restart reload:\n" + TARGETS.format(name, more)


class Confirm(WorkerCase):
    ONE = {"Makefile": makefile("one"), "conf": "1", "-dash": "d", "a/x.sh": "#!1", "a/b/deep.conf": "1", "gone": "1",
           "link": Link("a/b"), "sp ace/q'uote": "1", "d": "file"}
    TWO = {"Makefile": makefile("two"), "conf": "2", "a/x.sh": "#!2", "a/b/deep.conf": "2", "new/file": "2",
           "link": Link("conf"), "d/e": "directory"}

    def first(self):
        self.sync(self.ONE, target="start")
        os.remove(self.w.path("data/runs"))

    def begin(self, seconds=LONG, files=None, **request):
        """The second content is rolled out; returns the call and its answer."""
        request = {"target": "restart", "keep": list_id(self.ONE), "base": self.ONE, "current": "1", "new": "2",
                   **request}
        call = self.w.call(files=files or self.TWO, confirm=seconds, **request)
        return call, call.reply()

    def confirm(self, call, **request):
        return self.w.run(mode="confirm", op=call.op, seq=call.seq, **request)

    def directory(self, call):
        return f"{self.w.kept}/ops/{call.seq:019d}-{call.op}"

    def expire(self, call):
        """Its time is over, as if uptime had passed."""
        armed = self.directory(call) + "/armed"
        boot, up, _, *more = read(armed).split()
        with open(armed + ".new", "w", encoding="utf-8") as f:
            f.write(" ".join([boot, up, "0", *more]) + "\n")
        os.rename(armed + ".new", armed)

    def timers(self):
        return self.w.processes("timer")

    def check_back(self, runs=("two-restart", "1-2", "one-restart", "2-1")):
        for path, content in self.ONE.items():
            if isinstance(content, Link):
                self.assertEqual(content, os.readlink(self.w.path(path)))
                continue
            self.assertEqual(content, self.w.read(path), path)
            self.assertEqual(0o755 if path.endswith(".sh") else 0o644,
                             os.stat(self.w.path(path)).st_mode & 0o777, path)
        self.assertFalse(os.path.exists(self.w.path("new")))
        self.assertFalse(os.path.exists(self.w.kept + "/landing"))
        self.assertEqual(list_id(self.ONE), read(self.w.kept + "/list").split()[0])
        self.assertEqual(list(runs), self.w.runs())

    def tearDown(self):
        kill(self.timers())

    def test_what_is_confirmed_stays_and_the_timer_ends(self):
        self.first()
        call, reply = self.begin()
        self.assertEqual("pending", self.expect("succeeded", reply)["confirm"])
        self.assertTrue(self.timers())
        self.assertEqual("confirmed", self.expect("succeeded", self.confirm(call))["confirm"])
        self.assertEqual("confirmed", self.confirm(call)["confirm"], "said twice is said once")
        wait_until("the timer has ended", lambda: not self.timers())
        self.assertEqual("2", self.w.read("conf"))
        self.assertEqual(["two-restart", "1-2"], self.w.runs())
        self.sync(dict(self.TWO, conf="3"), self.TWO)

    def test_what_nobody_confirms_is_taken_back_and_its_target_runs(self):
        self.first()
        inode = os.stat(self.w.path("conf")).st_ino
        call, reply = self.begin(extra={"meta/attributes": "=600 -\n+conf\n"})
        self.expect("succeeded", reply)
        self.assertEqual(0o600, os.stat(self.w.path("conf")).st_mode & 0o777)
        self.w.write("data/mine", "x")
        self.expire(call)
        late = self.confirm(call)
        self.assertEqual(("reverted", "succeeded"), (late["confirm"], late["back_state"]))
        self.assertEqual("reverted", self.w.ask(call)["confirm"])
        self.check_back()
        self.assertEqual(inode, os.stat(self.w.path("conf")).st_ino, "written in place, as always")
        self.assertEqual("x", self.w.read("data/mine"))
        self.sync(self.TWO, self.ONE)

    def test_the_worker_needs_nobody_for_it(self):
        self.first()
        call, _ = self.begin(1)
        wait_until("it went back", lambda: os.path.exists(self.directory(call) + "b/receipt"))
        self.check_back()

    def test_a_first_start_is_stopped(self):
        call, reply = self.begin(target="start", keep="none", base=None, current="0.0.0", new="1")
        self.expect("succeeded", reply)
        self.expire(call)
        self.assertEqual(("reverted", "succeeded"), tuple(map(self.confirm(call).get, ("confirm", "back_state"))))
        self.assertEqual(["two-start", "0.0.0-1", "two-stop", "1-1"], self.w.runs())
        self.assertEqual("2", self.w.read("conf"), "files stay, as with every stop")

    def test_nothing_begins_meanwhile(self):
        self.first()
        call, _ = self.begin()
        for request in ({"files": self.ONE}, {"ships": "no", "target": "stop"}):
            self.assertIn("waits to be confirmed", self.expect("Busy", self.w.run(**request))["detail"])
        self.confirm(call)
        self.expect("succeeded", self.w.run(ships="no", target="stop"))

    def test_without_a_way_back_nothing_begins(self):
        self.first()
        self.w.write("conf", "by hand")
        _, reply = self.begin()
        self.assertIn("no way back", self.expect("Previous", reply)["detail"])
        self.assertEqual("by hand", self.w.read("conf"))
        self.assertEqual([], self.w.runs())

    def test_what_is_kept_and_damaged_is_no_way_back(self):
        self.first()
        call, reply = self.begin(files=self.failing())
        self.expect("failed", reply)
        self.confirm(call)
        with open(f"{self.w.state}/previous/api/{list_id(self.ONE)}/f/conf", "w", encoding="utf-8") as f:
            f.write("damaged")
        self.expect("Previous", self.begin(base=None)[1])

    def failing(self, how="exit 1"):
        return dict(self.TWO, Makefile=makefile("two", "; " + how))

    def test_a_target_that_failed_stays_so_if_its_worker_can_be_reached(self):
        self.first()
        call, reply = self.begin(files=self.failing())
        self.assertEqual("pending", self.expect("failed", reply)["confirm"])
        self.expect("Busy", self.w.run(files=self.ONE))
        self.assertEqual("confirmed", self.expect("failed", self.confirm(call))["confirm"])
        wait_until("the timer has ended", lambda: not self.timers())
        self.assertEqual("2", self.w.read("conf"))
        # And on top of it, what was confirmed before is still the way back.
        call, _ = self.begin(base=None, current="1")
        self.expire(call)
        self.confirm(call)
        self.check_back(self.w.runs())
        self.assertEqual(["one-restart", "2-1"], self.w.runs()[-2:])

    def test_a_target_that_failed_and_cut_its_worker_off_is_taken_back(self):
        self.first()
        for how, word, timeout in (("exit 1", "failed", 30), ("sleep 1000", "timeout", 1)):
            call, reply = self.begin(files=self.failing(how), base=None, timeout=timeout)
            self.assertEqual("pending", self.expect(word, reply)["confirm"])
            self.expire(call)
            self.assertEqual("reverted", self.expect(word, self.w.ask(call))["confirm"])
            self.check_back(["two-restart", "1-2", "one-restart", "2-1"])
            os.remove(self.w.path("data/runs"))

    def test_what_no_target_ran_for_waits_for_nobody(self):
        self.first()
        files = dict(self.TWO)
        del files["Makefile"]
        for request in ({"target": "reload", "files": dict(self.TWO, Makefile="restart:\n\t@exit 1\n")},
                        {"files": files}):
            call, reply = self.begin(base=None, **request)
            self.assertNotIn("confirm", reply)
            self.assertFalse(os.path.exists(self.directory(call) + "/back"))
            wait_until("the timer has ended", lambda: not self.timers())

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

    def test_going_back_has_the_limit_of_its_own_target(self):
        slow = dict(self.ONE, Makefile=makefile("one", "; sleep 3"))
        self.sync(slow, target="start")
        call, _ = self.begin(base=slow, keep=list_id(slow), target="reload", timeout=1, back_timeout=60)
        self.expire(call)
        self.assertEqual("succeeded", self.w.ask(call)["back_state"])

    def test_an_operation_that_is_not_to_be_confirmed_costs_nothing(self):
        self.first()
        call, reply = self.begin(0)
        self.assertNotIn("confirm", self.expect("succeeded", reply))
        self.assertEqual([], self.timers())
        self.assertFalse(os.path.exists(self.directory(call) + "/armed"))

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

    def test_whoever_is_first_wins_and_only_one_does(self):
        self.first()
        for turn in range(6):
            call, _ = self.begin(base=None)
            timer = self.timers()
            front = self.w.call(mode="confirm", op=call.op, seq=call.seq)
            if turn % 2:
                self.expire(call)
            said = front.reply()["confirm"]
            there = [os.path.exists(self.directory(call) + end) for end in ("/back", "/confirmed", "b")]
            self.assertEqual([False, said == "confirmed", said == "reverted"], there, said)
            wait_until("the timer has ended", lambda: not set(timer) & set(self.timers()))
            self.assertEqual("1" if said == "reverted" else "2", self.w.read("conf"))
            self.sync(self.ONE)

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
        call, _ = self.begin(files=self.failing("dd if=/dev/zero of=data/full bs=64k 2>/dev/null; exit 1"))
        armed = self.directory(call) + "/armed"
        boot, up, *more = read(armed).split()
        with open(armed, "r+", encoding="utf-8") as f:
            f.write(" ".join(["0" + boot[1:], up, *more]))
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

    def test_what_is_kept_of_the_bucket_says_so_as_well(self):
        self.first()
        call, _ = self.begin(extra={"record": "{}\n"})
        self.assertIn("r confirm pending\n", self.w.run(mode="recall").raw)
        self.expire(call)
        self.confirm(call)
        told = self.w.run(mode="recall").raw
        for line in (f"h op {call.op}\n", "r confirm reverted\n", "r back_state succeeded\n", "record {}\n"):
            self.assertIn(line, told)

    def test_only_a_target_with_its_files_can_be_taken_back(self):
        self.first()
        for request in ({"target": "none"}, {"ships": "no", "target": "stop"}, {"ships": "previous"}):
            self.expect("BadRequest", self.begin(**request)[1])
        self.expect("BadRequest", self.begin("1x")[1])

    def test_of_an_operation_that_is_not_known_nothing_is_confirmed(self):
        self.first()
        self.expect("Superseded", self.w.run(mode="confirm"))


if __name__ == "__main__":
    main()
