"""What tests of the worker script share: a worker of their own, under the shell that the command line names."""

import os
import sys
import unittest

from worker import Link, Place, list_id, read


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

    def check_lies_there(self, files):
        """All of them, with their modes, have landed, and the worker says so."""
        for path, content in files.items():
            if isinstance(content, Link):
                self.assertEqual(content, os.readlink(self.w.path(path)))
                continue
            self.assertEqual(content, self.w.read(path), path)
            self.assertEqual(0o755 if path.endswith(".sh") else 0o644,
                             os.stat(self.w.path(path)).st_mode & 0o777, path)
        self.assertFalse(os.path.exists(self.w.kept + "/landing"))
        self.assertEqual(list_id(files), read(self.w.kept + "/list").split()[0])


def main():
    WorkerCase.shell = sys.argv.pop(1)
    unittest.main()
