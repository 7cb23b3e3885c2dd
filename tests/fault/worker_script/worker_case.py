"""What tests of the worker script share: a worker of their own, under the shell that the command line names."""

import sys
import unittest

from worker import Place


class WorkerCase(unittest.TestCase):
    shell = "dash"

    def setUp(self):
        self.place = Place(self.shell)
        self.addCleanup(self.place.close)
        self.w = self.place.worker()

    def expect(self, word, reply):
        self.assertTrue(reply.whole(), reply.raw + repr(reply.log))
        self.assertEqual(word, reply.word(), reply.raw + repr(reply.log[:500]))
        return reply

    def sync(self, files, base=None, **request):
        return self.expect("succeeded", self.w.run(files=files, base=base, **request))


def main():
    WorkerCase.shell = sys.argv.pop(1)
    unittest.main()
