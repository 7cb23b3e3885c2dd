#!/usr/bin/env python3
"""What is taken back unless it is confirmed in time (R2.9), under one shell. usage: worker_confirm_test.py SHELL"""

import os

from confirm_case import ConfirmCase, makefile
from worker import list_id, wait_until
from worker_case import main


class Confirm(ConfirmCase):
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
        self.assertIn("no way back: what was confirmed before is not here as it was (changed: conf)",
                      self.expect("Previous", reply)["detail"])
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
