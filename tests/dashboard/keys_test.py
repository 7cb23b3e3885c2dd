"""Is everything reached with the keyboard alone, and is the focus never lost?"""

import states
from page_case import PageCase, main


class Keys(PageCase):
    def test_one_tab_stop_for_the_grid_and_arrows_within_it(self):
        page = self.show(states.healthy())
        self.assertEqual(page.eval("document.querySelectorAll('#grid [tabindex=\"0\"]').length"), 1)
        page.eval("document.getElementById('filter').focus()")
        page.press("ArrowDown")
        self.assertEqual(page.focused(), "api on 10.0.0.1: healthy, version 1.3.0")
        page.press("ArrowRight")
        self.assertEqual(page.focused(), "billing on 10.0.0.1: not placed")
        page.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
        self.assertEqual(page.focused(), "billing on 10.0.0.5: healthy, version 2.0.4")
        page.press("Home")
        self.assertEqual(page.focused(), "10.0.0.5")
        page.press("End")
        self.assertEqual(page.focused(), "web on 10.0.0.5: healthy, version 1.3.0")
        page.press("Home", ctrl=True)
        self.assertEqual(page.focused(), "Worker")
        page.press("End", ctrl=True)
        self.assertEqual(page.focused(), "web on 10.0.0.11: not placed")
        page.press("PageUp")
        self.assertEqual(page.focused(), "web on 10.0.0.1: healthy, version 1.3.0")
        page.press("ArrowUp")
        self.assertEqual(page.focused(), "web")
        page.press("ArrowUp", "ArrowRight")  # there is nothing more
        self.assertEqual(page.focused(), "web")
        self.assertEqual(page.eval("document.querySelectorAll('#grid [tabindex=\"0\"]').length"), 1)
        page.press("Tab")
        self.assertFalse(page.eval("document.getElementById('grid').contains(document.activeElement)"))
        page.press("Tab", shift=True)
        self.assertEqual(page.focused(), "web")

    def test_enter_opens_and_esc_brings_back(self):
        page = self.show(states.healthy())
        page.eval("document.getElementById('filter').focus()")
        page.press("ArrowDown", "ArrowDown", "Enter")
        page.until("!document.getElementById('details').hidden")
        self.assertEqual(page.text("#details-h"), "api on 10.0.0.2")
        self.assertTrue(page.eval("document.activeElement === document.getElementById('details')"))
        page.press("Escape")
        self.assertTrue(page.eval("document.getElementById('details').hidden"))
        self.assertEqual(page.focused(), "api on 10.0.0.2: healthy, version 1.3.0")
        self.assertEqual(page.eval("location.hash"), "")
        for key, title in (("Home", "10.0.0.2"), ("ArrowUp", None), ("ArrowUp", None)):
            page.press(key)
        page.press("ArrowRight", "Enter")  # the head of a column
        page.until("!document.getElementById('details').hidden")
        self.assertEqual(page.text("#details-h"), "api")

    def test_slash_focuses_the_filter_and_esc_clears_it(self):
        page = self.show(states.healthy())
        page.press("/")
        self.assertTrue(page.eval("document.activeElement === document.getElementById('filter')"))
        page.type("post")
        page.until("[...document.querySelectorAll('#grid [role=row]')].filter((r) => r.checkVisibility()).length === 4")
        self.assertEqual([name for name in page.texts("#grid [role=columnheader] .name") if name], ["postgres"])
        page.press("ArrowDown")
        self.assertEqual(page.focused(), "postgres on 10.0.0.9: healthy, version 16.2")
        page.press("/", "/")  # the second is text; the first selected what was there
        self.assertEqual(page.eval("document.getElementById('filter').value"), "/")
        page.until("document.getElementById('fleet-none').innerText.includes('Nothing matches')")
        page.press("Escape")
        page.until("[...document.querySelectorAll('#grid [role=row]')].filter((r) => r.checkVisibility()).length === 12")

    def test_the_filter_knows_fields_and_states(self):
        page = self.show(states.troubled())
        rows = "[...document.querySelectorAll('#grid [role=row]:not(.heads)')].filter((r) => r.checkVisibility()).map((r) => r.firstChild.dataset.worker)"
        for words, left in [("job:web worker:10.0.0.2", ["10.0.0.2"]), ("16.2", ["10.0.0.9", "10.0.0.10", "10.0.0.11"]), ("billing 0.5", ["10.0.0.5"])]:
            page.eval(f"(() => {{ const f = document.getElementById('filter'); f.value = '{words}'; f.dispatchEvent(new Event('input')); }})()")
            page.until(f"JSON.stringify({rows}) === JSON.stringify({left!r})".replace("'", '"'))
        page.eval("(() => { const f = document.getElementById('filter'); f.value = ''; f.dispatchEvent(new Event('input')); })()")
        page.click(".state[data-tone='bad']")
        page.until(f"JSON.stringify({rows}) === '[\"10.0.0.5\"]'")
        self.assertEqual(page.eval("document.querySelector('.state[data-tone=bad]').getAttribute('aria-pressed')"), "true")
        self.picture(page, "filtered")

    def test_the_first_tab_stop_skips_to_the_fleet(self):
        page = self.show(states.troubled(), role="operate")
        page.press("Tab")
        self.assertEqual(page.focused(), "Skip to the fleet")
        page.press("Enter")
        self.assertEqual(page.eval("document.activeElement.id"), "fleet")
        page.press("Tab")
        self.assertEqual(page.eval("document.activeElement.id"), "filter")

    def test_every_stop_of_the_tab_key_can_be_seen_and_none_is_a_trap(self):
        page = self.show(states.troubled(), role="operate")
        seen = []
        for _ in range(120):
            page.press("Tab")
            one = page.eval("""(() => { const e = document.activeElement;
              if (e === document.body) return null;
              const s = getComputedStyle(e), b = e.getBoundingClientRect();
              return {name: e.outerHTML.slice(0, 120), ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || e.matches('.skip, #fleet, summary'),
                      there: b.width > 0 && b.height > 0 && b.bottom > 0 && b.top < innerHeight}; })()""")
            if one is None:
                break
            seen.append(one)
        self.assertIsNone(one, "Tab never leaves the page")
        self.assertGreater(len(seen), 20)
        self.assertEqual([one["name"] for one in seen if not one["ring"]], [])
        self.assertEqual([one["name"] for one in seen if not one["there"]], [])

    def test_the_focus_stays_when_what_it_is_on_is_built_anew(self):
        page = self.show(states.troubled(), role="operate")
        page.eval("document.querySelector('#attention .order').focus()")
        before = page.focused()
        self.server.status["rollout"][0]["detail"] = "something else"
        self.server.emit("job_held", job="billing", text="something else")
        page.until("document.getElementById('attention').innerText.includes('something else')")
        self.assertEqual(page.focused(), before)
        # The grid has another job now; the focused cell is the same job and worker.
        page.eval("document.getElementById('filter').focus()")
        page.press("ArrowDown", "ArrowDown", "ArrowRight")
        before = page.focused()
        self.server.status["allocations"].append(states.allocation("aaa", "10.0.0.1"))
        self.server.emit("pass_finished")
        page.until("document.querySelector('#grid [data-job=aaa]')")
        self.assertEqual(page.focused(), before)

    def test_a_dialog_gives_the_focus_back(self):
        page = self.show(states.healthy(), role="operate")
        page.eval("document.querySelector('#orders [data-order=suspend]').focus()")
        page.press("Enter")
        page.until("document.querySelector('dialog[open]')")
        self.assertEqual(page.eval("document.activeElement.name"), "reason")
        page.press("Escape")
        page.until("!document.querySelector('dialog')")
        self.assertEqual(page.eval("document.activeElement.dataset.order"), "suspend")


if __name__ == "__main__":
    main()
