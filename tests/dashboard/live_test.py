"""Events patch what they name; the connection is resumed, and its loss is seen."""

import states
from page_case import PageCase, main

WATCH = """(() => { window.touched = new Set(); window.built = 0;
  new MutationObserver((list) => { for (const m of list) {
    if (m.type === 'childList' && (m.target.id === 'grid' || m.target.getAttribute('role') === 'row')) built += m.addedNodes.length;
    const cell = (m.target.nodeType === 1 ? m.target : m.target.parentElement)?.closest('[role=gridcell]');
    if (cell) touched.add(cell.getAttribute('aria-label').split(':')[0]);
  } }).observe(document.getElementById('grid'), {subtree: true, childList: true, attributes: true, characterData: true}); })()"""


class Live(PageCase):
    def shape(self, job, worker):
        return f"document.querySelector('[aria-label^=\"{job} on {worker}:\"]').dataset.shape"

    def reads(self, what="/api/v1/status"):
        return [match for path, match in self.server.reads if path == what]

    def test_an_event_touches_the_cell_it_names_and_no_other(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        page.eval(WATCH)
        reads = len(self.reads())
        self.server.emit("operation_begun", job="api", worker="10.0.0.2", action="restart", commit=states.HEAD)
        page.until(self.shape("api", "10.0.0.2") + " === 'busy'")
        self.assertIn("in work, restart", page.eval("document.querySelector('[aria-label^=\"api on 10.0.0.2:\"]').getAttribute('aria-label')"))
        self.server.emit("operation_ended", job="api", worker="10.0.0.2", action="restart", outcome="failed", text="exit status 2")
        page.until(self.shape("api", "10.0.0.2") + " === 'failed'")
        self.server.emit("health_changed", job="web", worker="10.0.0.5", outcome="unhealthy")
        page.until(self.shape("web", "10.0.0.5") + " === 'unhealthy'")
        self.assertEqual(page.texts(".state")[0], "1\nfailed")
        self.assertEqual(sorted(page.eval("[...touched]")), ["api on 10.0.0.2", "web on 10.0.0.5"])
        self.assertEqual(page.eval("built"), 0)
        self.assertLessEqual(len(self.reads()) - reads, 2, "events read no whole status each")
        self.assertIn("exit status 2", page.text("#activity"))

    def test_a_worker_that_is_set_aside_and_comes_back(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        page.eval(WATCH)
        self.server.emit("worker_set_aside", worker="10.0.0.2", reason="Unreachable", text="no answer")
        page.until("document.querySelector('[data-worker=\"10.0.0.2\"] .mark')?.textContent === 'Unreachable'")
        self.assertEqual(sorted(page.eval("[...touched]")), ["api on 10.0.0.2", "edge-proxy on 10.0.0.2", "web on 10.0.0.2"])
        self.server.emit("worker_back", worker="10.0.0.2")
        page.until("!document.querySelector('[data-worker=\"10.0.0.2\"] .mark')")

    def test_the_end_of_a_pass_reads_all_again_but_only_when_it_changed(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        page.eval(WATCH)
        self.server.emit("pass_finished")
        page.until("document.querySelectorAll('#activity li').length === 1")
        page.eval("new Promise((done) => setTimeout(done, 600))")
        self.assertIsNotNone(self.reads()[-1], "asked with If-None-Match")
        self.assertEqual(page.eval("[touched.size, built]"), [0, 0])
        self.server.status = {**self.server.status, "allocations": [dict(one) for one in self.server.status["allocations"]]}
        self.server.status["allocations"][0]["version"] = "1.4.0"
        self.server.emit("pass_finished")
        page.until("document.querySelector('[aria-label^=\"api on 10.0.0.1:\"]').innerText === '1.4.0'")
        self.assertEqual(page.eval("[...touched]"), ["api on 10.0.0.1"])
        self.assertEqual(page.eval("built"), 0)

    def test_a_rollout_goes_by_while_somebody_watches(self):
        world = states.rolling()
        page = self.show(world)
        page.until("document.getElementById('link').dataset.link === 'live'")
        for n in (3, 4):
            self.server.emit("operation_ended", job="api", worker=states.worker(n), action="restart", outcome="succeeded", commit=states.HEAD)
        page.until("document.querySelector('[aria-label^=\"api on 10.0.0.4:\"]').innerText === '1.3.0'")
        shapes = "[...document.querySelectorAll('.run')[0].querySelectorAll('.box .shape')].map((s) => s.dataset.shape).join()"
        page.until(shapes + " === 'healthy,healthy,healthy,healthy,planned,planned,planned,planned'")
        status = world["status"]
        status["rollout"][0].update(batch=3, done=4)
        for one in status["allocations"]:
            if one["job"] == "api" and one["worker"] in (states.worker(3), states.worker(4)):
                one.update(state="running", version="1.3.0", commit=states.HEAD)
        page.until("document.querySelector('.run .batch').innerText === 'batch 3 of 4, 4 of 8 done'")  # no event needed: it is read every few seconds
        self.assertEqual(page.eval("[...document.querySelectorAll('.run')[0].querySelectorAll('.box .shape')].map((s) => s.dataset.shape)"),
                         ["healthy"] * 4 + ["planned"] * 4)
        for run in status["rollout"]:
            run.update(state="done")
        status.update(phase="idle", state="applied", applied_commit=states.HEAD, rollout=[])
        self.server.plan = states.plan()
        self.server.emit("pass_finished")
        page.until("document.querySelector('.headline').innerText.includes('Applied')")
        self.assertFalse(page.eval("document.getElementById('rollout').checkVisibility()"))

    def test_a_broken_stream_resumes_after_the_last_event(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        self.server.emit("notice", text="the first")
        page.until("document.getElementById('activity').innerText.includes('the first')")
        self.server.break_streams()
        self.server.emit("health_changed", job="web", worker="10.0.0.5", outcome="unhealthy", text="while nobody listened")
        page.until("document.getElementById('activity').innerText.includes('while nobody listened')")
        self.assertEqual(self.server.resumed_after, [None, "1-1"])
        page.until("document.getElementById('link').dataset.link === 'live'")

    def test_a_reset_reads_all_again(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        self.server.status = states.troubled()["status"]
        self.server.emit("reset")
        page.until("document.querySelector('.headline').innerText.includes('Held')")

    def test_who_is_cut_off_sees_it_and_gets_back(self):
        self.complaints_expected = True  # the browser logs each refused connection
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'live'")
        self.server.down = True
        self.server.break_streams()
        page.until("!document.getElementById('cut').hidden")
        self.assertIn("Not connected to maand", page.text("#cut"))
        self.assertRegex(page.text("#cut"), r"What you see is from \d\d:\d\d:\d\d\.")
        self.assertEqual(page.text("#link"), "Not connected")
        self.assertEqual(page.eval("document.getElementById('cut').getAttribute('role')"), "alert")
        self.assertTrue(page.eval("document.body.classList.contains('stale')"))
        self.picture(page, "disconnected")
        self.server.down = False
        page.click("#cut button")
        page.until("document.getElementById('cut').hidden && document.getElementById('link').dataset.link === 'live'")
        self.assertFalse(page.eval("document.body.classList.contains('stale')"))

    def test_without_a_stream_of_events_it_asks_again_and_again(self):
        self.complaints_expected = True
        self.server.refusals = {"events": (404, "there is no /api/v1/events")}
        page = self.show(states.healthy())
        page.until("document.getElementById('link').dataset.link === 'poll'")
        self.server.status = states.troubled()["status"]
        page.until("document.querySelector('.headline').innerText.includes('Held')")

    def test_events_come_in_pieces_and_with_any_line_end(self):
        page = self.show(states.healthy())
        got = page.eval("""(async () => {
          const {parser} = await import('/dashboard/events.js');
          const out = [];
          const text = 'id: 1\\r\\nevent: a\\ndata: {"x":1}\\n\\n: comment\\n\\ndata: p\\ndata: q\\n\\nevent:b\\ndata\\n\\nid: 9\\ndata: cut';
          for (let size = 1; size < 20; ++size) {
            const list = [];
            const parse = parser((m) => list.push([m.id, m.kind, m.data]));
            for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size));
            out.push(JSON.stringify(list));
          }
          return [...new Set(out)];
        })()""")
        self.assertEqual(got, ['[["1","a","{\\"x\\":1}"],["","","p\\nq"],["","b",""]]'])


if __name__ == "__main__":
    main()
