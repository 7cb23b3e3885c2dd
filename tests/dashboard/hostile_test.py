"""Whatever the API says stays text."""

import os
import re

import states
from page_case import SOURCE, PageCase, main

FOLDER = os.path.join(SOURCE, "reconciler/http/dashboard")
FORBIDDEN = [
    (r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|setHTML|document\.write", "makes markup of text"),
    (r"\beval\(|new Function\(|setTimeout\(\s*['\"`]", "runs text"),
    (r"https?://(?!www\.w3\.org/2000/svg)", "names another origin"),
    (r"\bstyle=|\son[a-z]+=\"", "is inline"),
]


class Hostile(PageCase):
    def check(self, page):
        self.assertIsNone(page.eval("window.broken ?? null"))
        self.assertEqual(page.eval("document.querySelectorAll('img:not(.brand img), script:not([type=module][src^=\"dashboard/\"]), iframe').length"), 0)

    def test_markup_in_every_string_is_shown_as_it_is(self):
        probe = states.PROBE
        job, worker = "billing" + probe, states.worker(5) + probe
        self.server.files = {(job, worker): [{"path": probe, "change": probe, "note": probe, "old_mode": probe, "new_mode": probe, "diff": [probe, "+" + probe]}]}
        self.server.logs = {(job, worker): probe}
        page = self.show(states.hostile(), role="operate")
        self.assertIn(probe, page.text("#attention"))
        self.assertIn(probe, page.text("#fleet"))
        self.check(page)
        for kind in ("notice", "operation_begun", "job_held", probe):
            self.server.emit(kind, job=job, worker=worker, text=probe, reason=probe, action=probe, outcome=probe, commit=probe)
        page.until("document.querySelectorAll('#activity li').length >= 4")
        self.check(page)
        page.eval("document.querySelectorAll('#grid .cell[data-shape=busy]')[0].click()")
        page.until("document.querySelector('.log').textContent.length")
        page.eval("document.querySelector('.view button').click()")
        page.press("Escape")
        for order in ("suspend", "retry"):
            page.eval(f"document.querySelector('#orders [data-order={order}], #attention [data-order={order}]')?.click()")
        self.check(page)
        page.press("Escape")
        page.eval("document.querySelector('#grid .job').click()")
        page.until("document.querySelector('#details .places')")
        self.check(page)

    def test_the_sources_make_no_markup_and_name_nobody_else(self):
        files = os.listdir(FOLDER)
        self.assertIn("main.js", files)
        for name in files:
            if name.endswith(".md"):
                continue
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                text = file.read()
            self.assertLessEqual(text.count("\n"), 400, f"{name} is long")
            for pattern, why in FORBIDDEN:
                self.assertIsNone(re.search(pattern, text), f"{name} {why}: {pattern}")

    def test_every_class_of_a_script_has_a_look_and_every_file_is_used(self):
        texts = {}
        for name in os.listdir(FOLDER):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                texts[name] = file.read()
        everything = "".join(texts.values())
        for name in texts:
            if name not in ("index.html", "README.md"):
                self.assertRegex(everything, rf"['\"/]{re.escape(name)}['\"]", f"nobody loads {name}")


if __name__ == "__main__":
    main()
