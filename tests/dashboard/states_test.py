"""Does each state of the bucket stand there in words, and with the places that need somebody?"""

import states
from page_case import PageCase, main


class States(PageCase):
    def cell(self, page, job, worker):
        return page.eval(f"""(() => {{ const c = document.querySelector('[role=gridcell][aria-label^="{job} on {worker}:"]');
          return c && [c.dataset.shape ?? '', c.innerText, c.getAttribute('aria-label')]; }})()""")

    def titles(self, page):
        return page.texts("#attention .title b")

    def test_an_empty_bucket_says_what_to_do(self):
        page = self.show(states.empty())
        self.assertIn("The repository waits for its first commit", page.text(".headline"))
        self.assertIn("Push a commit", page.text("#fleet-none"))
        self.assertFalse(page.eval("document.querySelector('.grid-frame').checkVisibility()"))
        self.assertFalse(page.eval("document.getElementById('attention').checkVisibility()"))
        self.picture(page, "empty")

    def test_a_healthy_fleet_is_a_grid_of_workers_and_jobs(self):
        page = self.show(states.healthy())
        self.assertEqual(page.text(".headline .word"), "Applied")
        self.assertEqual(page.texts("#grid [role=columnheader] .name"), sorted(states.PLACES))
        self.assertEqual(page.texts("#grid [role=rowheader] .name"), [states.worker(n) for n in range(1, 12)])
        self.assertEqual(self.cell(page, "api", "10.0.0.2"), ["healthy", "1.3.0", "api on 10.0.0.2: healthy, version 1.3.0"])
        self.assertEqual(self.cell(page, "scheduler", "10.0.0.3")[0], "unprobed")
        self.assertEqual(self.cell(page, "postgres", "10.0.0.1"), ["", "", "postgres on 10.0.0.1: not placed"])
        self.assertEqual(page.texts(".state"), ["25\nhealthy", "2\nrunning, unprobed"])
        self.assertFalse(page.eval("document.getElementById('attention').checkVisibility() || document.getElementById('rollout').checkVisibility()"))
        self.assertEqual(page.texts("#history .past .pill"), ["Applied", "Applied", "Rolled back", "Refused", "Held"])
        self.picture(page, "healthy")

    def test_a_rollout_is_shown_batch_by_batch(self):
        page = self.show(states.rolling())
        self.assertEqual(page.text(".headline .word"), "Rolling out")
        self.assertIn("6 of 20 allocations done", page.text(".headline"))
        self.assertEqual(page.texts(".run .batch"), ["batch 2 of 4, 2 of 8 done", "batch 1 of 1, 4 of 4 done", "8 batches, 0 of 8 done"])
        self.assertEqual(page.eval("[...document.querySelectorAll('.run')[0].querySelectorAll('.step')].map((s) => s.dataset.step)"),
                         ["done", "now", "next", "next"])
        self.assertEqual(page.eval("[...document.querySelectorAll('.run')[0].querySelectorAll('.box .shape')].map((s) => s.dataset.shape)"),
                         ["healthy", "healthy", "busy", "busy", "planned", "planned", "planned", "planned"])
        self.assertEqual(self.cell(page, "api", "10.0.0.3")[2], "api on 10.0.0.3: in work, restart, version 1.2.0, planned: restart to 1.3.0")
        self.picture(page, "rolling")

    def test_the_plan_tells_reasons_and_shows_files_on_demand(self):
        self.server.files = {("web", "10.0.0.1"): [
            {"path": "manifest.json", "change": "changed", "old_bytes": 120, "new_bytes": 131, "diff": ["@@ -1 +1 @@", "-old", "+new", " same"]},
            {"path": "key.pem", "change": "changed", "note": "differs (holds a secret)"}]}
        page = self.show(states.rolling())
        self.assertIn("14 actions", page.text("#plan .lead"))
        self.assertEqual([path for path, _ in self.server.reads if path.startswith("/api/v1/plan/")], [])
        page.click("#plan details:nth-of-type(2) summary")
        page.until("document.querySelectorAll('#plan details:nth-of-type(2) .action').length === 8")
        self.assertIn("restart, because the version changes from 1.2.0 to 1.3.0", page.text("#plan details:nth-of-type(2) .why"))
        page.click("#plan details:nth-of-type(2) .action button")
        page.until("document.querySelector('#plan .diff')")
        self.assertEqual(page.texts("#plan .diff .minus, #plan .diff .plus"), ["-old", "+new"])
        self.assertIn("120 → 131 bytes", page.text("#plan .file figcaption"))
        self.assertIn("holds a secret", page.texts("#plan .file")[1])

    def test_what_stands_still_says_what_holds_it(self):
        page = self.show(states.troubled())
        self.assertEqual(page.text(".headline .word"), "Held")
        self.assertEqual(self.titles(page), [
            "billing is failed", "web on 10.0.0.2 is unhealthy", "web is waiting", "api is degraded", "10.0.0.7 is set aside",
            "10.0.0.11 is set aside", "Notes cannot be pushed", "postgres on 10.0.0.11 is left as it is"])
        all_of_it = page.text("#attention")
        for words in ("answered 503 for 30 rounds", "web@10.0.0.2 (unhealthy), web@10.0.0.7 (unreachable)", "Unreachable", "DiskFull",
                      "no answer from 10.0.0.7", "protected ref", "the end of an earlier operation is not known yet",
                      "it did not become healthy in its last rollout"[3:]):
            self.assertIn(words, all_of_it)
        self.assertEqual(page.eval("document.querySelector(\"#grid [data-worker='10.0.0.7'] .mark\").textContent"), "Unreachable")
        self.assertEqual(page.eval("document.querySelector(\"#grid [data-job='web'] .mark\").textContent"), "waiting")
        self.assertIn("worker set aside: Unreachable", self.cell(page, "api", "10.0.0.7")[2])
        self.picture(page, "troubled")

    def test_a_refused_head_is_told_although_the_last_good_commit_stays(self):
        self.server.notes = {states.HEAD: "maand prod: refused\n  workers.json: line 1: expected a list"}
        page = self.show(states.refused())
        self.assertEqual(page.text(".headline .word"), "Refused")
        self.assertIn("stays at " + states.OLD[:12], page.text(".headline"))
        page.click("#attention .title a")
        page.until("document.querySelector('#details .note')")
        self.assertIn("expected a list", page.text("#details .note"))
        self.assertEqual(page.eval("location.hash"), "#commit/" + states.HEAD)
        self.picture(page, "refused")

    def test_a_suspended_bucket_says_by_whom_until_when_and_why(self):
        world = states.suspended()
        world["status"]["rollout"] = [states.run("api", "held", reason="Suspended"), states.run("web", "held", reason="Suspended")]
        page = self.show(world, role="operate")
        self.assertEqual(page.text(".headline .word"), "Suspended")
        self.assertEqual(page.texts("#attention .links a"), ["api", "web"])
        self.assertIn("26 Nov 2026, 15:00. ada: moving the rack", page.text(".headline"))
        self.assertEqual(self.titles(page), ["The bucket is suspended", "web is suspended"])
        self.assertEqual(page.texts("#orders button"), ["Reconcile", "Resume"])
        self.picture(page, "suspended")

    def test_a_pinned_job_says_to_what_and_until_when(self):
        world = states.healthy()
        world["status"]["pinned"] = [{"job": "api", "commit": states.OLD, "actor": "lin", "reason": "wrong prices", "since": states.ago(9), "until": None}]
        world["status"]["rollout"] = [states.run("api", "held", reason="Pinned", detail="at " + states.OLD[:12])]
        page = self.show(world, "#job/api", role="operate")
        self.assertEqual(self.titles(page), [f"api is pinned to {states.OLD[:12]}"])
        self.assertIn("by lin until somebody resumes it: wrong prices", page.text("#attention"))
        page.until("document.querySelector('#details [data-order=resume]')")

    def test_a_drained_worker_says_by_whom_until_when_and_why(self):
        world = states.healthy()
        world["status"]["drained"] = [
            {"worker": states.worker(2), "actor": "ada", "reason": "new disks", "since": states.ago(9), "until": "2026-11-26T15:00:00Z"},
            {"worker": states.worker(4), "actor": "lin", "reason": "noise", "since": states.ago(9), "until": None}]
        page = self.show(world, "#worker/" + states.worker(2))
        self.assertEqual(self.titles(page), ["10.0.0.2 is drained", "10.0.0.4 is drained"])
        self.assertIn("by ada until 26 Nov 2026, 15:00: new disks", page.text("#attention"))
        self.assertIn("by lin until it is taken back: noise", page.text("#attention"))
        page.until("document.querySelector('#details .notice')")
        self.assertIn("Drained by ada until 26 Nov 2026, 15:00: new disks", page.text("#details .notice"))
        # Taken back while it is looked at.
        self.server.status = {**world["status"], "drained": []}
        self.server.emit("pass_finished")
        page.until("!document.querySelector('#details .notice')")
        self.assertEqual(self.titles(page), [])

    def test_a_store_or_remote_that_fails_is_told(self):
        world = states.healthy()
        world["status"]["store_problem"] = "database or disk is full"
        world["status"]["source"] = {"state": "AuthFailed", "detail": "the server refused the key"}
        page = self.show(world)
        self.assertEqual(self.titles(page), ["The store cannot be written", "The git remote refuses our credentials"])

    def test_a_phone_has_everything_and_no_sideways_scrolling(self):
        for name in ("empty", "healthy", "rolling", "troubled", "suspended", "large"):
            world = states.large(40, 30) if name == "large" else getattr(states, name)()
            page = self.show(world, role="operate", width=360, height=740)
            self.assertLessEqual(page.eval("document.documentElement.scrollWidth"), 360, name)
            over = page.eval("""[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && !e.closest('.grid-frame, .unseen') &&
              getComputedStyle(e).position !== 'fixed' && e.getBoundingClientRect().right > 361).map((e) => e.outerHTML.slice(0, 80))""")
            self.assertEqual(over, [], name)
            self.picture(page, "phone-" + name)

    def test_on_a_phone_the_details_cover_the_page_and_only_they_are_there(self):
        page = self.show(states.troubled(), "#job/billing", width=360, height=740)
        page.until("!document.getElementById('details').hidden")
        self.assertTrue(page.eval("document.getElementById('page').inert"))
        self.assertLessEqual(page.eval("document.documentElement.scrollWidth"), 360)
        self.picture(page, "phone-details")
        page.press("Escape")
        self.assertFalse(page.eval("document.getElementById('page').inert"))


if __name__ == "__main__":
    main()
