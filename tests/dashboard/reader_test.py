"""What a screen reader and weak eyes get: names, roles, order, contrast, no floods."""

import states
from page_case import PageCase, main

NEEDS_A_NAME = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "grid", "gridcell", "columnheader", "rowheader",
                "dialog", "region", "heading", "image", "img", "log", "progressbar", "group"}

# Contrast of each text against what lies behind it, as WCAG 2 computes it.
CONTRAST = """(() => {
  const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (node) => {
    const layers = [];
    for (let e = node; e; e = e.parentElement) {
      const color = rgba(getComputedStyle(e).backgroundColor);
      if (color[3]) layers.push(color);
      if (color[3] === 1) break;
    }
    let out = rgba(getComputedStyle(document.body).backgroundColor);
    for (const layer of layers.reverse()) out = over(layer, out);
    return out;
  };
  const out = new Map();
  const walker = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility({opacityProperty: true, visibilityProperty: true}) || e.closest('.unseen, .skip, option, script, noscript')) continue;
    const style = getComputedStyle(e), back = ground(e), fore = over(rgba(style.color), back);
    const [a, b] = [light(fore), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) out.set(`${e.tagName}.${e.className} ${walker.currentNode.data.trim().slice(0, 30)}`, ratio.toFixed(2));
  }
  return [...out];
})()"""

STRUCTURE = """(() => {
  const wrong = [];
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i))) wrong.push('twice: #' + id);
  for (const name of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const e of document.querySelectorAll('[' + name + ']')) {
      for (const id of e.getAttribute(name).split(' ')) if (!document.getElementById(id)) wrong.push(name + ' of nothing: ' + id);
    }
  }
  const levels = [...document.querySelectorAll('main h1, main h2, main h3')].filter((e) => e.checkVisibility()).map((e) => +e.tagName[1]);
  if (levels.filter((one) => one === 1).length !== 1) wrong.push('not one h1');
  levels.forEach((one, i) => { if (i && one > levels[i - 1] + 1) wrong.push('a heading skips a level'); });
  for (const e of document.querySelectorAll('[tabindex]')) if (e.tabIndex > 0) wrong.push('tabindex above 0');
  for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) wrong.push('img without alt');
  for (const e of document.querySelectorAll('[role=row]')) {
    if (![...e.children].every((c) => ['gridcell', 'rowheader', 'columnheader'].includes(c.getAttribute('role')))) wrong.push('a row of something else');
    if (e.parentElement.getAttribute('role') !== 'grid') wrong.push('a row outside of a grid');
  }
  for (const e of document.querySelectorAll('[style], [onclick], script:not([src])')) wrong.push('inline: ' + e.outerHTML.slice(0, 60));
  for (const e of document.querySelectorAll('ul, ol')) if (![...e.children].every((c) => c.tagName === 'LI')) wrong.push('a list of something else');
  if (document.documentElement.lang !== 'en') wrong.push('no language');
  if (!document.title) wrong.push('no title');
  return wrong;
})()"""


