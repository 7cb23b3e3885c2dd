#!/usr/bin/env python3
"""Cuts and kills at many moments: nothing runs twice, nothing is half landed for
long, and every answer is true. usage: worker_crash_test.py SHELL

MAAND_FAULT_ROUNDS multiplies the number of moments, MAAND_FAULT_SEED chooses others.
"""

import os
import random
import sys
import time
import unittest

from worker import SCRIPT, Place, kill, list_id, read, wait_until

SHELL = "dash"
ROUNDS = int(os.environ.get("MAAND_FAULT_ROUNDS", "1"))
SEED = os.environ.get("MAAND_FAULT_SEED", "maand")


def files_of(token):
    """Every kind of landing: in place, by rename, new, and one that goes with the next."""
    return {"Makefile": f"start:\n\t@mkdir -p data; echo {token} >>data/runs\n", "conf": token, "d/x.sh": "#!" + token,
            "only-" + token: token}


class CrashTest(unittest.TestCase):
    def setUp(self):
        self.place = Place(SHELL)
        self.addCleanup(self.place.close)
        self.w = self.place.worker()
        self.random = random.Random(f"{SEED} {self.id()}")
        self.base = files_of("first")
        self.assertEqual("succeeded", self.w.run(files=self.base).word())
        started = time.monotonic()
        self.w.run(files=self.base, target="start")
        self.usual = time.monotonic() - started

    def judge(self, call, token, may_be=("never", "interrupted", "unlanded", "succeeded")):
        """Asks what became of `call` and checks the answer against the disk."""
        files = files_of(token)
        reply = self.w.ask(call)
        self.assertTrue(reply.whole(), reply.raw)
        self.assertIn(reply.word(), may_be, reply.raw)
        runs = self.w.runs().count(token)
        most = {"never": 0, "unlanded": 0, "interrupted": 1, "succeeded": 1}[reply.word()]
        self.assertLessEqual(runs, most, reply.raw)
        if reply.word() == "succeeded":
            self.assertEqual(1, runs)
            self.check_landed(files)
            self.base = files
        elif reply.word() != "never":
            # The next contact sends everything and heals.
            self.assertEqual("succeeded", self.w.run(files=files).word())
            self.check_landed(files)
            self.base = files
        else:
            self.check_landed(self.base)
        return reply.word()

    def check_landed(self, files):
        for path, content in files.items():
            self.assertEqual(content, self.w.read(path), path)
        others = [f for f in os.listdir(self.w.job) if f.startswith("only-") and f not in files]
        self.assertEqual([], others)
        self.assertFalse(os.path.exists(self.w.kept + "/landing"))

    def test_stdin_cut_at_any_byte_begins_nothing(self):
        whole = self.w.call(files=files_of("size"), base=self.base)
        whole.reply(0)
        size = len(whole.data) - len(SCRIPT)
        # Behind the last member there is padding, which may be missing.
        cuts = [self.random.randrange(len(SCRIPT)) for _ in range(4 * ROUNDS)]
        cuts += [len(SCRIPT) + self.random.randrange(size) for _ in range(16 * ROUNDS)]
        cuts += [len(SCRIPT) + size * i // 12 // 512 * 512 for i in range(12)]
        for n, cut in enumerate(cuts):
            call = self.w.call(files=files_of(f"cut{n}"), base=self.base, target="start")
            reply = call.reply(cut)
            whole = call.data[:cut].rstrip(b"\0").endswith(call.op.encode() + b"\n") and cut > len(SCRIPT) + 512
            self.assertTrue(whole or reply.word() in (None, "Cut"), (cut, reply.raw))
            self.judge(call, f"cut{n}", ("succeeded", "never") if whole else ("never",))

    def crash(self, roles, rounds, twin=False):
        seen = set()
        for n in range(rounds * ROUNDS):
            token = f"n{n}"
            request = {"files": files_of(token), "base": self.base, "target": "start"}
            call = self.w.call(**request)
            calls = [call.feed()]
            if twin:
                calls.append(self.w.call(op=call.op, seq=call.seq, **request).feed())
            role = self.random.choice(roles)
            time.sleep(self.random.random() * self.usual * 1.3)  # no event marks these moments: any will do
            kill(self.w.processes(role)[:1])
            seen.add(self.judge(call, token))
            for c in calls:
                c.process.communicate(timeout=100)
        return seen

    def test_the_runner_is_killed_at_any_moment(self):
        self.crash(["run"], 16)

    def test_the_front_is_killed_at_any_moment(self):
        self.assertNotIn("interrupted", self.crash(["front"], 10), "the runner goes on without its front")

    def test_two_copies_of_one_operation_run_once(self):
        self.crash(["front", "run"], 10, twin=True)

    def test_the_runner_is_killed_at_any_moment_of_a_rollout_and_of_going_back(self):
        """R5.2: however often either is cut short, what was confirmed comes back whole."""
        first = self.base
        makefile = "restart:\n\t@mkdir -p data; echo {0} >>data/runs\n"
        first = dict(first, Makefile=makefile.format("old"))
        self.assertEqual("succeeded", self.w.run(files=first).word())
        for n in range(12 * ROUNDS):
            bad = dict(files_of(f"bad{n}"), Makefile=makefile.format(f"bad{n}"))
            requests = [{"files": bad, "keep": list_id(first)}, {"files": first, "ships": "previous"}]
            for request in requests[self.random.randrange(2):]:
                call = self.w.call(target="restart", **request).feed()
                time.sleep(self.random.random() * self.usual * 1.3)
                kill(self.w.processes("run")[:1])
                call.process.communicate(timeout=100)
                self.assertIn(self.w.ask(call).word(), ("never", "interrupted", "unlanded", "succeeded"))
            reply = self.w.run(files=first, ships="previous", target="restart")
            self.assertEqual("succeeded", reply.word(), reply.raw)
            self.check_landed(first)

    def hold(self):
        """An operation whose target runs until the file `go` is there."""
        files = {"Makefile": "start:\n\t@mkdir -p data; echo begun >>data/runs; "
                             "while [ ! -e data/go ]; do sleep 0.05; done; echo done >>data/runs\n"}
        call = self.w.call(files=files, target="start").feed()
        wait_until("the target runs", lambda: "begun" in self.w.runs())
        return call, files

    def test_a_dead_runners_target_is_waited_for_and_blocks_the_job(self):
        call, files = self.hold()
        kill(self.w.processes("run"))
        self.assertEqual("Busy", self.w.run(files=files, target="start").word())
        asked = self.w.call(mode="ask", op=call.op, seq=call.seq).feed()
        self.w.write("data/go", "")
        self.assertEqual("interrupted", asked.reply().word())
        self.assertEqual(["first", "begun", "done"], self.w.runs())
        call.process.communicate(timeout=100)

    def test_a_live_operation_is_attached_to_and_blocks_the_job(self):
        call, files = self.hold()
        self.assertEqual("Busy", self.w.run(files=files, target="start").word())
        kill([call.process.pid])
        asked = self.w.call(mode="ask", op=call.op, seq=call.seq).feed()
        self.w.write("data/go", "")
        self.assertEqual("succeeded", asked.reply().word())
        self.assertEqual(["first", "begun", "done"], self.w.runs())
        call.process.communicate(timeout=100)

    def test_everything_dies_and_the_next_ask_says_interrupted(self):
        call, _ = self.hold()
        kill(self.w.processes("run"))
        pid = int(read(f"{self.w.kept}/ops/{call.seq:019d}-{call.op}/pid").split()[1])
        os.killpg(pid, 9)
        self.assertEqual("interrupted", self.w.ask(call).word())
        self.assertEqual(["first", "begun"], self.w.runs())
        call.process.communicate(timeout=100)


if __name__ == "__main__":
    SHELL = sys.argv.pop(1)
    unittest.main()
