"""200 workers × 50 jobs: what one change costs beside the first showing, in ratios."""

import states
from page_case import PageCase, main


class Large(PageCase):
    def test_ten_thousand_cells(self):
        world = states.large()
        page = self.show(world)
        page.until("document.getElementById('link').dataset.link === 'live'")
        self.assertEqual(page.eval("document.querySelectorAll('#grid .cell[data-shape]').length"), 10000)
        self.assertEqual(page.eval("[grid.getAttribute('aria-rowcount'), grid.getAttribute('aria-colcount')]"), ["201", "51"])
        times = page.eval("""(async () => {
          const {Fleet} = await import('/dashboard/fleet.js');
          const {Grid} = await import('/dashboard/grid.js');
          const status = await (await fetch('/api/v1/status')).json();
          const plan = await (await fetch('/api/v1/plan')).json();
          const node = document.createElement('div');
          document.querySelector('.grid-frame').replaceChildren(node);
          node.id = 'grid';
          node.setAttribute('role', 'grid');
          const fleet = new Fleet(), grid = new Grid(node, fleet, () => {});
          const timed = (work) => { const from = performance.now(); work(); node.getBoundingClientRect(); return performance.now() - from; };
          const best = (n, work) => Math.min(...Array.from({length: n}, () => timed(work)));
          const first = timed(() => { fleet.load(status, plan); grid.rebuild(); });
          let flip = false;
          const event = best(20, () => { flip = !flip; for (let i = 0; i < 100; ++i) grid.patch(fleet.apply('health_changed', {job: `service-${10 + i % 40}`, worker: `10.0.${i}.1`, outcome: flip ? 'unhealthy' : 'healthy'})); });
          const same = best(5, () => { const {reshaped, changed} = fleet.load(status, plan); if (reshaped || changed.length > 1) throw new Error('all of it is new'); grid.patch(changed); });
          const narrow = best(5, () => { flip = !flip; grid.narrow(new Array(201).fill(true), Array.from({length: 51}, (_, i) => flip || i % 2 === 0)); });
          return {first, event, same, narrow};
        })()""")
        print("\n200 × 50, first showing = 1: a hundred events %.4f, the same status again %.3f, every second column hidden %.3f"
              % tuple(times[name] / times["first"] for name in ("event", "same", "narrow")), flush=True)
        self.assertLess(times["event"], times["first"] / 10)
        self.assertLess(times["same"], times["first"])

    def test_a_flood_of_events_is_shown_by_frames_and_touches_what_it_names(self):
        page = self.show(states.large())
        page.until("document.getElementById('link').dataset.link === 'live'")
        page.eval("""(() => { window.records = 0; window.built = 0;
          new MutationObserver((list) => { records += list.length; built += list.filter((m) => m.type === 'childList' && m.addedNodes.length && m.target.getAttribute('role') !== 'gridcell').length; })
            .observe(document.getElementById('grid'), {subtree: true, childList: true, attributes: true}); })()""")
        reads = len(self.server.reads)
        for n in range(500):
            self.server.emit("operation_begun", job=f"service-{n % 50:02d}", worker=f"10.0.{n // 50}.1", action="restart")
        page.until("document.querySelector('.state[data-tone=busy] b').textContent === '500'")
        self.assertLessEqual(page.eval("records"), 500 * 4)  # shape, tone, label, a class
        self.assertEqual(page.eval("built"), 0)
        self.assertLessEqual(page.eval("document.querySelectorAll('#activity li').length"), 60)
        self.assertLessEqual(len(self.server.reads) - reads, 3)

    def test_it_is_walked_and_filtered_like_a_small_one(self):
        page = self.show(states.large())
        page.press("/")
        page.type("service-3")
        page.until("[...document.querySelectorAll('#grid .job')].filter((h) => h.checkVisibility()).length === 10")
        page.press("ArrowDown")
        self.assertIn("service-30 on 10.0.0.1", page.focused())
        page.press("End", ctrl=True)
        self.assertIn("service-39 on 10.1.99.1", page.focused())
        self.assertTrue(page.eval("(() => { const b = document.activeElement.getBoundingClientRect(), f = document.querySelector('.grid-frame').getBoundingClientRect(); return b.top >= f.top && b.bottom <= f.bottom + 1; })()"))
        self.picture(page, "large")

    def test_a_focused_cell_is_never_under_the_heads(self):
        page = self.show(states.large())
        page.eval("document.getElementById('filter').focus()")
        page.press("ArrowDown")
        for keys, ctrl in ((["End"], True), (["Home"], True), (["ArrowDown", "ArrowRight"], False)):
            page.press(*keys, ctrl=ctrl)
        page.press("PageDown", "PageDown", "PageDown", "PageUp", "PageUp", "PageUp", "End", "ArrowLeft", "ArrowLeft")
        for _ in range(45):
            page.press("ArrowLeft")
        for key in ["ArrowUp"] * 12 + ["ArrowRight", "ArrowUp", "ArrowLeft"] * 3:
            page.press(key)
            hidden = page.eval("""(() => { const e = document.activeElement, b = e.getBoundingClientRect();
              const top = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2); return e === top || e.contains(top) ? '' : e.getAttribute('aria-label') + ' is under ' + top.className; })()""")
            self.assertEqual(hidden, "")


if __name__ == "__main__":
    main()
