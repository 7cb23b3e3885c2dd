"""What the tests of the page share: one server and one browser for a file, a page for a test."""

import os
import sys
import unittest

from api_server import ApiServer
from browser import Browser, Page

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CHROMIUM = os.environ.get("MAAND_TEST_CHROMIUM", "/usr/bin/chromium")
PICTURES = os.environ.get("MAAND_TEST_PICTURES", "")  # where pictures go; empty: none are made


class PageCase(unittest.TestCase):
    complaints_expected = False  # a test that breaks the connection sets this: the browser logs it

    @classmethod
    def setUpClass(cls):
        cls.server = ApiServer(SOURCE)
        cls.browser = Browser(CHROMIUM)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.close()

    def setUp(self):
        self.server.reset()
        self.pages = []

    def tearDown(self):
        for page in self.pages:
            complaints, elsewhere = page.complaints, [url for url in page.requests if not url.startswith(self.server.url + "/")]
            page.close()
            if not self.complaints_expected:
                self.assertEqual(complaints, [], "the console has something to say")
            self.assertEqual(elsewhere, ["about:blank"] * len(elsewhere), "the page asked somebody else")

    def show(self, world, hash="", role="read", **size):
        """A page of a state of states.py, ready when its headline stands there."""
        for name, value in world.items():
            setattr(self.server, name, value)
        if not self.server.tokens:
            self.server.anonymous = {"name": "ada", "role": role}
        page = Page(self.browser, **size)
        self.pages.append(page)
        page.open(self.server.url + "/" + hash)
        page.until("document.querySelector('.headline') && document.getElementById('link').dataset.link !== 'off'")
        return page

    def picture(self, page, name):
        if PICTURES:
            os.makedirs(PICTURES, exist_ok=True)
            page.picture(os.path.join(PICTURES, name + ".png"))


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