class Reader(PageCase):
    def check_names(self, page):
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        nameless = []
        roles = set()
        for node in nodes:
            role = node.get("role", {}).get("value")
            if node.get("ignored") or role not in NEEDS_A_NAME:
                continue
            roles.add(role)
            if not node.get("name", {}).get("value", "").strip():
                nameless.append((role, node.get("properties")))
        self.assertEqual(nameless, [])
        return roles

    def test_every_control_has_a_name_in_every_state(self):
        for name in ("empty", "healthy", "rolling", "troubled", "suspended"):
            page = self.show(getattr(states, name)(), role="operate")
            self.assertTrue({"button", "link", "heading", "searchbox"} <= self.check_names(page), name)
            self.assertEqual(page.eval(STRUCTURE), [], name)

    def test_details_and_dialogs_have_names_too(self):
        self.server.notes = {states.HEAD: "a note"}
        for route in ("#job/billing", "#allocation/api@10.0.0.7", "#worker/10.0.0.7", "#commit/" + states.HEAD):
            page = self.show(states.troubled(), route, role="operate")
            page.until("!document.getElementById('details').hidden")
            self.check_names(page)
            self.assertEqual(page.eval(STRUCTURE), [], route)
        page = self.show(states.troubled(), "#job/billing", role="operate")
        for order in ("suspend", "rollback", "retry"):
            page.until(f"document.querySelector('#details [data-order={order}]')")
            page.click(f"#details [data-order={order}]")
            page.until("document.querySelector('dialog[open]')")
            self.check_names(page)
            self.assertEqual(page.eval(STRUCTURE), [], order)
            page.press("Escape")
            page.until("!document.querySelector('dialog')")

    def test_text_has_contrast_in_both_themes(self):
        for dark in (False, True):
            for name in ("empty", "healthy", "rolling", "troubled", "suspended"):
                self.server.files = {("web", "10.0.0.3"): [{"path": "a", "change": "changed", "diff": ["@@ -1 +1 @@", "-a", "+b", " c"]}]}
                page = self.show(getattr(states, name)(), "#allocation/web@10.0.0.3", role="operate", dark=dark)
                if name == "troubled":
                    page.until("document.querySelector('.view button')")
                    page.eval("document.querySelector('.view button').click()")
                    page.until("document.querySelector('.diff')")
                self.assertEqual(page.eval(CONTRAST), [], f"{name}, dark: {dark}")
                page.press("Escape")
                page.until("document.getElementById('details').hidden")
                page.eval("document.querySelector('#orders button').click()")
                page.until("document.querySelector('dialog[open]')")
                self.assertEqual(page.eval(CONTRAST), [], f"dialog of {name}, dark: {dark}")
                self.picture(page, f"dialog-{'dark' if dark else 'light'}")

    def test_the_check_of_contrast_sees_what_is_too_weak(self):
        page = self.show(states.healthy())
        page.eval("document.querySelector('#grid .cell[data-shape]').style.setProperty('color', '#8fbfa5')")
        self.assertEqual([where for where, _ in page.eval(CONTRAST)], ["DIV.cell c1 1.3.0"])

    def test_states_differ_in_shape_and_word_not_only_in_colour(self):
        page = self.show(states.healthy())
        looks = page.eval("""(async () => {
          const {FACES} = await import('/dashboard/words.js');
          const out = {};
          for (const face of Object.keys(FACES)) {
            const cell = document.querySelector('.cell[data-shape]').cloneNode();
            cell.dataset.shape = face;
            document.getElementById('grid').append(cell);
            const s = getComputedStyle(cell, '::before');
            out[face] = [s.clipPath, s.borderTopLeftRadius, s.borderTopWidth, s.borderTopColor === s.borderBottomColor].join(' ');
            cell.remove();
          }
          return [out, Object.values(FACES).map((f) => f.words)];
        })()""")
        self.assertEqual(len(set(looks[0].values())), len(looks[0]), looks[0])
        self.assertEqual(len(set(looks[1])), len(looks[1]))

    def test_changes_of_state_are_spoken_and_floods_are_not(self):
        page = self.show(states.healthy())
        page.until("document.getElementById('said').textContent.startsWith('Applied.')")
        page.eval("""(() => { window.spoken = [];
          new MutationObserver(() => spoken.push(document.getElementById('said').textContent)).observe(document.getElementById('said'), {childList: true}); })()""")
        world = states.rolling()
        self.server.status, self.server.plan = world["status"], world["plan"]
        self.server.emit("pass_started")
        self.server.emit("head_seen")
        page.until("document.querySelector('.headline').innerText.includes('Rolling out')")
        for n in range(1, 9):
            self.server.emit("operation_begun", job="api", worker=states.worker(n), action="restart")
        for n in range(1, 9):
            self.server.emit("operation_ended", job="api", worker=states.worker(n), action="restart", outcome="succeeded")
        page.until("document.querySelectorAll('#activity li').length >= 18")
        page.until("spoken.length > 0")
        page.eval("new Promise((done) => setTimeout(done, 1500))")
        spoken = page.eval("spoken")
        self.assertEqual(len(spoken), 1, spoken)
        self.assertIn("Rolling out", spoken[0])
        self.assertEqual(page.eval("[...document.querySelectorAll('[aria-live]:not([aria-live=off])')].map((e) => e.id)"), ["toast", "said"])

    def test_less_motion_is_no_motion(self):
        page = self.show(states.rolling(), still=True)
        self.assertEqual(page.eval("document.getAnimations().filter((a) => a.playState === 'running').length"), 0)
        moving = self.show(states.rolling(), still=False)
        self.assertGreater(moving.eval("document.getAnimations().length"), 0)

    def test_the_theme_follows_the_system_until_somebody_chooses(self):
        page = self.show(states.healthy(), dark=True)
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = page.eval(ground)
        page.click("#theme")
        self.assertEqual(page.eval("document.documentElement.dataset.theme"), "light")
        light = page.eval(ground)
        self.assertNotEqual(dark, light)
        page.click("#theme")
        self.assertEqual(page.eval(ground), dark)
        page.open(self.server.url + "/")
        page.until("document.querySelector('.headline')")
        self.assertEqual(page.eval("document.documentElement.dataset.theme"), "dark")
        self.assertEqual(page.eval("document.getElementById('theme').getAttribute('aria-label')"), "Theme: dark")


if __name__ == "__main__":
    main()
