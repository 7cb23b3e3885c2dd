"""Deep links, logs that are followed, and notes."""

import states
from page_case import PageCase, main


class Details(PageCase):
    def test_a_deep_link_opens_what_it_names(self):
        self.server.notes = {states.OLD: "maand prod: applied"}
        for route, title in [("#job/billing", "billing"), ("#allocation/api@10.0.0.1", "api on 10.0.0.1"), ("#worker/10.0.0.7", "10.0.0.7"),
                             ("#commit/" + states.OLD, "Commit " + states.OLD[:12]), ("#allocation/edge%2Dproxy@10.0.0.2", "edge-proxy on 10.0.0.2")]:
            page = self.show(states.troubled(), route)
            page.until("!document.getElementById('details').hidden")
            self.assertEqual(page.text("#details-h"), title)

    def test_a_link_to_nothing_says_so_and_one_of_nonsense_is_ignored(self):
        page = self.show(states.healthy(), "#allocation/none@10.9.9.9")
        page.until("document.querySelector('#details .none')")
        self.assertIn("no such allocation", page.text("#details"))
        for route in ("#allocation/api", "#other/x", "#job/%E0%A4%A", "#"):
            page = self.show(states.healthy(), route)
            self.assertTrue(page.eval("document.getElementById('details').hidden"), route)

    def test_the_log_is_followed_while_it_is_written(self):
        key = ("api", "10.0.0.1")
        self.server.logs = {key: "".join(f"line {n}\n" for n in range(200))}
        page = self.show(states.healthy(), "#allocation/api@10.0.0.1")
        page.until("document.querySelector('.log').innerText.includes('line 199')")
        at_end = "(() => { const l = document.querySelector('.log'); return l.scrollHeight - l.scrollTop - l.clientHeight < 8; })()"
        self.assertTrue(page.eval(at_end))
        self.server.logs[key] += "and more\n"
        page.until("document.querySelector('.log').innerText.includes('and more')")
        self.assertTrue(page.eval(at_end))
        asked = [path for path, _ in self.server.reads if "/logs/" in path]
        self.assertGreaterEqual(len(asked), 2)
        # Who scrolls up reads; what comes then does not move it.
        page.eval("document.querySelector('.log').scrollTop = 0")
        page.until("!document.querySelector('.log-top input').checked")
        self.server.logs[key] += "the last\n"
        page.until("document.querySelector('.log').innerText.includes('the last')")
        self.assertEqual(page.eval("document.querySelector('.log').scrollTop"), 0)
        page.click(".log-top input")
        self.assertTrue(page.eval(at_end))
        # Closed, nobody asks any more.
        page.press("Escape")
        page.until("document.getElementById('details').hidden")
        asked = len([path for path, _ in self.server.reads if "/logs/" in path])
        page.eval("new Promise((done) => setTimeout(done, 2500))")
        self.assertEqual(len([path for path, _ in self.server.reads if "/logs/" in path]), asked)

    def test_a_log_that_was_begun_anew_is_shown_anew(self):
        key = ("api", "10.0.0.1")
        self.server.logs = {key: "old old old\n"}
        page = self.show(states.healthy(), "#allocation/api@10.0.0.1")
        page.until("document.querySelector('.log').innerText.includes('old')")
        self.server.logs[key] = "new\n"
        page.until("document.querySelector('.log').innerText.trim() === 'new'")

    def test_what_the_api_refuses_is_shown_as_it_says_it(self):
        self.complaints_expected = True  # the browser logs the 404
        page = self.show(states.healthy(), "#commit/" + states.OLD)
        page.until("document.querySelector('#details .error')")
        self.assertEqual(page.text("#details .error"), f"there is no note on {states.OLD}")


if __name__ == "__main__":
    main()
