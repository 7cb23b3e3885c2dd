"""What tests of going back by itself share (R2.9): two contents, and an operation that waits to be confirmed."""

import os

from worker import Link, kill, list_id, read
from worker_case import WorkerCase

LONG = 1000  # s: nothing happens by itself in a test
TARGETS = "\t@mkdir -p data; echo {0}-$@ $(CURRENT_VERSION)-$(NEW_VERSION) >>data/runs{1}\n"


def makefile(name, more=""):
    return "start stop restart reload:\n" + TARGETS.format(name, more)


class ConfirmCase(WorkerCase):
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
        self.check_lies_there(self.ONE)
        self.assertFalse(os.path.exists(self.w.path("new")))
        self.assertEqual(list(runs), self.w.runs())

    def tearDown(self):
        kill(self.timers())

    def failing(self, how="exit 1"):
        return dict(self.TWO, Makefile=makefile("two", "; " + how))
