"""The page of the real binary, over a real rollout on real workers."""

import json
import os
import unittest

import page_case
from api_server import policy_of, reasons_of
from browser import Browser, Page
from page_case import CHROMIUM, PICTURES, SOURCE
from real_world import RealWorld


class RealDashboard(unittest.TestCase):
    def setUp(self):
        self.world = RealWorld(os.environ["MAAND_TEST_BINARY"], os.environ["MAAND_TEST_FLEET"])
        self.addCleanup(self.world.close)
        self.browser = Browser(CHROMIUM)
        self.addCleanup(self.browser.close)

    def cells(self, page, job):
        return page.eval(f"[...document.querySelectorAll('[role=gridcell][aria-label^=\"{job} on\"]')].map((c) => [c.dataset.shape, c.textContent])")

    def until_cells(self, page, job, want, seconds=40):
        page.until(f"JSON.stringify([...document.querySelectorAll('[role=gridcell][aria-label^=\"{job} on\"]')].map((c) => [c.dataset.shape, c.textContent]))"
                   f" === {json.dumps(json.dumps(want, separators=(',', ':')))}", seconds)

    def picture(self, page, name):
        if PICTURES:
            os.makedirs(PICTURES, exist_ok=True)
            page.picture(os.path.join(PICTURES, name + ".png"))

    def test_a_commit_is_watched_from_its_push_to_its_note(self):
        world = self.world
        first = world.commit({"workers.json": world.workers_json(), **world.job("api", "1.0.0"), **world.job("clock", "1.0.0")}, "first")
        token = world.maand("--bucket", world.bucket, "token", "add", "ada", "--role", "operate").strip().splitlines()[-1].split()[-1]
        world.serve()
        page = Page(self.browser)
        page.open(world.url + "/")
        page.until(f"document.querySelector('.headline')?.innerText.includes('Every allocation runs what {first[:12]}')", 60)
        self.until_cells(page, "api", [["unprobed", "1.0.0"]] * 3)
        page.until("document.getElementById('link').dataset.link === 'live'")
        self.assertEqual(page.eval("document.querySelectorAll('[data-order]').length"), 0, "nobody showed a token")

        # The headers and the sentences are those the other tests are made with.
        self.assertEqual(page.eval("fetch('/').then((r) => r.headers.get('Content-Security-Policy'))"), policy_of(SOURCE))
        self.assertEqual(page.eval("import('/dashboard/reasons.js').then((m) => m.REASONS)"), reasons_of(SOURCE))

        # A rollout, seen as it goes: one allocation a batch, each held open until the test lets it go.
        second = world.commit(world.job("api", "1.1.0"), "second")
        page.until("document.querySelector('.headline').innerText.includes('Rolling out')", 40)
        self.until_cells(page, "api", [["busy", "1.0.0"], ["unprobed", "1.0.0"], ["unprobed", "1.0.0"]])
        page.until("document.querySelector('.run .batch')?.innerText === 'batch 1 of 3, 0 of 3 done'")
        page.until("document.getElementById('plan').textContent.includes('version changes from 1.0.0 to 1.1.0')")
        self.picture(page, "real-rollout")
        page.eval(f"location.hash = '#allocation/api@{world.workers[0]}'")
        page.until("document.querySelector('.log')?.textContent.includes('restart to 1.1.0 waits for data/go')")
        self.picture(page, "real-log")
        world.let_go(0, "api")
        page.until("document.querySelector('.log').textContent.includes('restart to 1.1.0 is over')")
        page.press("Escape")
        self.until_cells(page, "api", [["unprobed", "1.1.0"], ["busy", "1.0.0"], ["unprobed", "1.0.0"]])
        world.let_go(1, "api")
        self.until_cells(page, "api", [["unprobed", "1.1.0"], ["unprobed", "1.1.0"], ["busy", "1.0.0"]])
        world.let_go(2, "api")
        page.until(f"document.querySelector('.headline').innerText.includes('Every allocation runs what {second[:12]}')", 40)
        self.until_cells(page, "api", [["unprobed", "1.1.0"]] * 3)
        page.until(f"document.querySelector('#history a[href=\"#commit/{second}\"]')")
        page.eval(f"location.hash = '#commit/{second}'")
        page.until("document.querySelector('#details .note')?.textContent.includes('3 restarted')", 40)
        page.press("Escape")

        # An operator: a token, then suspend and resume.
        page.click("#who")
        page.until("document.querySelector('dialog[open] [name=token]')")
        page.eval(f"document.querySelector('dialog [name=token]').value = {json.dumps(token)}")
        page.click("dialog [type=submit]")
        page.until("document.getElementById('who').innerText === 'ada · operate' && document.getElementById('link').dataset.link === 'live'")
        page.click("#orders [data-order=suspend]")
        page.until("document.querySelector('dialog[open]')")
        page.eval("document.querySelector('dialog [name=reason]').value = 'moving the rack'")
        page.click("dialog [type=submit]")
        page.until("document.querySelector('.headline').innerText.includes('Suspended')", 40)
        self.assertIn("moving the rack", page.text(".headline"))
        page.click("#orders [data-order=resume]")
        page.until("document.querySelector('dialog[open]')")
        page.click("dialog [type=submit]")
        page.until("document.querySelector('.headline').innerText.includes('Applied')", 40)

        # With one of three workers down the job waits, and the page says for whom; an operator lets it go on.
        world.fleet_do("kill 2")
        world.commit(world.job("api", "1.2.0"), "third")
        page.until("document.getElementById('attention').innerText.includes('api is waiting')", 40)
        page.until(f"document.getElementById('attention').innerText.includes('{world.workers[2]} is set aside')")
        page.until("document.getElementById('plan').textContent.includes('version changes from 1.1.0 to 1.2.0')")
        page.eval(f"location.hash = '#allocation/api@{world.workers[1]}'")
        page.until("document.querySelector('.view button')?.checkVisibility()")
        page.eval("document.querySelector('.view button').click()")
        page.until("document.querySelector('.files .diff')")
        self.assertEqual(page.texts(".files .minus, .files .plus"), ["-shows = 1.1.0", "+shows = 1.2.0"])
        self.picture(page, "real-waiting")
        page.press("Escape")
        page.click("#attention [data-order=release]")
        page.until("document.querySelector('dialog[open]')")
        self.assertIn("out of reach or unhealthy", page.text("dialog .says"))
        page.click("dialog [type=submit]")
        for worker in range(3):
            world.let_go(worker, "api")
        self.until_cells(page, "api", [["unprobed", "1.2.0"], ["unprobed", "1.2.0"], ["unprobed", "1.1.0"]])
        world.fleet_do("restart 2")
        self.until_cells(page, "api", [["unprobed", "1.2.0"]] * 3, 60)
        page.until("document.querySelector('.headline').innerText.includes('Applied')", 40)

        # Back to what the first commit said, by hand.
        page.eval("location.hash = '#job/api'")
        page.until("document.querySelector('#details [data-order=rollback]')")
        page.click("#details [data-order=rollback]")
        page.until("document.querySelector('dialog[open]')")
        page.eval(f"(() => {{ document.querySelector('dialog [name=to]').value = '{first}'; document.querySelector('dialog [name=reason]').value = 'wrong prices'; }})()")
        page.click("dialog [type=submit]")
        page.until("!document.querySelector('dialog')")
        for worker in range(3):
            world.let_go(worker, "api")
        self.until_cells(page, "api", [["unprobed", "1.0.0"]] * 3)
        page.until("document.getElementById('attention').innerText.includes('api is pinned to " + first[:12] + "')")
        page.press("Escape")

        # A job that does not load is held, and the page says where it is broken.
        world.commit({"jobs/clock/manifest.json": "{"}, "fourth")
        page.until("document.getElementById('attention').innerText.includes('clock is held')", 40)
        self.assertIn("jobs/clock/manifest.json", page.text("#attention"))
        self.picture(page, "real-held")
        self.assertEqual(page.complaints, [])
        self.assertEqual([url for url in page.requests if not url.startswith(world.url + "/")], [])


if __name__ == "__main__":
    page_case.main()
